"""Delivering at the station with a unit as remote display and keyboard (P41 to P47), as a machine without I/O.

Messages of the unit, outcomes of the panel and news of the cabinet go in; what to show and what to ask comes out. The
cabinet decides everything: who may, which label, which pocket. Here only the next question is chosen.
"""

from collections.abc import Callable
from typing import Any

from agent import barcodes
from agent.cradle import prompts
from agent.cradle.parcel import Parcel, expiry_of
from agent.cradle.prompts import (
    AT_DRAWER,
    BADGE,
    CLOSE,
    CONFIRM,
    EXPIRY,
    FOUND,
    OVER,
    PACKAGE,
    PIN,
    POCKET,
    QUANTITY,
    WAIT,
)
from agent.cradle.talk import Show, Steps, Talk
from agent.kiosk import lists
from agent.panel import Outcome
from agent.view import View
from firmware import codes
from firmware.cradle import display
from firmware.journal import kinds
from firmware.wire import labels, messages

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


class Delivery(Talk):
    """One unit at a station. `step` says what it is asked for."""

    def __init__(self, view: View, station: str) -> None:
        super().__init__(view)
        self._station = station
        self.step = OVER
        self._user = self._badge = ""
        self._parcel: Parcel | None = None
        self._txn = 0

    # events

    def changed(self) -> Steps:
        """The cabinet has said something new."""
        state = self._view.state
        if self._done or self.step in (OVER, BADGE, PIN):
            return []
        if self.step == WAIT:
            return [] if state["user"] else self._go(BADGE)
        if state["user"] != self._user:
            return self._end(codes.NOT_SIGNED_ON)
        if state["phase"] != messages.SIGNED_ON or self.step == PACKAGE:
            return []
        return self._shut()

    def gone(self) -> Steps:
        """The unit is away. Nothing open: its session ends. Else the drawer is the screen's to finish, unless the unit
        is back before."""
        self._held.clear()
        self._away = True
        if self._done or self.step in (*AT_DRAWER, CLOSE):
            return []
        step, self.step = self.step, OVER
        return self._ask("sign_off", {}, lambda _: []) if step == PACKAGE else []

    def back(self) -> bool:
        """The same unit is here again: whether its drawer still waits for it."""
        state, at_drawer = self._view.state, self.step in (*AT_DRAWER, CLOSE)
        self._away = not (at_drawer and state["user"] == self._user and state["txn"] == self._txn)
        return not self._away

    # messages of the unit

    def _message(self, message: tuple[Any, ...]) -> Steps:
        number, *fields = message
        if number == display.ASKS:
            return self._begin() if self.step == OVER else self.shown()
        if self.step == OVER:
            return [Show(display.over())]
        if number == display.KEY:
            return self._key(*fields)
        if number in (display.TYPED, display.SCANNED) and fields[0] == self.step and self.step in _TAKES:
            return _TAKES[self.step](self, fields[1].strip())
        return self.shown()

    def _begin(self) -> Steps:
        if not self._view.link:
            return self._end(codes.LINK_DOWN)
        return self._go(WAIT if self._view.state["user"] else BADGE)

    def _key(self, key: str) -> Steps:
        if key == "CLEAR":
            return self._clear()
        return self._put_away() if key == "ENTER" and self.step == CONFIRM else self.shown()

    def _clear(self) -> Steps:
        if self.step in AT_DRAWER:
            return self._ask("cancel", {}, self._cancelled)
        if self.step == PACKAGE:
            return self._ask("sign_off", {}, lambda _: self._end())
        return self.shown() if self.step == CLOSE else self._end()

    def _cancelled(self, outcome: Outcome) -> Steps:
        told = [] if outcome.code == codes.NONE else [self._refused(outcome)]
        return [*told, *self._go(CLOSE)]

    # signing on

    def _take_badge(self, text: str) -> Steps:
        self._badge = text.partition("|")[2] if text.startswith(labels.USER + "|") else text
        return self._go(PIN)

    def _take_pin(self, text: str) -> Steps:
        return self._ask("sign_on", {"badge": self._badge, "pin": text}, self._signed_on)

    def _signed_on(self, outcome: Outcome) -> Steps:
        if outcome.code == codes.BUSY:
            return [self._refused(outcome), *self._go(WAIT)]
        if outcome.code != codes.NONE:
            return [self._refused(outcome), *self._go(BADGE)]
        self._user = str(outcome.params[0])
        if outcome.params[2:3] == [1]:
            return self._ask("sign_off", {}, lambda _: self._end(codes.CHANGE_PIN))
        return self._go(PACKAGE)

    # the package

    def _take_package(self, text: str) -> Steps:
        try:
            self._parcel = Parcel.read(text)
        except ValueError:
            return self._impossible(codes.LABEL_UNKNOWN)
        return self._ask("refill", self._parcel.asked(), self._opened)

    def _opened(self, outcome: Outcome) -> Steps:
        parcel = self._parcel
        if outcome.code != codes.NONE or parcel is None:
            self._parcel, refused = None, self._refused(outcome)
            return [refused, *self._go(PACKAGE)]
        self._txn, parcel.place = int(outcome.params[0]), str(outcome.params[1])
        parcel.counted = bool(outcome.params[5])
        return self._go(POCKET)

    # at the drawer

    def _take_pocket(self, text: str) -> Steps:
        parcel = self._at_hand()
        try:
            place = barcodes.place_of(text, self._station)
        except barcodes.OtherStation:
            place = None
        if place == parcel.place:
            parcel.scanned = place
            return self._next()
        if self._view.state["phase"] == messages.RELEASED:
            return [self._refused(Outcome(codes.WRONG_POCKET, [parcel.place])), *self.shown()]
        # the cabinet journals that another label was read at the open drawer
        return self._ask("confirm", {"quantity": parcel.quantity, "label": text}, self._refused_there)

    def _take_found(self, text: str) -> Steps:
        found = lists.smallest(text, lists.scale_of(self._view, self._at_hand().item))
        if found is None or found < 0:
            return self._impossible(codes.BAD_QUANTITY)
        self._at_hand().found = found
        return self._next()

    def _take_expiry(self, text: str) -> Steps:
        try:
            self._at_hand().expiry_min = expiry_of(text)
        except ValueError:
            return [
                Show(display.result(codes.BAD_REQUEST, "No such day. Enter month, day, year: 123127.")),
                *self.shown(),
            ]
        return self._next()

    def _take_quantity(self, text: str) -> Steps:
        parcel = self._at_hand()
        put = lists.smallest(text, lists.scale_of(self._view, parcel.item)) if text else parcel.quantity
        if put is None or not 0 < put <= parcel.quantity:
            return self._impossible(codes.BAD_QUANTITY)
        parcel.put = put
        return self._next()

    def _next(self) -> Steps:
        rules, parcel = lists.policy(self._view), self._at_hand()
        asked = {FOUND: parcel.counted or rules.get("ask_beginning"), EXPIRY: rules.get("ask_expiry")}
        behind = AT_DRAWER[AT_DRAWER.index(self.step) + 1 :]
        return self._go(next(step for step in behind if asked.get(step, True)))

    def _put_away(self) -> Steps:
        return self._ask("put_away", self._at_hand().told(), self._delivered)

    def _delivered(self, outcome: Outcome) -> Steps:
        if outcome.code != codes.NONE:
            return self._refused_there(outcome)
        return [Show(prompts.delivered(self._view, self._at_hand())), *self._go(CLOSE)]

    def _refused_there(self, outcome: Outcome) -> Steps:
        """What the cabinet has against it at the open drawer: asked again, or given up."""
        refused = self._refused(outcome)
        if outcome.code in _AGAIN or outcome.code in _STAY:
            step = _AGAIN.get(outcome.code, self.step)
            self._at_hand().scanned = None if step == POCKET else self._at_hand().scanned
            return [refused, *self._go(step)]
        return [refused, *self._ask("cancel", {}, self._cancelled)]

    def _shut(self) -> Steps:
        """The drawer is shut, and nothing is asked of it any more."""
        last, step, self._parcel = self._view.state["last"]["kind"], self.step, None
        told = {kinds.CANCELLED: codes.NOT_OPENED, kinds.INTERRUPTED: codes.MUST_COUNT}.get(last)
        lost = [Show(prompts.refused(self._view, told, []))] if told and step != CLOSE else []
        return [*lost, *self._go(PACKAGE)]

    # what all share

    def _at_hand(self) -> Parcel:
        assert self._parcel is not None, "no step at the drawer is without a package"
        return self._parcel

    def _go(self, step: str) -> Steps:
        self.step = step
        return self.shown()

    def shown(self) -> Steps:
        """What stands on the unit now."""
        if self.step == OVER:
            return [Show(display.over())]
        return [Show(data) for data in prompts.shown(self.step, self._view, self._station, self._parcel)]

    def _refused(self, outcome: Outcome) -> Show:
        item = self._parcel.item if self._parcel else None
        return Show(prompts.refused(self._view, outcome.code, outcome.params, item))

    def _impossible(self, code: int) -> Steps:
        return [Show(prompts.refused(self._view, code, [])), *self.shown()]

    def _end(self, code: int = codes.NONE) -> Steps:
        self.step, self._parcel, self._user = OVER, None, ""
        told = [Show(prompts.refused(self._view, code, []))] if code else []
        return [*told, Show(display.over())]


_TAKES: dict[str, Callable[[Delivery, str], Steps]] = {
    BADGE: Delivery._take_badge,
    PIN: Delivery._take_pin,
    PACKAGE: Delivery._take_package,
    POCKET: Delivery._take_pocket,
    FOUND: Delivery._take_found,
    EXPIRY: Delivery._take_expiry,
    QUANTITY: Delivery._take_quantity,
}
