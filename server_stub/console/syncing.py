"""What the console shows of the tree, and of each station's word against it; reads only."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import cbor2
from sqlalchemy import Connection, Engine, func, select

from firmware.journal import kinds
from server_stub.console.queries import StationRow
from server_stub.ledger import checkpoint, schema, tiles
from server_stub.ledger import tree_schema as tree
from server_stub.ledger.tiles import InTree
from server_stub.site.config import Station

# a seal comes every 64 entries: further back there is none that counts
SEAL_WITHIN = 256
_EXT = 18


class TreeState(NamedTuple):
    """The log that grows: its newest checkpoint and who has cosigned that, the largest tree that each has cosigned;
    `halted` is "" or what speaks against it."""

    origin: str
    size: int
    root: str
    halted: str
    checkpoint_size: int | None
    checkpoint_made_ms: int | None
    cosigned_by: list[str]
    cosigned_up_to: dict[str, int]


class StationSync(NamedTuple):
    """A station's word: where its log is, its last seal, the checkpoint it took last, what contradicts. Ages and
    `heartbeat_age_ms` are real time, `_utc_ms` hospital time."""

    station: str
    log: int
    verdict: str
    why: str
    seq: int
    last_utc_ms: int | None
    heartbeat_age_ms: int | None
    in_tree_seq: int
    seal_seq: int | None
    seal_counter: int | None
    taken_size: int | None
    taken_utc_ms: int | None
    refused_seq: int | None
    refused_reason: int | None
    forked: bool
    evidence: int


def tree_state(engine: Engine) -> TreeState | None:
    """The tree, None before there is one."""
    with engine.connect() as conn:
        row, made = tiles.newest(conn), checkpoint.newest(conn)
        if row is None:
            return None
        table = tree.cosignatures.c
        largest = select(table.name, func.max(table.size)).where(table.number == row.number)
        up_to = {name: size for name, size in conn.execute(largest.group_by(table.name).order_by(table.name))}
        names = [name for name, size in up_to.items() if made and (row.number, size) == made[:2]]
        size, made_ms = (made.size, made.made_ms) if made else (None, None)
        return TreeState(row.origin, row.size, row.root.hex(), row.halted, size, made_ms, names, up_to)


def stations(engine: Engine, rows: Sequence[StationRow], enrolled: Sequence[Station]) -> list[StationSync]:
    """One line a station, in the order of `rows`."""
    logs = {station.id: station.log for station in enrolled}
    with engine.connect() as conn:
        states = tiles.all_logs(conn)
        evidence = _evidence(conn)
        keys = [(row.station, logs[row.station]) for row in rows]
        return [_one(conn, row, states.get(key, InTree(*key)), evidence) for row, key in zip(rows, keys, strict=True)]


def _one(conn: Connection, row: StationRow, state: InTree, evidence: Mapping[str, int]) -> StationSync:
    seal_seq, seal_counter = _last_seal(conn, state, row.seq)
    refused = state.refused_seq > state.held_seq
    return StationSync(
        station=row.station,
        log=state.log,
        verdict=row.verdict,
        why=row.why,
        seq=row.seq,
        last_utc_ms=row.last_utc_ms,
        heartbeat_age_ms=row.heartbeat_age_ms,
        in_tree_seq=state.seq,
        seal_seq=seal_seq,
        seal_counter=seal_counter,
        taken_size=state.held_size if state.held_seq else None,
        taken_utc_ms=_utc_ms(conn, state) if state.held_seq else None,
        refused_seq=state.refused_seq if refused else None,
        refused_reason=state.refused_reason if refused else None,
        forked=row.verdict == "stopped",
        evidence=evidence.get(row.station, 0),
    )


def _evidence(conn: Connection) -> dict[str, int]:
    table = schema.evidence.c
    return {s: n for s, n in conn.execute(select(table.station, func.count()).group_by(table.station))}


def _utc_ms(conn: Connection, state: InTree) -> int | None:
    table = schema.entries.c
    where = (table.station == state.station, table.log == state.log, table.seq == state.held_seq)
    return conn.scalar(select(table.utc_ms).where(*where))


def _last_seal(conn: Connection, state: InTree, seq: int) -> tuple[int | None, int | None]:
    """(seq, counter) of the newest seal."""
    table = schema.entries.c
    where = (table.station == state.station, table.log == state.log, table.seq > seq - SEAL_WITHIN)
    query = select(table.seq, table.page).where(*where, table.kind == kinds.SEAL).order_by(table.seq.desc()).limit(1)
    row = conn.execute(query).one_or_none()
    if row is None:
        return None, None
    fields: list[Any] = cbor2.loads(cbor2.loads(row.page)[0])
    return row.seq, fields[_EXT][0]
