"""The pockets of each station as issued, with the levels that stand: those applied by command, else the table's."""

from collections.abc import Sequence
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
    return read_shelves(conn, [station])[station]


def read_shelves(conn: Connection, stations: Sequence[str]) -> dict[str, Shelf]:
    """The shelves of these stations, by station."""
    applied = _applied(conn, stations)
    shelves = {station: Shelf({}, {}) for station in stations}
    for station, row in _rows(conn, stations, "items"):
        shelves[station].items[row[0]] = Item(row[0], row[1], max(row[2], 1))
    for station, (place, drawer, number, item, low, top, capacity) in sorted(_rows(conn, stations, "pockets")):
        least, most = applied.get((station, place), (low, top))
        pocket = Pocket(place, drawer, number, item, least, most, capacity, low, top)
        shelves[station].pockets.setdefault(item, []).append(pocket)
    return shelves


def _applied(conn: Connection, stations: Sequence[str]) -> dict[tuple[str, str], tuple[int, int]]:
    levels = schema.par_levels.c
    query = select(levels.station, levels.place, levels.applied_min, levels.applied_max).where(
        and_(levels.station.in_(stations), levels.applied_max.is_not(None))
    )
    return {(station, place): (low, top) for station, place, low, top in conn.execute(query)}


def _rows(conn: Connection, stations: Sequence[str], table: str) -> list[tuple[str, list[Any]]]:
    query = select(_R.station, _R.row).where(and_(_R.station.in_(stations), _R.table == table, _R.row.is_not(None)))
    return [(station, cbor2.loads(row)) for station, row in conn.execute(query)]
