"""What follows a durable batch: its entries become rows of the ledger and are folded, in the order batches came.

The position is where `logs` stands: it moves in the transaction of the rows and projections, so that a crash anywhere
repeats nothing and leaves nothing out. Batches may come from several processes; within a log they are in order.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, func, select, tuple_

from firmware import codes
from firmware.journal import kinds
from server_stub.ledger import schema, store
from server_stub.ledger.batch import pages_of
from server_stub.ledger.clocks import Clocks
from server_stub.ledger.log import CentreLog
from server_stub.ledger.record import LogState, Page
from server_stub.ledger.transaction import Transaction

# a step is one transaction, in which nobody is answered: about a tenth of a second
STEP_ENTRIES = 1024
STEP_BATCHES = 256
# how much is looked up at once of what waits
LOOK = 20_000

_LOG = tuple[str, int]


class _Waiting(NamedTuple):
    """A batch whose entries are still to be folded."""

    id: int
    station: str
    log: int
    last_seq: int
    entries: int
    genesis: bytes

    @property
    def key(self) -> _LOG:
        """Its log."""
        return self.station, self.log


class CatchUp:
    """Takes batches into the ledger, step by step; `ago` gives hospital time so many milliseconds ago."""

    def __init__(self, log: CentreLog, ago: Callable[[int], int]) -> None:
        self._log = log
        self._ago = ago
        self._clocks = Clocks(log)
        self._queue: deque[_Waiting] = deque()
        self._aside: set[_LOG] = set()
        self._alarmed: set[str] | None = None
        self._states: dict[_LOG, LogState] = {}
        self._more = True
        self._noted = 0

    @property
    def behind(self) -> bool:
        """Is there anything to be done?"""
        return self._more or bool(self._queue)

    @property
    def waiting(self) -> int:
        """How many batches are known to wait."""
        return len(self._queue) + self._noted

    def note(self, new: int) -> None:
        """So much is new."""
        self._more = self._more or new > 0
        self._noted += new

    def look(self, conn: Connection) -> None:
        """See whether other processes have taken anything in, or found something."""
        if any(conn.execute(query).first() is not None for query in (self._but_aside(_BEHIND), _FINDING)):
            self.note(1)

    def forget(self) -> None:
        """Read all anew (after a transaction that failed)."""
        self._queue.clear()
        self._states.clear()
        self._clocks.forget()
        self._alarmed = None
        self._more = True

    def step(self, tx: Transaction, batches: int = STEP_BATCHES) -> None:
        """Take in some of what waits, `batches` at most, and say what ingest found."""
        if not self._queue and self._more:
            self._look(tx.conn)
        chosen = self._choose(batches)
        touched = {w.key for w in chosen}
        for waiting, (raw, received_ms) in zip(chosen, _raw(tx.conn, chosen), strict=True):
            self._take(tx, waiting, raw, self._ago(max(0, tx.received_ms - received_ms)))
        for found in store.take_findings(tx.conn):
            touched |= self._say(tx, found)
        store.save_logs(tx.conn, [self._states[key] for key in sorted(touched)])

    def set_aside(self, tx: Transaction) -> None:
        """The first batch that waits can not be folded: its log waits until the next start, the others go on."""
        self._look(tx.conn)
        if not self._queue:
            return
        first = self._queue[0]
        self._aside.add(first.key)
        self._queue = deque(w for w in self._queue if w.key not in self._aside)
        self._alarm(tx, first.station, stands=True)

    def _look(self, conn: Connection) -> None:
        self._queue = deque(_Waiting(*row) for row in conn.execute(self._but_aside(_WAITING).limit(LOOK)))
        self._more = len(self._queue) >= LOOK
        self._noted = 0

    def _but_aside(self, query: Select[Any]) -> Select[Any]:
        return query.where(tuple_(_H.station, _H.log).not_in(sorted(self._aside))) if self._aside else query

    def _choose(self, batches: int) -> list[_Waiting]:
        chosen: list[_Waiting] = []
        entries = 0
        while self._queue and len(chosen) < batches and entries < STEP_ENTRIES:
            chosen.append(self._queue.popleft())
            entries += chosen[-1].entries
        return chosen

    def _take(self, tx: Transaction, waiting: _Waiting, raw: bytes, received_utc_ms: int) -> None:
        state = self._state(tx.conn, waiting.key, waiting.genesis)
        pages = pages_of(raw, state.seq)
        if pages:
            self._states[waiting.key] = _extended(state, pages)
            self._clocks.take(tx, pages, received_utc_ms)
            self._alarm(tx, waiting.station, stands=False)

    def _alarm(self, tx: Transaction, station: str, *, stands: bool) -> None:
        if self._alarmed is None:
            table = schema.alarms.c
            self._alarmed = set(tx.conn.scalars(select(table.station).where(table.code == codes.NOT_FOLDED)))
        if (station in self._alarmed) != stands:
            (self._alarmed.add if stands else self._alarmed.discard)(station)
            self._log.append(tx, kinds.CENTRE_ALARM, [codes.NOT_FOLDED, station, int(stands)])

    def _say(self, tx: Transaction, found: Any) -> set[_LOG]:
        """The centre's log says what ingest found; gives the log that stopped by it."""
        if found.sha256 is not None:
            self._log.append(tx, kinds.EVIDENCE, [found.code, found.station, found.log, found.seq, found.sha256])
        if found.code != codes.FORK:
            return set()
        key = (found.station, found.log)
        held, _ = store.load_held(tx.conn, *key, b"")
        self._states[key] = self._state(tx.conn, key, held.genesis)._replace(stopped=True)
        self._log.append(tx, kinds.CENTRE_ALARM, [codes.FORK, found.station, 1])
        return {key}

    def _state(self, conn: Connection, key: _LOG, genesis: bytes) -> LogState:
        if key not in self._states:
            self._states[key] = store.load_log(conn, *key, genesis)
        return self._states[key]


def _extended(state: LogState, pages: list[Page]) -> LogState:
    removals = sum(page.entry.kind == kinds.REMOVE for page in pages)
    last = pages[-1]
    return state._replace(
        seq=last.entry.seq,
        head=last.head,
        entries=state.entries + len(pages),
        removals=state.removals + removals,
    )


_A, _B, _H, _L = schema.alarms.c, schema.batches.c, schema.held.c, schema.logs.c
_FOLDED = func.coalesce(_L.seq, 0)
_BEHIND = (
    select(_H.station)
    .outerjoin(schema.logs, and_(_L.station == _H.station, _L.log == _H.log))
    .where(_H.seq > _FOLDED)
    .limit(1)
)
_WAITING = (
    select(_B.id, _B.station, _B.log, _B.last_seq, _B.last_seq - _B.first_seq + 1, _H.genesis)
    .select_from(schema.held)
    .outerjoin(schema.logs, and_(_L.station == _H.station, _L.log == _H.log))
    .join(schema.batches, and_(_B.station == _H.station, _B.log == _H.log, _B.last_seq > _FOLDED))
    .where(_H.seq > _FOLDED)
    .order_by(_B.id)
)
_FINDING = select(schema.findings.c.id).limit(1)


_RAW = select(_B.id, _B.raw, _B.received_ms).where(_B.id.in_(bindparam("ids", expanding=True)))


def _raw(conn: Connection, chosen: list[_Waiting]) -> list[tuple[bytes, int]]:
    """What came, and when, of each."""
    if not chosen:
        return []
    rows = conn.execute(_RAW, {"ids": [w.id for w in chosen]})
    found = {id_: (raw, received_ms) for id_, raw, received_ms in rows}
    return [found[w.id] for w in chosen]


# about a minute of folding
MANY = 10_000
_COUNT = (
    select(func.count())
    .select_from(schema.held)
    .outerjoin(schema.logs, and_(_L.station == _H.station, _L.log == _H.log))
    .join(schema.batches, and_(_B.station == _H.station, _B.log == _H.log, _B.last_seq > _FOLDED))
    .where(_H.seq > _FOLDED, _H.station.not_in(select(_A.station).where(_A.code == codes.NOT_FOLDED)))
)


def many_wait(conn: Connection) -> bool:
    """Does more wait than is folded in about a minute? Then no more should be taken in. What is set aside is not
    counted: it waits for the next start, and the others do not wait for it."""
    return (conn.scalar(_COUNT) or 0) >= MANY
