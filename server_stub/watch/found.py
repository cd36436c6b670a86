"""Counts that did not come out, and what became of them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, and_, bindparam, update

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.watch import schema

_T = schema.discrepancies.c
_THIS = and_(_T.station == bindparam("s"), _T.log == bindparam("l"), _T.seq == bindparam("n"))
_OPEN = update(schema.discrepancies).where(_THIS).values(opened_ms=bindparam("when"))
_RESOLVE = (
    update(schema.discrepancies)
    .where(_THIS)
    .values(
        resolved_ms=bindparam("when"),
        by_station=bindparam("bs"),
        by_log=bindparam("bl"),
        by_seq=bindparam("bn"),
        person=bindparam("who"),
        note=bindparam("words"),
    )
)

# a plain count, or one at an access that was not what the book said
COUNTED = frozenset((kinds.COUNT, kinds.DISCREPANCY))


class Found:
    """The projection `discrepancies`: a row for each of COUNTED whose change is not 0."""

    KINDS = COUNTED | {kinds.DISCREPANCY_OPENED, kinds.DISCREPANCY_RESOLVED}

    def __init__(self) -> None:
        self._steps: list[Callable[[Connection], None]] = []

    def apply(self, entry: Entry) -> None:
        """A count, and what the centre or a person made of it."""
        if entry.kind in COUNTED and not entry.change:
            return
        step = {kinds.DISCREPANCY_OPENED: _opened, kinds.DISCREPANCY_RESOLVED: _resolved}.get(entry.kind, _counted)
        self._steps.append(lambda conn: step(conn, entry))

    def flush(self, conn: Connection) -> None:
        """Do the steps since the last flush, in their order."""
        for step in self._steps:
            step(conn)
        self._steps = []


def _counted(conn: Connection, entry: Entry) -> None:
    row = {
        "station": entry.station,
        "log": entry.log,
        "seq": entry.seq,
        "item": entry.item or "",
        "place": entry.place or "",
        "change": entry.change,
        "counted_by": entry.actor,
        "counted_ms": entry.utc_ms,
        **_before(entry),
    }
    conn.execute(upsert(conn, schema.discrepancies, ("station", "log", "seq"), tuple(row)[3:]), row)


def _before(entry: Entry) -> dict[str, Any]:
    """Who was at the place before, and her last entry there; a count tells first what was expected."""
    told = entry.ext[1:] if entry.kind == kinds.COUNT else entry.ext
    previous, seq = told[:2] or (None, None)
    return {"previous": previous, "previous_seq": seq}


def _opened(conn: Connection, entry: Entry) -> None:
    station, log, seq = entry.ext
    conn.execute(_OPEN, {"s": station, "l": log, "n": seq, "when": entry.utc_ms})


def _resolved(conn: Connection, entry: Entry) -> None:
    station, log, seq, by_station, by_log, by_seq, note = entry.ext
    by = {"bs": by_station, "bl": by_log, "bn": by_seq, "who": "" if by_seq else entry.actor, "words": note}
    conn.execute(_RESOLVE, {"s": station, "l": log, "n": seq, "when": entry.utc_ms, **by})
