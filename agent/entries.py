"""Entries on their way: from the controller into the outbox, from there to the centre, and the answers back.

Pages are durable in the outbox before the controller hears so, and an answer is durable before the controller gets it.
What the cores are to do next is handed back as actions.
"""

from collections.abc import Sequence
from contextlib import suppress

from agent.actions import Action, Info, Missing, Reset, Rewind, Send, StartLog, Trouble
from agent.controller import JOURNAL, Controller
from agent.downlink import Answered
from agent.outbox import Outbox, OutboxError
from agent.pages import Page
from agent.settings import Settings
from agent.transport import Transport
from agent.uplink import Batch, Uplink
from agent.view import View
from firmware import codes
from firmware.journal import kinds
from firmware.wire import cbor, messages

STORE_AGAIN_S = 2.0
OUTBOX, FORK, BATCH = "outbox", "fork", "batch"
# after these a row of the inventory may differ in more than what an entry says is left
RESHAPING = frozenset((*kinds.OUTCOMES, kinds.FAILED, kinds.RECOVERED, kinds.QUARANTINE, kinds.DISCREPANCY))
RESHAPING -= {kinds.REMOVE, kinds.CANCELLED}
Doing = list[Action | Batch]


class Entries:
    """The station's log between `controller`, `outbox` and centre. `store_at`: when to try to store again."""

    def __init__(
        self, settings: Settings, outbox: Outbox, controller: Controller, view: View, transport: Transport
    ) -> None:
        self._settings, self._outbox, self._controller, self._view = settings, outbox, controller, view
        self._transport = transport
        self.uplink = self._new_uplink()
        self.store_at: float | None = None

    def store(self, taken: Sequence[Page]) -> tuple[bool, Doing]:
        """Make pages durable, then say so; on failure they stay with the controller and are read again."""
        now = self._transport.now()
        try:
            self._outbox.take(taken)
        except OutboxError as error:
            return False, self.failed(error)
        self._view.good(OUTBOX)
        for page in taken:
            self._view.moved(page.place, page.after)
        doing: Doing = [*self._controller.kept(taken[-1].seq)]
        if any(page.kind in RESHAPING for page in taken):
            doing += self._controller.ask_inventory(now)
        return True, doing + self.uplink.taken(taken[-1].seq, any(page.is_urgent for page in taken), now)

    def failed(self, error: OutboxError) -> Doing:
        """The outbox stored nothing: controller and centre say again later what is missing."""
        with suppress(OutboxError):  # then what follows too early is refused
            stands = self._outbox.log()
            self._controller.stall(stands.seq, stands.head)
        self.store_at = self._transport.now() + STORE_AGAIN_S
        return [Trouble(codes.STORE_FAILED, str(error), OUTBOX)]

    def start(self, action: StartLog) -> Doing:
        """The log begins at its genesis."""
        self._outbox.start(action.genesis, action.head0)
        return [*self._controller.moved(0, action.head0, self._transport.now())]

    def rewind(self, _action: Rewind) -> Doing:
        """Read again what the centre has not answered."""
        self._outbox.rewind()
        stands = self._outbox.log()
        self.uplink.rewound(stands.seq)
        return [*self._controller.moved(stands.seq, stands.head, self._transport.now())]

    def reset(self, _action: Reset) -> Doing:
        """Go on as if the outbox had been lost: a heartbeat's answer says where."""
        self._outbox.forget(self._settings.station, self._settings.log)
        self.uplink = self._new_uplink()
        now = self._transport.now()
        if self._view.broker:
            self.uplink.connected(now)
        return [*self._controller.moved(0, None, now)]

    def informed(self, info: Info) -> Doing:
        """A controller that does not know the newest answer gets it again."""
        stands = self._outbox.log()
        return [_answer(stands.answer)] if stands.answer and info.released < stands.answered else []

    def answered(self, answer: Answered) -> Doing:
        """The centre's verdict."""
        now, stands = self._transport.now(), self._outbox.log()
        if answer.log != self._settings.log:
            return [Trouble(codes.WRONG_STATION, f"answer for log {answer.log}", "answer")]
        info = self._controller.info
        if info is not None and answer.seq > max(info.last_seq, stands.seq):
            text = f"the centre holds entry {answer.seq}, the controller only {info.last_seq}: an older state is back"
            return [Trouble(codes.UNVERIFIED_PAGE, text, JOURNAL)]
        if stands.head is None:
            return self._anchor(answer, now)
        known = self._outbox.head(answer.seq)
        if answer.verdict == messages.GAP and known is None and answer.seq < stands.answered:
            return self._again_from(answer, now)
        if answer.verdict == messages.FORK or (known is not None and known != answer.head):
            self.uplink.answer(messages.FORK, answer.seq, now)
            return [Trouble(codes.FORK, f"the centre's entry {answer.seq} is not ours", FORK)]
        keep = self._keep(answer, stands.answered if stands.answer else -1)
        return keep + self.uplink.answer(answer.verdict, answer.seq, now)

    def _keep(self, answer: Answered, before: int) -> Doing:
        if answer.verdict not in (messages.ACCEPT, messages.DUP) or answer.seq <= before:
            return []
        self._outbox.answered(answer.seq, answer.head, answer.payload)
        self._view.good(OUTBOX)
        return [_answer(answer.payload)]

    def _again_from(self, answer: Answered, now: float) -> Doing:
        """A restored centre asks for what came before this outbox began: it is read from the controller again."""
        info = self._controller.info
        if info is None or answer.seq < info.first_seq - 1:
            return [_nowhere(answer)]
        self._outbox.forget(self._settings.station, self._settings.log)
        return self._anchor(answer, now)

    def _anchor(self, answer: Answered, now: float) -> Doing:
        """The outbox was lost and the log's beginning is gone: go on after what the centre has stored."""
        info = self._controller.info
        if info is None or answer.verdict == messages.FORK:
            return []
        if answer.seq < info.first_seq - 1:
            return [_nowhere(answer)] if answer.verdict == messages.GAP else []
        doing = self._go_on_after(answer.seq, answer.head, info, now)
        return [*self._keep(answer, -1), *doing]

    def missing(self, action: Missing) -> Doing:
        """An entry does not read back at the controller. If the centre has stored it, go on after what it has."""
        info, stands = self._controller.info, self._outbox.log()
        if info is None or stands.answered_head is None or not action.seq <= stands.answered <= info.last_seq:
            return []
        return self._go_on_after(stands.answered, stands.answered_head, info, self._transport.now())

    def _go_on_after(self, seq: int, head: bytes, info: Info, now: float) -> Doing:
        self._outbox.anchor(seq, head, info.last_seq, info.removals)
        self._view.good(BATCH)
        self.uplink = self._new_uplink()
        doing: Doing = [*self.uplink.connected(now)] if self._view.broker else []
        return [*doing, *self._controller.moved(seq, head, now)]

    def _new_uplink(self) -> Uplink:
        stands = self._outbox.log()
        return Uplink(stands.seq, stands.answered, self._settings.linger_ms / 1000, self._transport.spread)


def _answer(payload: bytes) -> Send:
    return Send(cbor.encode([messages.ANSWER, payload]))


def _nowhere(answer: Answered) -> Trouble:
    text = f"the centre asks for entry {answer.seq + 1}, which neither agent nor controller holds"
    return Trouble(codes.GAP, text, BATCH)
