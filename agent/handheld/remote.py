"""Linked to a station the unit is its remote display and keyboard (P41, P47): docs/polselect.md section 8. The station
decides what is shown and asked; here a field is filled in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.handheld.screen import HEIGHT, WIDTH, Line, fit
from agent.handheld.steps import BACK, CLEAR, ENTER, Step
from firmware.cradle import display

if TYPE_CHECKING:
    from agent.handheld.unit import Unit

DIGITS, TEXT, SCAN, HIDDEN = "N", "T", "S", "P"
_SCANNED = (SCAN, TEXT)
# what scanners send between the fields of a GS1 code; blocks of text cannot hold it, and readers take a pipe as well
_GS = "\x1d"


@dataclass
class Field:
    """A field of the station's, and what was typed into it."""

    name: str
    kind: str
    longest: int
    prompt: str
    attribute: str
    typed: str = ""


def begin(unit: "Unit") -> None:
    """Link the unit to a station and ask for a session."""
    if unit.memory.address is None:
        return unit.refuse("This unit has no address yet. Put it into a cradle of the pharmacy.")
    unit.link.to_station(unit.now_ms)
    unit.link.queue_at_station(display.asks())
    unit.push(Remote(unit))


class Remote(Step):
    """What the station shows. Without a session CLEAR leads back; within one it is the station's."""

    def __init__(self, unit: "Unit") -> None:
        super().__init__(unit)
        self.field: Field | None = None
        self.result = ""
        self._shown: list[Line] = []
        # a result has come: what was asked before is over, what is asked next is still on its way
        self._between = False

    @property
    def waiting(self) -> bool:
        """Has the station not said anything yet?"""
        return not self._shown and self.field is None and not self._between

    def lines(self) -> list[Line]:
        if self.waiting:
            return [Line("STATION"), Line(), Line("Waiting for it"), Line(), Line("CLEAR: go back")]
        if self._between:
            return [Line("STATION"), Line(), Line("One moment")]
        if self.field is None:
            return self._shown
        text = [*self._shown, *[Line()] * HEIGHT][: HEIGHT - 2]
        return [*text, Line(fit(self.field.prompt), self.field.attribute == display.REVERSE), Line(self._typed())]

    def _typed(self) -> str:
        assert self.field is not None, "asked for with a field only"
        typed = "*" * len(self.field.typed) if self.field.kind == HIDDEN else self.field.typed
        # the end of what is typed is what is looked at
        return f"{typed}_"[-WIDTH:] if self.field.kind in (DIGITS, TEXT, HIDDEN) else ""

    # from the station

    def said(self, data: bytes) -> None:
        """An S block; what is none of section 8 is passed over: the station shows its screen again when it is asked."""
        try:
            number, *fields = display.read(data)
        except ValueError:
            return self._send(display.asks())
        if number in _SAID:
            _SAID[number](self, *fields)

    def _screen(self, lines: list[tuple[str, str]]) -> None:
        self._shown = [Line(text, attribute == display.REVERSE) for attribute, text in lines]
        self.field, self._between = None, False

    def _ask(self, name: str, kind: str, longest: int, prompt: str, attribute: str) -> None:
        self.field = Field(name, kind, longest, prompt, attribute)

    def _result(self, code: int, text: str) -> None:
        self.result = text
        self.field, self._between = None, True
        if code:
            self.unit.refuse(text)
        else:
            self.unit.tell(text)
            self.unit.beep(True)

    def _over(self) -> None:
        self._leave()

    # from the user

    def key(self, key: str) -> None:
        field = self.field
        if key == CLEAR and self.waiting:
            self._leave()
        elif self._between and key != CLEAR:
            self.unit.beep(False)
        elif field and field.typed and key in (CLEAR, BACK):
            field.typed = "" if key == CLEAR else field.typed[:-1]
        elif key == ENTER and field and field.kind in (DIGITS, TEXT, HIDDEN):
            self._send(display.typed(field.name, field.typed))
            field.typed = ""
        elif key in display.KEYS:
            self._send(display.key(key))
        elif field:
            self._type(field, key)

    def _type(self, field: Field, key: str) -> None:
        fits = len(key) == 1 and " " <= key <= "~" and len(field.typed) < field.longest
        if fits and (field.kind in (TEXT, HIDDEN) or (field.kind == DIGITS and _is_of_number(field.typed, key))):
            field.typed += key
        else:
            self.unit.beep(False)

    def scan(self, text: str) -> None:
        text = text.replace(_GS, "|")
        if self.field is None or self.field.kind not in _SCANNED or len(text) > display.LONGEST:
            return self.unit.refuse("The station asks for no scan.")
        try:
            self._send(display.scanned(self.field.name, text))
        except ValueError:
            self.unit.refuse("This code has letters that cannot be sent.")

    def _send(self, data: bytes) -> None:
        if not self.unit.link.queue_at_station(data):
            self.unit.refuse("The station does not answer.")

    def lost(self) -> None:
        """The station has been silent for too long."""
        self._leave()
        self.unit.refuse("The station is silent. Link the unit again.")

    def _leave(self) -> None:
        self.unit.link.to_cradle(self.unit.now_ms)
        self.unit.home()


def _is_of_number(typed: str, key: str) -> bool:
    return key in "0123456789" or (key == "." and key not in typed)


_SAID: dict[str, Callable[..., None]] = {
    display.SCREEN: Remote._screen,
    display.FIELD: Remote._ask,
    display.RESULT: Remote._result,
    display.OVER: Remote._over,
}
