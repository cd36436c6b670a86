"""Reading and writing the tree: runs, tiles, and how far each log has come in."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from server_stub.ledger import tree_schema as schema
from server_stub.ledger.schema import entries
from server_stub.ledger.store import upsert
from server_stub.ledger.tree import Edge, Proofs, ReadTile, TileKey

_KEPT_TILES = 512
_WRITE_EVERY = 65_536


class TreeRow(NamedTuple):
    """The log that grows; `halted` is "" or why nothing of it may be signed."""

    number: int
    origin: str
    size: int
    root: bytes
    halted: str


class Run(NamedTuple):
    """`length` entries of a log, from `first_seq` on, are the leaves from `first_index` on."""

    first_index: int
    station: str
    log: int
    first_seq: int
    length: int


class InTree(NamedTuple):
    """How far a log has come into the tree (`seq`; `news_seq` without seals and checkpoints), which checkpoint its
    cabinet holds and in which entry it says so, the last one it refused, and the number of the last message it has
    answered."""

    station: str
    log: int
    seq: int = 0
    news_seq: int = 0
    held_number: int = 0
    held_size: int = 0
    held_root: bytes = b""
    held_seq: int = 0
    refused_seq: int = 0
    refused_reason: int = 0
    told: int = 0


class Moved(RuntimeError):
    """The tree in the database is not where this sequencer left it: another one runs."""


def newest(conn: Connection) -> TreeRow | None:
    """The log that grows, None before the first."""
    row = conn.execute(select(schema.trees).order_by(schema.trees.c.number.desc()).limit(1)).one_or_none()
    return TreeRow(*row) if row else None


def begin(conn: Connection, row: TreeRow) -> None:
    """A new log: every entry comes in again, from the first one on."""
    conn.execute(insert(schema.trees), row._asdict())
    conn.execute(update(schema.logs).values(seq=0, news_seq=0))


def grow(conn: Connection, old_size: int, row: TreeRow) -> None:
    """The log is at `row` now; raises Moved if it was not at `old_size`."""
    table = schema.trees
    where = (table.c.number == row.number, table.c.size == old_size)
    changed = conn.execute(update(table).where(*where).values(size=row.size, root=row.root, halted=row.halted))
    if changed.rowcount != 1:
        raise Moved("the tree has moved: does a second sequencer run?")


def add_runs(conn: Connection, number: int, runs: Sequence[Run]) -> None:
    """Keep in which order entries came in."""
    if runs:
        columns = ("first_index", "station", "log", "first_seq", "count")
        rows = [dict(zip(columns, run, strict=True)) for run in runs]
        conn.execute(insert(schema.runs), [{"number": number, **row} for row in rows])


def put_tiles(conn: Connection, number: int, tiles: Iterable[tuple[TileKey, bytes]]) -> None:
    """Write tiles, in place of shorter ones."""
    rows = [{"number": number, "level": key.level, "tile": key.number, "hashes": data} for key, data in tiles]
    if rows:
        conn.execute(upsert(conn, schema.tiles, ("number", "level", "tile")), rows)


def reader(conn: Connection, number: int) -> ReadTile:
    """Tiles of log `number` as this connection sees them; raises LookupError where there is none."""
    table = schema.tiles.c

    def read(key: TileKey) -> bytes:
        where = (table.number == number, table.level == key.level, table.tile == key.number)
        data = conn.scalar(select(table.hashes).where(*where))
        if data is None:
            raise LookupError(f"no tile {key.level}/{key.number} of log {number}")
        return bytes(data)

    return read


def proofs(conn: Connection, number: int) -> Proofs:
    """Proofs of log `number`; good while it does not grow."""
    return Proofs(lru_cache(_KEPT_TILES)(reader(conn, number)))


def all_logs(conn: Connection) -> dict[tuple[str, int], InTree]:
    """Where every log stands."""
    return {(row.station, row.log): InTree(*row) for row in conn.execute(select(schema.logs))}


def save_logs(conn: Connection, states: Iterable[InTree]) -> None:
    """Store where logs stand."""
    rows = [state._asdict() for state in states]
    if rows:
        conn.execute(upsert(conn, schema.logs, ("station", "log")), rows)


def runs_of(conn: Connection, number: int, size: int) -> Iterator[Run]:
    """The runs of the first `size` leaves in order, the last one cut there."""
    table = schema.runs.c
    columns = (table.first_index, table.station, table.log, table.first_seq, table.count)
    query = select(*columns).where(table.number == number, table.first_index < size).order_by(table.first_index)
    for row in conn.execute(query.execution_options(yield_per=1000)):
        run = Run(*row)
        yield run._replace(length=min(run.length, size - run.first_index))


def index_of(conn: Connection, number: int, entry: tuple[str, int, int]) -> int | None:
    """The leaf that entry (station, log, seq) is, None if it is not in."""
    table = schema.runs.c
    station, log, seq = entry
    where = (table.number == number, table.station == station, table.log == log, table.first_seq <= seq)
    columns = (table.first_index, table.first_seq, table.count)
    row = conn.execute(select(*columns).where(*where).order_by(table.first_seq.desc()).limit(1)).one_or_none()
    if row is None or seq >= row.first_seq + row.count:
        return None
    return int(row.first_index + seq - row.first_seq)


def last_within(conn: Connection, number: int, log: tuple[str, int], size: int) -> tuple[int, int]:
    """(seq, leaf) of the last entry of `log` among the first `size` leaves; (0, 0) if there is none."""
    table = schema.runs.c
    where = (table.number == number, table.station == log[0], table.log == log[1], table.first_index < size)
    columns = (table.first_index, table.first_seq, table.count)
    row = conn.execute(select(*columns).where(*where).order_by(table.first_seq.desc()).limit(1)).one_or_none()
    if row is None:
        return 0, 0
    last = min(row.first_index + row.count, size) - 1
    return int(row.first_seq + last - row.first_index), int(last)


def successor_entries(conn: Connection) -> list[Any]:
    """Entries `successor_log` with the leaves they are, by the number they lead to."""
    return list(conn.execute(select(schema.successors).order_by(schema.successors.c.number)))


def add_successor(conn: Connection, number: int, leaf_index: int, entry: bytes) -> None:
    """Keep which leaf of the tree that grows the entry is that led to log `number`."""
    values = {"number": number, "leaf_index": leaf_index, "entry": entry}
    conn.execute(upsert(conn, schema.successors, ("number",)), values)


def leaf_hash(entry: bytes) -> bytes:
    """The leaf that an entry is."""
    return sha256(b"\0" + entry).digest()


def rebuild(conn: Connection) -> list[TreeRow]:
    """Make the tiles of every log again from its runs and the ledger; gives what each log came out at.

    A root that is another than the one in `trees` is for the caller to tell.
    """
    made = []
    for row in conn.execute(select(schema.trees).order_by(schema.trees.c.number)).all():
        conn.execute(delete(schema.tiles).where(schema.tiles.c.number == row.number))
        edge = Edge(0, {})
        for run in list(runs_of(conn, row.number, row.size)):
            for leaf in _leaves(conn, run):
                edge.append(leaf)
            if edge.size % _WRITE_EVERY < run.length:
                put_tiles(conn, row.number, edge.changed())
        put_tiles(conn, row.number, edge.changed())
        made.append(TreeRow(row.number, row.origin, edge.size, edge.root(), row.halted))
    return made


def differing(conn: Connection, made: Iterable[TreeRow]) -> list[str]:
    """Origins of logs that did not come out as `trees` says."""
    held = {row.number: (row.size, bytes(row.root)) for row in conn.execute(select(schema.trees))}
    return [row.origin for row in made if held[row.number] != (row.size, row.root)]


def _leaves(conn: Connection, run: Run) -> Iterator[bytes]:
    table = entries.c
    where = (table.station == run.station, table.log == run.log)
    span = table.seq.between(run.first_seq, run.first_seq + run.length - 1)
    for leaf in conn.scalars(select(table.leaf).where(*where, span).order_by(table.seq)):
        yield bytes(leaf)
