"""What console and API show of discrepancies: reads only."""

from typing import NamedTuple

from sqlalchemy import Engine, and_, select

from server_stub.watch import schema

_T = schema.discrepancies.c


class Discrepancy(NamedTuple):
    """A count whose `change` (smallest units) is not 0; `resolved_ms` None while open, `person` "" for by itself."""

    station: str
    log: int
    seq: int
    item: str
    place: str
    change: int
    counted_by: str
    counted_ms: int
    opened_ms: int | None
    resolved_ms: int | None
    person: str | None
    note: str | None


_QUERY = select(*(_T[name] for name in Discrepancy._fields))


def discrepancies(
    engine: Engine, *, resolved: bool | None = None, limit: int = 100, station: str | None = None
) -> list[Discrepancy]:
    """Open ones, resolved ones, or (None) both; the newest first."""
    query = _QUERY
    if resolved is not None:
        query = query.where(_T.resolved_ms.is_not(None) if resolved else _T.resolved_ms.is_(None))
    if station is not None:
        query = query.where(_T.station == station)
    query = query.order_by(_T.counted_ms.desc(), _T.station, _T.log.desc(), _T.seq.desc()).limit(limit)
    with engine.connect() as conn:
        return [Discrepancy(*row) for row in conn.execute(query)]


def discrepancy(engine: Engine, station: str, log: int, seq: int) -> Discrepancy | None:
    """The one of this count."""
    with engine.connect() as conn:
        row = conn.execute(_QUERY.where(and_(_T.station == station, _T.log == log, _T.seq == seq))).first()
    return Discrepancy(*row) if row else None
