"""What console and API show of discrepancies: reads only."""

from typing import Any

from sqlalchemy import Engine, select

from server_stub.watch import schema

_T = schema.discrepancies.c


def open_discrepancies(engine: Engine, station: str | None = None) -> list[dict[str, Any]]:
    """Those for a person to look at, the oldest first; `change` in smallest units, negative where some are missing."""
    query = select(schema.discrepancies).where(_T.resolved_ms.is_(None)).order_by(_T.counted_ms, _T.station, _T.seq)
    return _rows(engine, query if station is None else query.where(_T.station == station))


def resolved_discrepancies(engine: Engine, limit: int = 100) -> list[dict[str, Any]]:
    """The last resolved, with notes; `person` is "" where a compensating entry (`by_...`) resolved it."""
    query = select(schema.discrepancies).where(_T.resolved_ms.is_not(None))
    return _rows(engine, query.order_by(_T.resolved_ms.desc(), _T.station, _T.seq).limit(limit))


def _rows(engine: Engine, query: Any) -> list[dict[str, Any]]:
    with engine.connect() as conn:
        return [dict(row._mapping) for row in conn.execute(query)]
