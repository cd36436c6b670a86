"""A station in miniature behind its remote display: sign on, package, pocket, quantity, delivered, as
agent/cradle/steps.py asks for it. What it refuses, and why, is as in firmware/codes.py."""

from collections.abc import Callable

from agent import words
from agent.cradle.steps import BADGE, CLOSE, CONFIRM, FIELDS, OVER, PACKAGE, PIN, POCKET, QUANTITY
from firmware import codes
from firmware.cradle import display
from firmware.cradle.addresses import from_base62
from firmware.journal import kinds
from firmware.wire import labels
from simulator.paperwork import Ledger

# states of the table `labels` (docs/wire.md section 3)
_REFUSALS = {2: codes.LABEL_VOIDED, 3: codes.LABEL_SUPERSEDED, 4: codes.LABEL_DELIVERED}
_VIA_HANDHELD = 1


class Station:
    """`items`: names by id. Its table of labels is what the centre issues, and what it journals goes there at once."""

    def __init__(self, name: str, items: dict[str, str], ledger: Ledger) -> None:
        self.name, self.items, self._ledger = name, items, ledger
        self._taken_in: set[str] = set()
        self.step, self.user = OVER, ""
        self.drawer_open = False
        self._bag: tuple[str, int, str] = ("", 0, "")
        self._put = 0
        self._until_min: int | str = 0

    def heard(self, data: bytes) -> list[bytes]:
        """A D message of the unit; S messages are the answer."""
        try:
            number, *fields = display.read(data)
        except ValueError:
            return [display.result(codes.BAD_MESSAGE, words.of(codes.BAD_MESSAGE)), *self.shown()]
        if number == display.ASKS and self.step == OVER:
            self.step = BADGE
        elif number == display.KEY:
            return self._key(fields[0])
        elif number in (display.TYPED, display.SCANNED) and fields[0] == self.step:
            return [*_TAKES[self.step](self, fields[1]), *self.shown()]
        return self.shown()

    def closed(self) -> list[bytes]:
        """The drawer is shut."""
        self.drawer_open = False
        if self.step != CLOSE:
            return []
        self.step = PACKAGE
        return self.shown()

    def gone(self) -> None:
        """The unit is away: who was signed on is signed off."""
        self.step = OVER

    def shown(self) -> list[bytes]:
        """What stands on the unit now."""
        if self.step == OVER:
            return [display.over()]
        item, quantity, _ = self._bag
        name = display.wrap(self.items.get(item, ""), display.REVERSE)
        lines = {
            POCKET: [*name, ("N", self.pocket(item)), *display.wrap("Open the drawer.")],
            QUANTITY: [*name, ("N", f"Label says {quantity}")],
            CONFIRM: [*name, ("N", f"Put in {self._put}?")],
            CLOSE: [*name, ("N", "Close the drawer.")],
        }.get(self.step, [("N", f"Cabinet {self.name}")])
        out = [display.screen(lines)]
        return [*out, display.field(self.step, *FIELDS[self.step])] if self.step in FIELDS else out

    def pocket(self, item: str) -> str:
        """The pocket of an item, as on its label: drawer and pocket."""
        at = [*sorted(self.items), item].index(item)
        return f"{1 + at // 8}|{1 + at % 8}"

    def _key(self, key: str) -> list[bytes]:
        told: list[bytes] = []
        if key == "CLEAR":
            self.step = OVER if self.step in (BADGE, PIN, PACKAGE) else self.step
        elif key == "ENTER" and self.step == CONFIRM:
            told = self._delivered()
        return [*told, *self.shown()]

    def _badge(self, text: str) -> list[bytes]:
        self.user, self.step = text.partition("|")[2] or text, PIN
        return []

    def _pin(self, _text: str) -> list[bytes]:
        self.step = PACKAGE
        return []

    def _package(self, text: str) -> list[bytes]:
        code = self._why_not(text)
        if code:
            return self._refused(code)
        self.step, self.drawer_open = POCKET, True
        return []

    def _why_not(self, text: str) -> int:
        try:
            kind, *bag = labels.read(text)
        except ValueError:
            kind, bag = "", []
        if kind != labels.BAG:
            return int(codes.LABEL_UNKNOWN)
        item, quantity, serial = bag
        row = self._ledger.table(self.name, self.items).get(str(from_base62(serial)))
        if row is None:
            return int(codes.LABEL_UNKNOWN)
        _, of_item, picked, state, self._until_min = row
        if serial in self._taken_in or state in _REFUSALS:
            return int(codes.LABEL_DELIVERED if serial in self._taken_in else _REFUSALS[int(state)])
        if of_item != item:
            return int(codes.LABEL_OTHER_ITEM)
        self._bag = (item, quantity, serial)
        return int(codes.NONE if picked == quantity else codes.BAD_QUANTITY)

    def _pocket(self, text: str) -> list[bytes]:
        if text != f"{labels.POCKET}|{self.name}|{self.pocket(self._bag[0])}":
            return self._refused(codes.WRONG_POCKET)
        self.step = QUANTITY
        return []

    def _quantity(self, text: str) -> list[bytes]:
        put = int(text) if text.isdigit() else self._bag[1]
        if not 0 < put <= self._bag[1]:
            return self._refused(codes.BAD_QUANTITY)
        self._put, self.step = put, CONFIRM
        return []

    def _delivered(self) -> list[bytes]:
        item, _, serial = self._bag
        self._taken_in.add(serial)
        ext = [serial, _VIA_HANDHELD, self._until_min]
        self._ledger.append(self.name, kinds.DELIVERED, ext, actor=self.user, item=item, change=self._put)
        self.step = CLOSE
        return [display.result(codes.NONE, f"Delivered {self._put}.")]

    def _refused(self, code: int) -> list[bytes]:
        return [display.result(code, words.of(code))]


_TAKES: dict[str, Callable[[Station, str], list[bytes]]] = {
    BADGE: Station._badge,
    PIN: Station._pin,
    PACKAGE: Station._package,
    POCKET: Station._pocket,
    QUANTITY: Station._quantity,
}
