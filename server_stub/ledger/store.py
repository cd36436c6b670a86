"""Reading and writing the record: SQL for the tables that are not projections."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import cbor2
from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from firmware.journal.chain import head0
from server_stub.ledger import schema
from server_stub.ledger.batch import Batch, Heartbeat, next_page
from server_stub.ledger.record import LogState, Page

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


def load_log(conn: Connection, station: str, log: int, genesis: bytes) -> LogState:
    """Where the log stands; a log not seen yet stands at its genesis."""
    where = and_(schema.logs.c.station == station, schema.logs.c.log == log)
    row = conn.execute(select(schema.logs).where(where)).one_or_none()
    if row is None:
        return LogState(station, log, genesis, 0, head0(genesis), False, 0, 0)
    return LogState(**{**row._mapping, "stopped": bool(row.stopped)})


def save_log(conn: Connection, state: LogState) -> None:
    """Store where the log stands now."""
    values = {**state._asdict(), "stopped": int(state.stopped)}
    conn.execute(upsert(conn, schema.logs, ("station", "log")), values)


_HEAD_AT = select(schema.entries.c.head).where(
    schema.entries.c.station == bindparam("station"),
    schema.entries.c.log == bindparam("log"),
    schema.entries.c.seq == bindparam("seq"),
)


def head_at(conn: Connection, state: LogState, seq: int) -> bytes | None:
    """The ledger's head at `seq` of that log."""
    if seq == state.seq:
        return state.head
    if seq == 0:
        return bytes(head0(state.genesis))
    return conn.scalar(_HEAD_AT, {"station": state.station, "log": state.log, "seq": seq})


def add_batch(conn: Connection, batch: Batch, raw: bytes, received_ms: int) -> None:
    """Keep a batch as it came."""
    conn.execute(
        insert(schema.batches),
        {
            "station": batch.station,
            "log": batch.log,
            "first_seq": batch.first_seq,
            "last_seq": batch.last_seq,
            "received_ms": received_ms,
            "raw": raw,
        },
    )


def add_pages(conn: Connection, pages: Iterable[Page]) -> None:
    """Append pages to the ledger, one row an entry."""
    rows = [
        {
            "station": page.entry.station,
            "log": page.entry.log,
            "seq": page.entry.seq,
            "kind": page.entry.kind,
            "utc_ms": page.entry.utc_ms,
            "leaf": page.leaf,
            "head": page.head,
            "page": page.data,
        }
        for page in pages
    ]
    if rows:
        conn.execute(insert(schema.entries), rows)


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
    """Keep bytes that are no good, once; gives their SHA-256, or None if kept before or enough is kept already."""
    digest = sha256(raw).digest()
    table = schema.evidence
    if conn.scalar(select(table.c.id).where(table.c.sha256 == digest)) is not None:
        return None
    kept = conn.scalar(select(func.count()).select_from(table).where(table.c.station == row["station"])) or 0
    if kept >= EVIDENCE_PER_STATION:
        return None
    conn.execute(insert(table), {**row, "sha256": digest, "raw": raw})
    return digest


def save_heartbeat(conn: Connection, beat: Heartbeat, received_ms: int) -> None:
    """Keep the last heartbeat of a station."""
    values = {**beat._asdict(), "received_ms": received_ms}
    del values["head"]
    conn.execute(upsert(conn, schema.heartbeats, ("station",)), values)


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
