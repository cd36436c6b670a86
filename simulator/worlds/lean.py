"""The centre without forecasts, orders and verdicts: ledger, answers, tables, inventory and alarms. Most worlds run it,
for the sake of time; every so many run all of `server_stub.centre`."""

from sqlalchemy import Connection

from server_stub.centre import Centre
from server_stub.integration.hospital import Hospital
from server_stub.ledger import store
from server_stub.ledger.record import Entry
from server_stub.ledger.transaction import Outgoing, Transaction
from server_stub.stock.inventory import Inventory
from server_stub.watch.alarms import Alarms


class Few:
    """The projections that the invariants look at, and those that the tables are made of."""

    def __init__(self) -> None:
        self._parts = (Inventory(), Alarms(), Hospital())

    def apply(self, entry: Entry) -> None:
        """Take one entry in."""
        for part in self._parts:
            if entry.kind in part.KINDS:
                part.apply(entry)

    def flush(self, conn: Connection) -> None:
        """Write what the entries since the last flush changed."""
        for part in self._parts:
            part.flush(conn)


class Lean(Centre):
    """As `Centre`, but it decides nothing about stock, orders and verdicts, and feeds nobody."""

    def _begin(self, conn: Connection) -> Transaction:
        return Transaction(conn, Few(), self._clock.utc_ms(), self._transport_ms())

    def _decide(self, tx: Transaction) -> None:
        pass

    def _finish(self, tx: Transaction) -> list[Outgoing]:
        out = tx.finish()
        self._log.save(tx)
        store.drop_outbox(tx.conn, self._sent)
        self._sent = []
        return out
