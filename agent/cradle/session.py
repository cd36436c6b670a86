"""A session at the station with a unit as remote display and keyboard (P29, P41), as a machine without I/O.

Messages of the unit, outcomes of the panel and news of the cabinet go in; what to show and what to ask comes out. The
cabinet decides everything: who may, which label, which pocket. Here only the next question is chosen.
"""

from collections.abc import Callable
from typing import Any

from agent.cradle import choosing, prompts
from agent.cradle.choosing import Choosing
from agent.cradle.steps import AT_DRAWER, BADGE, CHOOSING, CLOSE, CONFIRM, OVER, PACKAGE, PIN, WAIT
from agent.cradle.talk import Show, Steps
from agent.panel import Outcome
from agent.view import View
from firmware import codes
from firmware.cradle import display
from firmware.wire import labels, messages


class Session(Choosing):
    """One unit at a station. `utc_ms` gives hospital time."""

    def __init__(self, view: View, station: str, utc_ms: Callable[[], int]) -> None:
        super().__init__(view, station, utc_ms)
        self._user = self._badge = ""
        self._takes |= {BADGE: self._take_badge, PIN: self._take_pin}

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
        if state["phase"] != messages.SIGNED_ON or self.step in CHOOSING:
            return []
        return self._shut()

    def gone(self) -> Steps:
        """The unit is away. Nothing open: its session ends. Else the drawer is the screen's to finish, unless the unit
        is back before."""
        self._held.clear()
        self._away = True
        if self._done or self._is_open():
            return []
        step, self.step = self.step, OVER
        return self._ask("sign_off", {}, lambda _: []) if step in CHOOSING else []

    def back(self) -> bool:
        """The same unit is here again: whether its drawer still waits for it."""
        state = self._view.state
        self._away = not (self._is_open() and state["user"] == self._user and state["txn"] == self._txn)
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
        if number in (display.TYPED, display.SCANNED) and fields[0] == self.step and self.step in self._takes:
            return self._takes[self.step](fields[1].strip())
        return self.shown()

    def _begin(self) -> Steps:
        if not self._view.link:
            return self._end(codes.LINK_DOWN)
        return self._go(WAIT if self._view.state["user"] else BADGE)

    def _key(self, key: str) -> Steps:
        if key == "CLEAR":
            return self._clear()
        if key == "ENTER" and self.step == CONFIRM:
            return self._confirm()
        return self._choose(key) if self.step in CHOOSING else self.shown()

    def _clear(self) -> Steps:
        if self.step in AT_DRAWER:
            return self._clear_drawer()
        if self.step == PACKAGE:
            return self._ask("sign_off", {}, lambda _: self._end())
        if self.step in CHOOSING:
            return self._go(PACKAGE)
        return self.shown() if self.step == CLOSE else self._end()

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
        self._user, self._roles = str(outcome.params[0]), int(outcome.params[1])
        if outcome.params[2:3] == [1]:
            return self._ask("sign_off", {}, lambda _: self._end(codes.CHANGE_PIN))
        return self._go(PACKAGE)

    # what all share

    def shown(self) -> Steps:
        """What stands on the unit now."""
        if self.step == OVER:
            return [Show(display.over())]
        if self._is_open():
            return self._shown_at_drawer()
        return self._screen(self._lines(), prompts.field(self.step, None))

    def _lines(self) -> prompts.Lines:
        if self.step == WAIT:
            return prompts.busy(self._view)
        return choosing.LINES.get(self.step, Choosing._home_lines)(self)

    def _end(self, code: int = codes.NONE) -> Steps:
        self.step, self._job, self._user, self._roles = OVER, None, "", 0
        told = [Show(prompts.refused(self._view, code, []))] if code else []
        return [*told, Show(display.over())]
