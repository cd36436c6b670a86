"""The pockets of each station as issued, with the levels that stand: those applied by command, else the table's."""

from typing import Any, NamedTuple

import cbor2
from sqlalchemy import Connection, and_, select

from firmware.journal import kinds
from firmware.wire import messages
from server_stub.ledger import schema as ledger
from server_stub.ledger.record import Entry
from server_stub.stock import schema

_R = ledger.reference_rows.c
_TABLES = ("items", "pockets")


class Pocket(NamedTuple):
    """A pocket of a planogram, in smallest units; the `first_` levels are those of the table, whatever came since."""

    place: str
    drawer: int
    pocket: int
    item: str
    min: int
    max: int
    capacity: int
    first_min: int
    first_max: int


class Item(NamedTuple):
    """`scale` smallest units make one dispensed unit."""

    item: str
    schedule: int
    scale: int


class Shelf(NamedTuple):
    """What a station has where."""

    items: dict[str, Item]
    pockets: dict[str, list[Pocket]]

    def level(self, item: str) -> tuple[int, int]:
        """(min, max) of an item, all its pockets together; smallest units."""
        held = self.pockets.get(item, [])
        return sum(pocket.min for pocket in held), sum(pocket.max for pocket in held)


class Shelves:
    """Reads a station's shelf when it is asked for, and again after what changed it (`note`)."""

    def __init__(self) -> None:
        self._held: dict[str, Shelf] = {}

    def forget(self) -> None:
        """Read everything anew (after a transaction that failed)."""
        self._held.clear()

    def note(self, entry: Entry) -> str | None:
        """Forget the shelf that an entry changes; gives its station."""
        station = _changed_by(entry)
        if station is not None:
            self._held.pop(station, None)
        return station

    def of(self, conn: Connection, station: str) -> Shelf:
        """The shelf of a station; what was appended must have been settled."""
        if station not in self._held:
            self._held[station] = read_shelf(conn, station)
        return self._held[station]


def _changed_by(entry: Entry) -> str | None:
    if entry.kind == kinds.REFERENCE_ISSUED and entry.ext[1] in _TABLES:
        station: str = entry.ext[0]
        return station
    if entry.kind == kinds.COMMAND and entry.ext[1:3] == [messages.COMMAND_PAR, 0]:
        return entry.station
    return None


def read_shelf(conn: Connection, station: str) -> Shelf:
    """The shelf of a station as the database has it."""
    levels = schema.par_levels.c
    query = select(levels.place, levels.applied_min, levels.applied_max).where(
        and_(levels.station == station, levels.applied_max.is_not(None))
    )
    applied = {place: (low, top) for place, low, top in conn.execute(query)}
    items = {row[0]: Item(row[0], row[1], max(row[2], 1)) for row in _rows(conn, station, "items")}
    pockets: dict[str, list[Pocket]] = {}
    for place, drawer, number, item, low, top, capacity in sorted(_rows(conn, station, "pockets")):
        now = applied.get(place, (low, top))
        pockets.setdefault(item, []).append(Pocket(place, drawer, number, item, *now, capacity, low, top))
    return Shelf(items, pockets)


def _rows(conn: Connection, station: str, table: str) -> list[list[Any]]:
    query = select(_R.row).where(and_(_R.station == station, _R.table == table, _R.row.is_not(None)))
    return [cbor2.loads(row) for row in conn.scalars(query)]
