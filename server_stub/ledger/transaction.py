"""One transaction of the centre: what it appends, folds and will send; all of it becomes true together."""

from typing import NamedTuple, Protocol

from sqlalchemy import Connection

from server_stub.ledger import store
from server_stub.ledger.record import Entry, LogState, Page


class Fold(Protocol):
    """All projections as one: `apply` each entry in order, `flush` what that changed."""

    def apply(self, entry: Entry) -> None:
        """Take one entry in."""
        ...

    def flush(self, conn: Connection) -> None:
        """Write what the entries since the last flush changed."""
        ...


class Outgoing(NamedTuple):
    """A message for the broker; `id` is its row in the outbox, None if it is not kept there."""

    id: int | None
    topic: str
    payload: bytes


class Transaction:
    """Collects the work of one database transaction; `utc_ms` is hospital time, `received_ms` the computer's."""

    def __init__(self, conn: Connection, fold: Fold, utc_ms: int, received_ms: int) -> None:
        self.conn = conn
        self.utc_ms = utc_ms
        self.received_ms = received_ms
        self.appended: list[Entry] = []
        self._fold = fold
        self._pages: list[Page] = []
        self._kept: list[tuple[str, bytes]] = []
        self._passing: list[Outgoing] = []

    def append(self, page: Page) -> None:
        """Append a page to the ledger and fold it."""
        self._pages.append(page)
        self.appended.append(page.entry)
        self._fold.apply(page.entry)

    def head_at(self, state: LogState, seq: int) -> bytes | None:
        """The ledger's head at `seq` of that log, also where this transaction has appended it and not yet settled."""
        for page in self._pages if seq < state.seq else ():
            if (page.entry.station, page.entry.log, page.entry.seq) == (state.station, state.log, seq):
                return page.head
        return store.head_at(self.conn, state, seq)

    def send(self, topic: str, payload: bytes) -> None:
        """Send after commit, and again after a crash."""
        self._kept.append((topic, payload))

    def send_once(self, topic: str, payload: bytes) -> None:
        """Send after commit; whoever misses it will ask."""
        self._passing.append(Outgoing(None, topic, payload))

    def settle(self) -> None:
        """Make what was appended readable in this transaction."""
        store.add_pages(self.conn, self._pages)
        self._pages = []
        self._fold.flush(self.conn)

    def finish(self) -> list[Outgoing]:
        """Settle and give all that is to be sent once the transaction is committed."""
        self.settle()
        ids = store.add_outbox(self.conn, self._kept)
        kept = [Outgoing(i, topic, payload) for i, (topic, payload) in zip(ids, self._kept, strict=True)]
        return kept + self._passing
