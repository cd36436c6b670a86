"""What console and API show: reads only, each from one snapshot of the database."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, Select, and_, func, select

from server_stub.ledger import schema
from server_stub.ledger.batch import Refused
from server_stub.ledger.log import LOG
from server_stub.ledger.record import Entry
from server_stub.ledger.sign import CENTRE
from server_stub.ledger.store import read_page
from server_stub.site.config import Station
from server_stub.stock import items as stock_items

SILENT_MS = 180_000
LATE_MS = 90_000
Item = stock_items.Item


class StationRow(NamedTuple):
    """One line of the console's first table; `verdict` is one word, `why` explains it. Ages are real time."""

    station: str
    wards: str
    seq: int
    entries: int
    removals: int
    last_utc_ms: int | None
    heartbeat_age_ms: int | None
    unanswered: int | None
    alarms: int
    verdict: str
    why: str


def stations(engine: Engine, enrolled: Sequence[Station]) -> list[StationRow]:
    """Where every enrolled station stands; a few queries, however many stations there are."""
    with engine.connect() as conn:
        alarms = dict(_counted(conn))
        beats = {row.station: row for row in conn.execute(select(schema.heartbeats))}
        logs = {(row.station, row.log): row for row in conn.execute(_logs())}
    now_ms = time.time_ns() // 1_000_000
    return [
        _station(station, logs.get((station.id, station.log)), beats.get(station.id), alarms.get(station.id, 0), now_ms)
        for station in enrolled
    ]


def _counted(conn: Connection) -> list[tuple[str, int]]:
    table = schema.alarms.c
    return [(s, n) for s, n in conn.execute(select(table.station, func.count()).group_by(table.station))]


def _logs() -> Select[Any]:
    """The logs with the time of the last entry of each."""
    logs, entries = schema.logs.c, schema.entries.c
    last = and_(entries.station == logs.station, entries.log == logs.log, entries.seq == logs.seq)
    return select(schema.logs, entries.utc_ms).select_from(schema.logs.outerjoin(schema.entries, last))


def _station(station: Station, log: Row[Any] | None, beat: Row[Any] | None, alarms: int, now_ms: int) -> StationRow:
    seq = log.seq if log else 0
    age = now_ms - beat.received_ms if beat else None
    verdict, why = _verdict(stopped=bool(log and log.stopped), age_ms=age, behind=max(0, beat.seq - seq) if beat else 0)
    return StationRow(
        station.id,
        ", ".join(station.wards),
        seq,
        log.entries if log else 0,
        log.removals if log else 0,
        log.utc_ms if log else None,
        age,
        beat.outbox_depth if beat else None,
        alarms,
        verdict,
        why,
    )


def _verdict(*, stopped: bool, age_ms: int | None, behind: int) -> tuple[str, str]:
    if stopped:
        return "stopped", "its journal contradicts the ledger; nothing more is taken from it"
    if age_ms is None:
        return "waiting", "enrolled, never heard"
    if age_ms >= SILENT_MS:
        return "silent", "no heartbeat for three minutes"
    if age_ms >= LATE_MS:
        return "late", "a heartbeat is overdue"
    return ("in sync", "") if not behind else ("in sync", f"{behind} entries under way")


def inventory(engine: Engine, station: str | None = None) -> list[dict[str, Any]]:
    """What is in which pocket."""
    table = schema.inventory
    query = select(table).order_by(table.c.station, table.c.place)
    if station is not None:
        query = query.where(table.c.station == station)
    with engine.connect() as conn:
        return [{**row._mapping, "must_count": bool(row.must_count)} for row in conn.execute(query)]


def items(engine: Engine, ids: Iterable[str | None]) -> dict[str, Item]:
    """Items that some station was told of, by id; others are left out."""
    with engine.connect() as conn:
        return stock_items.items(conn, ids)


def hospital_ms(engine: Engine) -> int:
    """Hospital time as the ledger has it: when the newest entry of the centre's own log was made."""
    table = schema.entries.c
    newest = select(func.max(table.seq)).where(table.station == CENTRE, table.log == LOG).scalar_subquery()
    query = select(table.utc_ms).where(table.station == CENTRE, table.log == LOG, table.seq == newest)
    with engine.connect() as conn:
        return conn.scalar(query) or 0


class Totals(NamedTuple):
    """The hospital in numbers."""

    removals: int
    pockets: int


def totals(engine: Engine) -> Totals:
    """Removals in the ledger, pockets that hold anything."""
    with engine.connect() as conn:
        return Totals(
            conn.scalar(select(func.coalesce(func.sum(schema.logs.c.removals), 0))) or 0,
            conn.scalar(select(func.count()).where(schema.inventory.c.quantity > 0)) or 0,
        )


def alarms(engine: Engine) -> list[dict[str, Any]]:
    """Alarms that stand, the newest first."""
    table = schema.alarms
    with engine.connect() as conn:
        rows = conn.execute(select(table).order_by(table.c.utc_ms.desc(), table.c.station))
        return [dict(row._mapping) for row in rows]


def evidence(engine: Engine, limit: int = 50) -> list[dict[str, Any]]:
    """What was refused or contradicts the ledger, the newest first."""
    table = schema.evidence.c
    columns = (table.id, table.utc_ms, table.code, table.station, table.detail, table.sha256)
    with engine.connect() as conn:
        rows = conn.execute(select(*columns).order_by(table.id.desc()).limit(limit))
        return [{**row._mapping, "sha256": row.sha256.hex()} for row in rows]


def last_entries(engine: Engine, station: str, limit: int = 40) -> list[Entry]:
    """The last entries of a station, the newest first."""
    table = schema.entries.c
    query = select(table.page).where(table.station == station).order_by(table.log.desc(), table.seq.desc()).limit(limit)
    found = []
    with engine.connect() as conn:
        for data in conn.scalars(query):
            try:
                found.append(read_page(data, b"").entry)
            except Refused:
                continue
    return found
