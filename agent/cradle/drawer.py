"""A unit at an open drawer of the station: what is asked there, one thing after the other, for every kind of job.

The cabinet decides everything: which pocket, whether the label is right, whether a count is owed (P42 to P47).
"""

from collections.abc import Callable

from agent import barcodes
from agent.cradle import prompts
from agent.cradle.job import Job
from agent.cradle.parcel import Parcel, expiry_of
from agent.cradle.steps import AT_DRAWER, CLOSE, EXPIRY, FOUND, OVER, POCKET, QUANTITY
from agent.cradle.talk import Show, Steps, Talk
from agent.kiosk import lists
from agent.panel import Outcome
from agent.view import View
from firmware import codes
from firmware.cradle import display
from firmware.journal import kinds
from firmware.wire import messages

# what the cabinet refuses at the open drawer, and the question that is asked again
_AGAIN = {
    codes.COUNT_NEEDED: FOUND,
    codes.COUNT_AGAIN: FOUND,
    codes.WRONG_POCKET: POCKET,
    codes.SCAN_NEEDED: POCKET,
    codes.EXPIRED_DRUG: EXPIRY,
    codes.LAYERS_FULL: EXPIRY,
    codes.BAD_QUANTITY: QUANTITY,
}
# what may be otherwise in a moment: the same question stays
_STAY = (codes.NOT_OPENED, codes.BUSY, codes.LINK_DOWN)

Take = Callable[[str], Steps]


class AtDrawer(Talk):
    """One job at one pocket. `step` says what the unit is asked for."""

    def __init__(self, view: View, station: str) -> None:
        super().__init__(view)
        self._station = station
        self.step = OVER
        self._job: Job | None = None
        self._txn = 0
        self._takes: dict[str, Take] = {
            POCKET: self._take_pocket,
            FOUND: self._take_found,
            EXPIRY: self._take_expiry,
            QUANTITY: self._take_quantity,
        }

    def _open(self, job: Job) -> Steps:
        """Ask for the drawer of a job."""
        self._job = job
        name, args = job.request()
        return self._ask(name, args, self._opened)

    def _opened(self, outcome: Outcome) -> Steps:
        job = self._at_hand()
        if outcome.code != codes.NONE:
            return self._not_opened(outcome)
        self._txn, job.place = int(outcome.params[0]), str(outcome.params[1])
        job.counted = bool(outcome.params[5])
        job.opened(self._view)
        return self._go(self._behind(AT_DRAWER))

    def _not_opened(self, outcome: Outcome) -> Steps:
        refused, job = self._refused(outcome), self._at_hand()
        self._job = None
        return [refused, *self._go(job.begins)]

    def _clear_drawer(self) -> Steps:
        return self._ask("cancel", {}, self._cancelled)

    def _cancelled(self, outcome: Outcome) -> Steps:
        told = [] if outcome.code == codes.NONE else [self._refused(outcome)]
        return [*told, *self._go(CLOSE)]

    # answers

    def _take_pocket(self, text: str) -> Steps:
        job = self._at_hand()
        try:
            place = barcodes.place_of(text, self._station)
        except barcodes.OtherStation:
            place = None
        if place == job.place:
            job.scanned = place
            return self._next()
        if self._view.state["phase"] == messages.RELEASED:
            return [self._refused(Outcome(codes.WRONG_POCKET, [job.place])), *self.shown()]
        # the cabinet journals that another label was read at the open drawer
        return self._ask("confirm", {"quantity": job.moved or 1, "label": text}, self._refused_there)

    def _take_found(self, text: str) -> Steps:
        found = lists.smallest(text, lists.scale_of(self._view, self._at_hand().item))
        if found is None or found < 0:
            return self._impossible(codes.BAD_QUANTITY)
        self._at_hand().found = found
        return self._next()

    def _take_expiry(self, text: str) -> Steps:
        parcel = self._at_hand()
        assert isinstance(parcel, Parcel), "nothing else is asked when it expires"
        try:
            parcel.expiry_min = expiry_of(text)
        except ValueError:
            return [
                Show(display.result(codes.BAD_REQUEST, "No such day. Enter month, day, year: 123127.")),
                *self.shown(),
            ]
        return self._next()

    def _take_quantity(self, text: str) -> Steps:
        job = self._at_hand()
        moved = lists.smallest(text, lists.scale_of(self._view, job.item)) if text else job.offered(self._view)
        least, most = job.bounds()
        if moved is None or not least <= moved <= most:
            return self._impossible(codes.BAD_QUANTITY)
        job.moved = moved
        return self._next()

    def _next(self) -> Steps:
        return self._go(self._behind(AT_DRAWER[AT_DRAWER.index(self.step) + 1 :]))

    def _behind(self, steps: tuple[str, ...]) -> str:
        asks = self._at_hand().asks(lists.policy(self._view))
        return next(step for step in steps if asks.get(step, True))

    # the end

    def _confirm(self) -> Steps:
        job = self._at_hand()
        return self._ask(job.confirm, job.told(), self._confirmed)

    def _confirmed(self, outcome: Outcome) -> Steps:
        if outcome.code != codes.NONE:
            return self._refused_there(outcome)
        return [Show(prompts.recorded(self._view, self._at_hand())), *self._go(CLOSE)]

    def _refused_there(self, outcome: Outcome) -> Steps:
        """What the cabinet has against it at the open drawer: asked again, or given up."""
        refused = self._refused(outcome)
        if outcome.code in _AGAIN or outcome.code in _STAY:
            step = _AGAIN.get(outcome.code, self.step)
            self._at_hand().scanned = None if step == POCKET else self._at_hand().scanned
            return [refused, *self._go(step)]
        return [refused, *self._clear_drawer()]

    def _shut(self) -> Steps:
        """The drawer is shut, and nothing is asked of it any more."""
        job, step, self._job = self._at_hand(), self.step, None
        last = self._view.state["last"]["kind"]
        told = {kinds.CANCELLED: codes.NOT_OPENED, kinds.INTERRUPTED: codes.MUST_COUNT}.get(last)
        lost = [Show(prompts.refused(self._view, told, []))] if told and step != CLOSE else []
        return [*lost, *self._go(job.begins)]

    # what all share

    def _at_hand(self) -> Job:
        assert self._job is not None, "no step at the drawer is without a job"
        return self._job

    def _go(self, step: str) -> Steps:
        self.step = step
        return self.shown()

    def _shown_at_drawer(self) -> Steps:
        job = self._at_hand()
        return self._screen(prompts.at_drawer(self._view, self.step, job), prompts.field(self.step, job))

    def _screen(self, lines: prompts.Lines, field: bytes | None) -> Steps:
        return [Show(data) for data in (display.screen(lines), field) if data]

    def _refused(self, outcome: Outcome) -> Show:
        item = self._job.item if self._job else None
        return Show(prompts.refused(self._view, outcome.code, outcome.params, item))

    def _impossible(self, code: int) -> Steps:
        return [Show(prompts.refused(self._view, code, [])), *self.shown()]

    def _is_open(self) -> bool:
        return self.step in (*AT_DRAWER, CLOSE)
