"""The sequencer: committed entries become leaves of the one tree, those of a log strictly by seq.

It reads what `logs` and `entries` say and writes tables of its own, in transactions of its own: how many processes take
batches in does not matter to it. What cabinets journal of the checkpoints they took is looked at on the way: one that
this tree does not agree with halts it, which is not undone but by a successor log.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cbor2
from sqlalchemy import Connection, Engine, bindparam, select

from firmware.journal import kinds
from firmware.wire import note
from server_stub.ledger import checkpoint, schema, tiles
from server_stub.ledger.sign import CENTRE
from server_stub.ledger.tiles import InTree, Run, TreeRow
from server_stub.ledger.tree import Edge, edge_of

MOST_OF_A_LOG = 4096
MOST_A_ROUND = 16_384
# of these alone no checkpoint is due: each would call for the next
QUIET = frozenset((kinds.SEAL, kinds.CHECKPOINT, kinds.CHECKPOINT_REFUSED))
_TOLD = (kinds.CHECKPOINT, kinds.CHECKPOINT_REFUSED, kinds.SUCCESSOR_LOG)
_EXT = 18

_T = schema.entries.c
_NEXT = (
    select(_T.seq, _T.kind, _T.leaf)
    .where(_T.station == bindparam("station"), _T.log == bindparam("log"), _T.seq > bindparam("seq"))
    .order_by(_T.seq)
    .limit(MOST_OF_A_LOG)
)
_PAGE = select(_T.page).where(
    _T.station == bindparam("station"), _T.log == bindparam("log"), _T.seq == bindparam("seq")
)


class Leaf(NamedTuple):
    """An entry on its way into the tree."""

    seq: int
    kind: int
    leaf: bytes


class Sequencer:
    """Appends to the tree of `site`; `load` first, and again after a round that failed."""

    def __init__(self, engine: Engine, site: str) -> None:
        self._engine = engine
        self._site = site
        self._next = 0

    def load(self) -> None:
        """Take up the tree where the database has it; on first use make the site's first log."""
        with self._engine.begin() as conn:
            row = tiles.newest(conn)
            if row is None:
                row = self._first(conn, 1)
            self._take_up(conn, row)

    def _first(self, conn: Connection, number: int) -> TreeRow:
        row = TreeRow(number, note.origin(self._site, number), 0, Edge(0, {}).root(), "")
        tiles.begin(conn, row)
        return row

    def _take_up(self, conn: Connection, row: TreeRow) -> None:
        self.row = row
        self._edge = edge_of(row.size, tiles.reader(conn, row.number))
        self._logs = tiles.all_logs(conn)

    def round(self) -> int:
        """Integrate what has been committed; gives how many leaves came in, 0 once there is nothing more."""
        with self._engine.begin() as conn:
            work = list(self._behind(conn))
            if not work:
                return 0
            before, runs, told = self.row.size, [], []
            for state, leaves in work:
                runs.append(Run(self._edge.size, state.station, state.log, state.seq + 1, len(leaves)))
                told += [
                    (state.station, state.log, one.seq, at)
                    for at, one in enumerate(leaves, self._edge.size)
                    if one.kind in _TOLD
                ]
                self._append(state, leaves)
            self._write(conn, before, runs)
            self._listen(conn, told)
            tiles.save_logs(conn, [self._logs[state.station, state.log] for state, _ in work])
            grown = self.row.size - before
            self._succeed(conn)
            return grown

    def _behind(self, conn: Connection) -> Iterator[tuple[InTree, Sequence[Leaf]]]:
        """Logs with committed entries that are not in the tree, and those entries."""
        held, room = schema.logs.c, MOST_A_ROUND
        heads = conn.execute(select(held.station, held.log, held.seq).order_by(held.station, held.log)).all()
        for station, log, seq in heads:
            state = self._logs.get((station, log), InTree(station, log))
            if seq > state.seq and room > 0 and (leaves := _following(conn, state)):
                room -= len(leaves)
                yield state, leaves

    def _append(self, state: InTree, leaves: Sequence[Leaf]) -> None:
        for one in leaves:
            self._edge.append(one.leaf)
        news = next((one.seq for one in reversed(leaves) if one.kind not in QUIET), state.news_seq)
        self._logs[state.station, state.log] = state._replace(seq=leaves[-1].seq, news_seq=news)

    def _write(self, conn: Connection, before: int, runs: Sequence[Run]) -> None:
        number = self.row.number
        tiles.add_runs(conn, number, runs)
        tiles.put_tiles(conn, number, self._edge.changed())
        self.row = self.row._replace(size=self._edge.size, root=self._edge.root())
        tiles.grow(conn, before, self.row)

    # ---- what entries say about the tree itself

    def _listen(self, conn: Connection, told: Sequence[tuple[str, int, int, int]]) -> None:
        for station, log, seq, at in told:
            page = conn.execute(_PAGE, {"station": station, "log": log, "seq": seq}).scalar_one()
            data = cbor2.loads(page)[0]
            fields = cbor2.loads(data)
            if station == CENTRE:
                self._successor(conn, fields, at, data)
            else:
                self._told(conn, self._logs[station, log], seq, fields)

    def _told(self, conn: Connection, state: InTree, seq: int, fields: list[Any]) -> None:
        ext = fields[_EXT]
        if fields[8] == kinds.CHECKPOINT_REFUSED:
            state = state._replace(refused_seq=seq, refused_reason=ext[2], told=ext[4])
        else:
            size, root, number, told = ext[:4]
            held = {"held_number": number, "held_size": size, "held_root": root, "held_seq": seq}
            state = state._replace(**held, told=told)
            self._compare(conn, state)
        self._logs[state.station, state.log] = state

    def _compare(self, conn: Connection, state: InTree) -> None:
        """A cabinet saw what this tree is not: nothing of it is signed any more."""
        if state.held_number < self.row.number or self.row.halted:
            return
        if state.held_number > self.row.number or not agrees(conn, self.row, state):
            why = f"{state.station} has seen {note.origin(self._site, state.held_number)} at {state.held_size}"
            self.halt(conn, f"{why}, in entry {state.held_seq} of its log {state.log}: it is not this tree")

    def halt(self, conn: Connection, why: str) -> None:
        """From now on nothing of this log is signed."""
        self.row = self.row._replace(halted=why)
        tiles.grow(conn, self.row.size, self.row)

    def _successor(self, conn: Connection, fields: list[Any], at: int, data: bytes) -> None:
        try:
            number = note.number_of(fields[_EXT][3])
        except ValueError:
            return
        tiles.add_successor(conn, number, at, data)
        if fields[_EXT][0] == self.row.origin and number > self.row.number:
            self._next = number

    def _succeed(self, conn: Connection) -> None:
        if self._next > self.row.number:
            self._take_up(conn, self._first(conn, self._next))


def agrees(conn: Connection, row: TreeRow, state: InTree) -> bool:
    """Is what the cabinet holds a beginning of the tree at `row`?"""
    if state.held_size > row.size:
        return False
    root = checkpoint.root_at(conn, row.number, state.held_size)
    return (root or tiles.proofs(conn, row.number).root(state.held_size)) == state.held_root


def _following(conn: Connection, state: InTree) -> list[Leaf]:
    """The entries after those of `state`, as far as none is missing."""
    where = {"station": state.station, "log": state.log, "seq": state.seq}
    found, due = [], state.seq + 1
    for row in conn.execute(_NEXT, where):
        if row.seq != due:
            break
        found.append(Leaf(row.seq, row.kind, bytes(row.leaf)))
        due += 1
    return found
