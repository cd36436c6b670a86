"""What a station gave of its contents, to look at on the way (P29): pocket after pocket, or what a label names."""

from typing import TYPE_CHECKING

from agent.handheld import printing
from agent.handheld.lists import Held
from agent.handheld.screen import Line, name_lines
from agent.handheld.steps import DOWN, UP, Step
from firmware import pockets, schema
from firmware.wire import labels

if TYPE_CHECKING:
    from agent.handheld.unit import Unit

_STATES = {
    pockets.MUST_COUNT: "must be counted",
    pockets.FAILED: "out of order",
    pockets.NOT_LOADED: "not loaded",
    pockets.QUARANTINED: "in quarantine",
    pockets.EXPIRED: "EXPIRED",
}


def begin(unit: "Unit") -> None:
    """Show what was given last."""
    if not unit.lists.contents.pockets:
        return unit.refuse("No contents yet. Link the unit to a station, sign on there, press F2.")
    unit.push(Pockets(unit))


class Pockets(Step):
    """One pocket at a time; the label of a pocket or of a shelf leads to the next that it names. F1 prints a label."""

    def __init__(self, unit: "Unit") -> None:
        super().__init__(unit)
        self._given = unit.lists.contents
        self._at = 0

    def lines(self) -> list[Line]:
        row, given = self._given.pockets[self._at], self._given
        self.last = f"{self._at + 1}/{len(given.pockets)} of {given.as_of:%m/%d %H:%M}"
        return [
            Line(given.station),
            *name_lines(row.name),
            Line(f"Item {row.item}"),
            Line(f"{row.place} {_STATES.get(row.state, '')}"),
            Line(f"Holds {row.held or 'count it'}"),
            Line(f"Last day {row.last}" if row.last else "Expiry not known"),
        ]

    def key(self, key: str) -> None:
        if key in (UP, DOWN):
            self._at = (self._at + (1 if key == DOWN else -1)) % len(self._given.pockets)
        elif key == "F1":
            printing.pocket(self.unit, self._given.station, self._given.pockets[self._at])
        else:
            super().key(key)

    def scan(self, text: str) -> None:
        rows = self._given.pockets
        behind = [(self._at + step) % len(rows) for step in range(1, len(rows) + 1)]
        found = [at for at in behind if self._is_about(rows[at], text)]
        if not found:
            return self.unit.refuse("No pocket of this station has that.")
        self._at = found[0]

    def _is_about(self, row: Held, text: str) -> bool:
        try:
            kind, *fields = labels.read(text)
        except ValueError:
            return False
        if kind == labels.POCKET:
            return bool(fields[0] == self._given.station and schema.place_name(*fields[1:]) == row.place)
        return kind in (labels.SHELF, labels.BAG) and str(fields[0]) == row.item
