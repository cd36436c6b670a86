"""What is on the display and what keys and scans mean there: messages, menus, marks and amounts, for all work."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from agent.handheld.screen import WIDTH, Line, fit, wrapped
from firmware.schema import QUANTITY_MAX

if TYPE_CHECKING:
    from agent.handheld.unit import Unit

ENTER, CLEAR, UP, DOWN, BACK = "ENTER", "CLEAR", "UP", "DOWN", "BACK"
FUNCTIONS = ("F1", "F2", "F3", "F4")
KEYS = (ENTER, CLEAR, UP, DOWN, BACK, *FUNCTIONS)
_ROWS = 6
_DIGITS = "0123456789"
_MOST_DIGITS = len(str(QUANTITY_MAX))


class Step:
    """One display; CLEAR goes back to the one before."""

    last: str | None = None

    def __init__(self, unit: "Unit") -> None:
        self.unit = unit

    def lines(self) -> list[Line]:
        """What it shows."""
        raise NotImplementedError

    def key(self, key: str) -> None:
        """A key of the keypad: a character, or one of KEYS."""
        if key == CLEAR:
            self.unit.back()

    def scan(self, text: str) -> None:
        """Something was scanned."""
        self.unit.refuse("Nothing is scanned here.")


class Message(Step):
    """Words that want to be read: only ENTER or CLEAR goes on."""

    last = "ENTER: go on"

    def __init__(self, unit: "Unit", text: str) -> None:
        super().__init__(unit)
        self.text = text

    def lines(self) -> list[Line]:
        return wrapped(self.text, 7)

    def key(self, key: str) -> None:
        if key in (ENTER, CLEAR):
            self.unit.back()

    def scan(self, text: str) -> None:
        self.unit.beep(False)


Option = tuple[str, Callable[[], None]]


class Menu(Step):
    """Lines to choose from: a digit, or UP, DOWN and ENTER."""

    def __init__(self, unit: "Unit", title: str, options: Sequence[Option]) -> None:
        super().__init__(unit)
        self.title = title
        self.options = list(options)
        self.at = 0

    def lines(self) -> list[Line]:
        top = max(0, min(self.at - _ROWS // 2, len(self.options) - _ROWS))
        shown = list(enumerate(self.options))[top : top + _ROWS]
        return [Line(self.title), *(Line(self._row(at, words)) for at, (words, _) in shown)]

    def _row(self, at: int, words: str) -> str:
        number = str(at + 1) if at < 9 else " "
        return f"{'>' if at == self.at else ' '}{number} {words}"

    def key(self, key: str) -> None:
        if key in (UP, DOWN):
            self.at = (self.at + (1 if key == DOWN else -1)) % len(self.options)
        elif key == ENTER:
            self.choose(self.at)
        elif key in _DIGITS and 1 <= int(key) <= len(self.options):
            self.choose(int(key) - 1)
        else:
            super().key(key)

    def choose(self, at: int) -> None:
        """This line was chosen."""
        self.options[at][1]()


class Marks(Menu):
    """Lines of which several may be chosen; F1 goes on, with the line pointed at if none is marked."""

    last = "ENTER marks F1 goes"

    def __init__(self, unit: "Unit", title: str, names: Sequence[str], then: Callable[[list[str]], None]) -> None:
        super().__init__(unit, title, [(name or "-", lambda: None) for name in names])
        self._names, self._then = names, then
        self._marked: set[str] = set()

    def _row(self, at: int, words: str) -> str:
        row = super()._row(at, words)
        return row[:2] + ("*" if self._names[at] in self._marked else " ") + row[3:]

    def key(self, key: str) -> None:
        if key == "F1":
            self._then([name for name in self._names if name in self._marked] or [self._names[self.at]])
        else:
            super().key(key)

    def choose(self, at: int) -> None:
        self.at = at
        self._marked ^= {self._names[at]}


class Amount(Step):
    """A quantity: digits, BACK, ENTER; the first digit takes the place of what is offered (0: nothing is)."""

    def __init__(
        self, unit: "Unit", heading: Sequence[Line], prompt: str, offered: int, done: Callable[[int], None]
    ) -> None:
        super().__init__(unit)
        self.heading, self.prompt, self._done = heading, prompt, done
        self.digits = str(offered or "")
        self._untouched = True

    def lines(self) -> list[Line]:
        return [*self.heading, Line(), Line(fit(f"{self.prompt} {self.digits}_", WIDTH))]

    def key(self, key: str) -> None:
        if key in _DIGITS or key == BACK:
            self._edit(key)
        elif key == ENTER:
            self._confirm()
        else:
            super().key(key)

    def _edit(self, key: str) -> None:
        kept = "" if self._untouched else self.digits
        self.digits = kept[:-1] if key == BACK else (kept + key).lstrip("0")[:_MOST_DIGITS]
        self._untouched = False

    def _confirm(self) -> None:
        quantity = int(self.digits or 0)
        if not 1 <= quantity <= QUANTITY_MAX:
            self._untouched = True
            return self.unit.refuse("A quantity is at least 1 and at most 2147483647.")
        self.unit.back()
        self._done(quantity)


class Question(Step):
    """ENTER is yes, CLEAR is no."""

    last = "ENTER yes  CLEAR no"

    def __init__(self, unit: "Unit", text: str, yes: Callable[[], None]) -> None:
        super().__init__(unit)
        self.text, self._yes = text, yes

    def lines(self) -> list[Line]:
        return wrapped(self.text, 7)

    def key(self, key: str) -> None:
        if key == ENTER:
            self.unit.back()
            self._yes()
        else:
            super().key(key)
