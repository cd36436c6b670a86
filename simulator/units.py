"""Scripted people with handhelds: they read the display, press keys and scan, as people do. Each method is a generator
that gives how long it takes (ms), or what it waits for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.cradle.steps import BADGE, CONFIRM, EXPIRY, FIELDS, FOUND, PACKAGE, PIN, POCKET, QUANTITY
from firmware.cradle.records import STATUSES
from firmware.wire import labels
from simulator.cradles import Deeds, Line, Seat, World

KEY_MS, SCAN_MS, READ_MS, WALK_MS, PATIENCE_MS = 400, 1500, 1000, 20_000, 60_000
_LINKS = 500
# the line of the display on which a station asks
PROMPT = 6


@dataclass(frozen=True)
class Place:
    """A station as people see it: its line, the label of the pocket that is open for a package, its drawers to shut."""

    line: Line
    pocket: Callable[[str], str]
    shut: Callable[[], None]


class Stuck(AssertionError):
    """The display shows what a script does not know how to go on from."""


class Hands:
    """Somebody with a unit. `refusals`: words that it wanted read; `put_aside`: packages a station refused, and why."""

    def __init__(self, world: World, seat: Seat, user: str, pin: str = "1234") -> None:
        self.world, self.seat, self.user, self.pin = world, seat, user, pin
        self.refusals: list[str] = []
        self.put_aside: dict[str, str] = {}

    # the display

    def text(self) -> list[str]:
        """The lines of the display."""
        return [line.text for line in self.seat.unit.screen()]

    def shows(self, words: str) -> bool:
        """Do these words stand on the display?"""
        return words in " ".join(self.text())

    def after(self, start: str) -> str:
        """What stands behind `start` in its line."""
        for line in self.text():
            if line.startswith(start):
                return line.removeprefix(start).strip()
        raise Stuck(f"no line {start!r} on {self.text()}")

    # fingers

    def _settle(self) -> None:
        if self.seat.line:
            self.seat.line.settle()
        else:
            self.seat.serve()

    def press(self, *keys: str) -> Deeds:
        """Keys, one after the other."""
        for key in keys:
            self.seat.unit.key(key, self.world.now_ms)
            self._settle()
            yield KEY_MS

    def scan(self, code: str) -> Deeds:
        """A code is scanned."""
        self.seat.unit.scan(code, self.world.now_ms)
        self._settle()
        yield SCAN_MS

    def type(self, text: str) -> Deeds:
        """Digits or letters, then ENTER."""
        yield from self.press(*text, "ENTER")

    def read(self) -> Deeds:
        """Read words that want to be read, and go on; they are kept in `refusals`."""
        while self.text()[-1] == "ENTER: go on":
            self.refusals.append(" ".join(line for line in self.text()[:-1] if line))
            yield READ_MS
            yield from self.press("ENTER")

    def choose(self, words: str) -> Deeds:
        """Point at a line of a menu, and take it."""
        yield from self.point(words)
        yield from self.press("ENTER")

    def point(self, words: str) -> Deeds:
        """DOWN until the line with these words is pointed at."""
        first = self._pointed()
        while self._pointed() != words:
            yield from self.press("DOWN")
            if self._pointed() == first:
                raise Stuck(f"no choice {words!r} on {self.text()}")

    def _pointed(self) -> str:
        return next((line[3:] for line in self.text() if line.startswith(">")), "")

    def _mark(self, wanted: Sequence[str]) -> Deeds:
        """Mark those that are there, and go on."""
        first = self._pointed()
        while True:
            yield from self.press(*["ENTER"] * (self._pointed() in wanted), "DOWN")
            if self._pointed() == first:
                break
        yield from self.press("F1")

    # places

    def put(self, line: Line) -> None:
        """The unit is put on a line."""
        line.put(self.seat)

    def take(self) -> None:
        """It is taken off its line."""
        if self.seat.line:
            self.seat.line.take(self.seat)

    def cradle(self, line: Line, loaded: Callable[[], bool]) -> Deeds:
        """Put the unit into a cradle, and wait until everything is up and down."""
        self.put(line)
        yield loaded
        yield from self.read()
        self.take()
        yield WALK_MS

    # work

    def log_on(self) -> Deeds:
        """With the label of the user's id."""
        yield from self.scan(labels.user(self.user))
        yield from self.read()

    def log_off(self) -> Deeds:
        """The unit is free for somebody else."""
        yield from self.choose("Log off")

    def pick(
        self, stations: Sequence[str], most: int | None = None, wrong: Callable[[], str | None] = lambda: None
    ) -> Deeds:
        """Directed picking for these stations, at most so many lines; `wrong`: another shelf that is scanned first."""
        yield from self.choose("Pick from list")
        # as after a long absence of the centre: there is another list in the cradle, for the next round
        if self.shows("The list is stale"):
            yield from self.read()
            return
        yield from self.choose("Name")
        yield from self._mark(stations)
        if self.shows("STORAGE"):
            yield from self.choose("All areas")
        yield from self.choose("Items by station")
        left = most
        while self.shows("Scan shelf") and left != 0:
            yield from self._pick_line(wrong())
            left = None if left is None else left - 1
        yield from self.read()
        yield from self._home()

    def _pick_line(self, wrong: str | None) -> Deeds:
        item = self.after("Item ")
        if wrong not in (None, item):
            yield from self.scan(labels.shelf(wrong))
            yield from self.read()
        yield from self.scan(labels.shelf(item))
        yield from self.press("ENTER")

    def begin_check(self) -> Deeds:
        """The display for checking."""
        yield from self.choose("Check")

    def check(self, code: str, status: str, right: int | None = None) -> Deeds:
        """A bag: acceptable, or why not; `right` is the quantity that is in it."""
        if status != STATUSES[0]:
            yield from self.press(str(STATUSES.index(status) + 1))
        yield from self.scan(code)
        if right is not None:
            yield from self.type(str(right))
        yield from self.read()

    def end(self) -> Deeds:
        """Back to the main menu."""
        yield from self._home()

    def _home(self) -> Deeds:
        for _ in range(10):
            if self.shows("Log off"):
                return
            yield from self.press("CLEAR")
        raise Stuck(f"no way back from {self.text()}")

    def deliver(self, place: Place, packages: Sequence[str]) -> Deeds:
        """Deliver these packages at a station; what it refuses is put aside."""
        left = list(packages)
        for _ in range(_LINKS):
            if left:
                yield from self._link(place, left)
        if left:
            raise Stuck(f"{len(left)} packages are left, {self.text()}")
        yield WALK_MS

    def _link(self, place: Place, left: list[str]) -> Deeds:
        """One link to the station, until nothing is left or it breaks."""
        yield from self.choose("At a station")
        self.put(place.line)
        while not self.shows("Log off"):
            shown = self.text()
            yield from self._answer(place, left)
            if self.text() == shown:
                yield from self._wait(shown)
        self.take()
        yield READ_MS

    # the station has not said anything new
    def _wait(self, shown: list[str]) -> Deeds:
        end_ms = self.world.now_ms + PATIENCE_MS
        while self.text() == shown and self.world.now_ms < end_ms:
            yield KEY_MS

    def _answer(self, place: Place, left: list[str]) -> Deeds:
        """Do what the display asks for."""
        prompt = self.text()[PROMPT]
        if self.text()[-1] == "ENTER: go on":
            yield from self._take_note(left)
        elif self.shows("Close the drawer."):
            place.shut()
            yield READ_MS
        elif prompt == FIELDS[PACKAGE][2]:
            yield from self.scan(left[0]) if left else self.press("CLEAR")
        elif prompt in _TYPED:
            yield from self.type(_TYPED[prompt](self))
        elif prompt == FIELDS[BADGE][2]:
            yield from self.scan(labels.user(self.user))
        elif prompt == FIELDS[POCKET][2]:
            yield from self.scan(place.pocket(left[0]))
        elif prompt == FIELDS[CONFIRM][2]:
            yield from self.press("ENTER")

    # the result of the package that was scanned last, if it is over with it
    def _take_note(self, left: list[str]) -> Deeds:
        words = " ".join(self.text()[:-1]).strip()
        yield from self.press("ENTER")
        if words.startswith("Delivered"):
            left.pop(0)
            return
        self.refusals.append(words)
        if left and self.text()[PROMPT] == FIELDS[PACKAGE][2]:
            self.put_aside[left.pop(0)] = words


_TYPED: dict[str, Callable[[Hands], str]] = {
    FIELDS[PIN][2]: lambda hands: hands.pin,
    FIELDS[QUANTITY][2]: lambda hands: "",
    FIELDS[FOUND][2]: lambda hands: "0",
    FIELDS[EXPIRY][2]: lambda hands: "123127",
}
