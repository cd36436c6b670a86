"""Reading and writing the record: SQL for the tables that are not projections."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import cbor2
from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from firmware import codes
from firmware.journal.chain import head0
from server_stub.ledger import schema
from server_stub.ledger.batch import Batch, Heartbeat, next_page, pages_of
from server_stub.ledger.record import Held, LogState, Page

EVIDENCE_PER_STATION = 500


def upsert(
    conn: Connection, table: Table, keys: tuple[str, ...], columns: tuple[str, ...] = (), *, add: bool = False
) -> Any:
    """INSERT ... ON CONFLICT of `keys`: `columns` (by default all others) are replaced, or with `add` added to."""
    return _upsert(conn.dialect.name, table, keys, columns, add)


@lru_cache
def _upsert(dialect: str, table: Table, keys: tuple[str, ...], columns: tuple[str, ...], add: bool) -> Any:
    make: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = make(table)
    new = statement.excluded
    names = columns or [c.name for c in table.c if c.name not in keys]
    values = {name: table.c[name] + new[name] if add else new[name] for name in names}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=values)


_LOG = select(schema.logs).where(schema.logs.c.station == bindparam("station_"), schema.logs.c.log == bindparam("log_"))


def load_log(conn: Connection, station: str, log: int, genesis: bytes) -> LogState:
    """Where the log stands; a log not seen yet stands at its genesis."""
    row = conn.execute(_LOG, {"station_": station, "log_": log}).one_or_none()
    if row is None:
        return LogState(station, log, genesis, 0, head0(genesis), False, 0, 0)
    return LogState(**{**row._mapping, "stopped": bool(row.stopped)})


def save_logs(conn: Connection, states: Iterable[LogState]) -> None:
    """Store where logs stand now."""
    rows = [{**state._asdict(), "stopped": int(state.stopped)} for state in states]
    if rows:
        conn.execute(upsert(conn, schema.logs, ("station", "log")), rows)


_HELD = (schema.held.c.station == bindparam("station_"), schema.held.c.log == bindparam("log_"))
_HELD_NOW = select(schema.held).where(*_HELD)


def load_held(conn: Connection, station: str, log: int, genesis: bytes) -> tuple[Held, bool]:
    """Up to where the log is durable, and whether `held` has a row of it: in a database of before, `logs` says it."""
    row = conn.execute(_HELD_NOW, {"station_": station, "log_": log}).one_or_none()
    if row is not None:
        return Held(*row)._replace(stopped=bool(row.stopped)), True
    state = load_log(conn, station, log, genesis)
    return Held(station, log, state.genesis, state.seq, state.head, state.stopped), False


_MOVE = (
    update(schema.held)
    .where(*_HELD, schema.held.c.seq == bindparam("was"), schema.held.c.stopped == bindparam("was_stopped"))
    .values(seq=bindparam("seq_"), head=bindparam("head_"), stopped=bindparam("stopped_"))
)


class Overtaken(Exception):
    """Another process has moved a log in the meantime: two take in the same shard."""


def save_held(conn: Connection, moves: Sequence[tuple[Held | None, Held]]) -> None:
    """Store where logs stand now: each before (None: not there) and now. Raises Overtaken."""
    new = [_held_row(now) for before, now in moves if before is None]
    if new:
        conn.execute(insert(schema.held), new)
    moved = [
        {
            **{"station_": now.station, "log_": now.log, "was": before.seq, "was_stopped": int(before.stopped)},
            **{"seq_": now.seq, "head_": now.head, "stopped_": int(now.stopped)},
        }
        for before, now in moves
        if before is not None
    ]
    if moved and conn.execute(_MOVE, moved).rowcount != len(moved):
        raise Overtaken("another process takes in the same shard")


def _held_row(held: Held) -> dict[str, Any]:
    return {**held._asdict(), "stopped": int(held.stopped)}


_BATCH = schema.batches.c
_AT = (
    select(_BATCH.raw)
    .where(_BATCH.station == bindparam("station"), _BATCH.log == bindparam("log"), _BATCH.last_seq >= bindparam("seq"))
    .order_by(_BATCH.last_seq)
    .limit(1)
)


def head_at(conn: Connection, station: str, log: int, seq: int) -> bytes | None:
    """The head at `seq`, from the batch that brought it: its row of `entries` may be still to come."""
    raw = conn.scalar(_AT, {"station": station, "log": log, "seq": seq})
    found = [page.head for page in pages_of(raw) if page.entry.seq == seq] if raw else ()
    return found[0] if found else conn.scalar(_HEAD_AT, {"station": station, "log": log, "seq": seq})


_HEAD_AT = select(schema.entries.c.head).where(
    schema.entries.c.station == bindparam("station"),
    schema.entries.c.log == bindparam("log"),
    schema.entries.c.seq == bindparam("seq"),
)


_BATCH_COLUMNS = ("station", "log", "first_seq", "last_seq", "received_ms", "raw")


def add_batches(conn: Connection, batches: Iterable[tuple[Batch, bytes]], received_ms: int) -> None:
    """Keep batches as they came."""
    rows = [(b.station, b.log, b.first_seq, b.last_seq, received_ms, raw) for b, raw in batches]
    if rows:
        conn.exec_driver_sql(_insert("batches", _BATCH_COLUMNS, conn.dialect.name), rows)


_PAGE_COLUMNS = ("station", "log", "seq", "kind", "utc_ms", "leaf", "head", "page")


def add_pages(conn: Connection, pages: Iterable[Page]) -> None:
    """Append pages to the ledger, one row an entry; as plain tuples, for there are many."""
    rows = []
    for page in pages:
        entry = page.entry
        where = (entry.station, entry.log, entry.seq, entry.kind, entry.utc_ms)
        rows.append((*where, page.leaf, page.head, page.data))
    if rows:
        conn.exec_driver_sql(_insert("entries", _PAGE_COLUMNS, conn.dialect.name), rows)


@lru_cache
def _insert(table: str, columns: tuple[str, ...], dialect: str) -> str:
    # %b: bytes go to PostgreSQL as they are, not as text
    mark = "?" if dialect == "sqlite" else "%b"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"  # noqa: S608


class Last(NamedTuple):
    """The entry taken in last, of whichever log: its id rises with each, `utc_ms` is its own hospital time."""

    id: int
    utc_ms: int


def last_entry(conn: Connection) -> Last:
    """Where the ledger stands; zeros while it is empty."""
    columns = schema.entries.c
    row = conn.execute(select(columns.id, columns.utc_ms).order_by(columns.id.desc()).limit(1)).one_or_none()
    return Last(*row) if row else Last(0, 0)


def pages_in_order(conn: Connection) -> Iterator[Page]:
    """Every entry of the ledger in the order it was taken in."""
    columns = schema.entries.c
    query = select(columns.station, columns.log, columns.page).order_by(columns.id)
    rows = conn.execute(query.execution_options(yield_per=1000))
    heads: dict[tuple[str, int], bytes] = {}
    for station, log, data in rows:
        page = read_page(data, heads.get((station, log), b""))
        heads[station, log] = page.head
        yield page


def read_page(data: bytes, prev_head: bytes) -> Page:
    """A stored page, decoded."""
    entry, disclosure, mac = cbor2.loads(data)
    return next_page(entry, disclosure, mac, prev_head)


def add_evidence(conn: Connection, row: dict[str, Any], raw: bytes) -> bytes | None:
    """Keep bytes that are no good, once; gives their SHA-256, or None if kept before or enough is kept already.

    All names that are no station's count as one. A fork is always kept: a log has one at most, and it must not depend
    on what nonsense anybody sent before.
    """
    digest = sha256(raw).digest()
    table = schema.evidence
    if conn.scalar(select(table.c.id).where(table.c.sha256 == digest)) is not None:
        return None
    same = table.c.code == row["code"] if row["code"] == codes.UNKNOWN_STATION else table.c.station == row["station"]
    kept = conn.scalar(select(func.count()).select_from(table).where(same)) or 0
    if kept >= EVIDENCE_PER_STATION and row["code"] != codes.FORK:
        return None
    conn.execute(insert(table), {**row, "sha256": digest, "raw": raw})
    return digest


def add_finding(conn: Connection, about: dict[str, Any], digest: bytes | None) -> None:
    """Have the centre's log say what ingest found; `digest` of the evidence, if it was kept."""
    row = {name: about[name] for name in ("code", "station", "log", "seq")}
    conn.execute(insert(schema.findings), {**row, "sha256": digest})


_FOUND = select(schema.findings).order_by(schema.findings.c.id)


def take_findings(conn: Connection) -> Sequence[Any]:
    """What ingest found since, oldest first; it is gone with this transaction."""
    found = conn.execute(_FOUND).all()
    if found:
        ids = schema.findings.c.id
        conn.execute(delete(schema.findings).where(ids.in_([row.id for row in found])))
    return found


def save_heartbeats(conn: Connection, beats: Iterable[Heartbeat], received_ms: int) -> None:
    """Keep the last heartbeat of each station."""
    rows = [{**beat._asdict(), "received_ms": received_ms} for beat in beats]
    for row in rows:
        del row["head"]
    if rows:
        conn.execute(upsert(conn, schema.heartbeats, ("station",)), rows)


def last_heartbeat(conn: Connection, station: str) -> tuple[int, int, int, int]:
    """Log, boot, seq and utc_ms of the last heartbeat of a station; zeros before the first."""
    table = schema.heartbeats.c
    query = select(table.log, table.boot, table.seq, table.utc_ms).where(table.station == station)
    row = conn.execute(query).one_or_none()
    return tuple(row) if row else (0, 0, 0, 0)


def add_outbox(conn: Connection, messages: Sequence[tuple[str, bytes]]) -> list[int]:
    """Put messages on their way out; gives their ids in the same order."""
    if not messages:
        return []
    rows = [{"topic": topic, "payload": payload} for topic, payload in messages]
    added = conn.execute(insert(schema.outbox).returning(schema.outbox.c.id, sort_by_parameter_order=True), rows)
    return list(added.scalars())


def waiting_outbox(conn: Connection) -> list[tuple[int, str, bytes]]:
    """What a crash left unsent, oldest first."""
    table = schema.outbox
    return [tuple(row) for row in conn.execute(select(table.c.id, table.c.topic, table.c.payload).order_by(table.c.id))]


_DROP = delete(schema.outbox).where(schema.outbox.c.id == bindparam("sent"))


def drop_outbox(conn: Connection, ids: Iterable[int]) -> None:
    """Forget messages the broker has taken."""
    rows = [{"sent": i} for i in ids]
    if rows:
        conn.execute(_DROP, rows)
