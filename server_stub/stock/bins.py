"""What lies in the return bins, and which entries are about pockets: a bin's place looks like a pocket's."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.stock import schema

ONLY_BINS = frozenset((kinds.RETURN_BIN, kinds.BIN_EMPTIED))

_B = schema.bin_contents.c
_KEY = ("station", "place", "item")


class Bins:
    """The projection `bin_contents`; it must be flushed after every other that uses `of_pockets`."""

    KINDS = ONLY_BINS | {kinds.DISCREPANCY}

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def apply(self, entry: Entry) -> None:
        """A return to a bin, a bin emptied, or a bin that did not hold what the book said."""
        self._entries.append(entry)

    def flush(self, conn: Connection) -> None:
        """Write what the bins hold now; an empty one keeps its rows, so that its place is known for a bin."""
        pockets = {id(entry) for entry in of_pockets(conn, self._entries)}
        held = {
            (entry.station, entry.place or "", entry.item or ""): {"quantity": entry.after or 0, "utc_ms": entry.utc_ms}
            for entry in self._entries
            if id(entry) not in pockets
        }
        if held:
            rows = [{**dict(zip(_KEY, key, strict=True)), **row} for key, row in held.items()]
            conn.execute(upsert(conn, schema.bin_contents, _KEY), rows)
        self._entries = []


def of_pockets(conn: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Those about pockets, in their order. Only entries before one say that its place is a bin."""
    bins = _known(conn, {entry.station for entry in entries if entry.kind == kinds.DISCREPANCY})
    found = []
    for entry in entries:
        if entry.kind in ONLY_BINS:
            bins.add((entry.station, entry.place or ""))
        elif (entry.station, entry.place or "") not in bins:
            found.append(entry)
    return found


def _known(conn: Connection, stations: Iterable[str]) -> set[tuple[str, str]]:
    wanted = list(stations)
    if not wanted:
        return set()
    query = select(_B.station, _B.place).where(_B.station.in_(wanted)).distinct()
    return {(station, place) for station, place in conn.execute(query)}
