"""The fold of the ledger: one `apply` for every projection, the same for one entry more and for a rebuild."""

from collections.abc import Callable, Iterable
from hashlib import sha256

from sqlalchemy import Connection, delete, select

from server_stub.integration.hospital import Hospital
from server_stub.ledger import schema, store
from server_stub.ledger.record import Entry
from server_stub.proof import schema as proof
from server_stub.proof.record import Packets
from server_stub.stock import schema as stock
from server_stub.stock.bins import Bins
from server_stub.stock.closing import Closing
from server_stub.stock.demand import Demand
from server_stub.stock.inventory import Inventory
from server_stub.stock.issued import Issued
from server_stub.stock.lots import Lots
from server_stub.stock.usage import Usage
from server_stub.supply import schema as supply
from server_stub.supply.labels import Labels
from server_stub.supply.orders import Orders
from server_stub.verify import schema as verify_schema
from server_stub.verify.book import Book
from server_stub.verify.projection import Verification
from server_stub.watch import schema as watch
from server_stub.watch.alarms import Alarms
from server_stub.watch.conditions import Conditions
from server_stub.watch.found import Found
from server_stub.watch.people import People

PROJECTIONS = (
    *(*schema.PROJECTIONS, *stock.PROJECTIONS, *supply.PROJECTIONS, *watch.PROJECTIONS),
    *(*verify_schema.PROJECTIONS, *proof.PROJECTIONS),
)
_FLUSH_EVERY = 2000


class Projections:
    """All projections of the centre; `book` is what verification keeps in memory."""

    def __init__(self, book: Book) -> None:
        self._parts = (
            *(Inventory(), Usage(), Alarms(), Hospital(), Packets(), Verification(book)),
            *(Demand(), Closing(), Issued(), Orders(), Labels(), Found(), Conditions(), People()),
            # last: others ask which places are bins as they were before this flush
            *(Lots(), Bins()),
        )
        self._apply: dict[int, list[Callable[[Entry], None]]] = {}
        for part in self._parts:
            for kind in part.KINDS:
                self._apply.setdefault(kind, []).append(part.apply)

    def apply(self, entry: Entry) -> None:
        """Take one entry in."""
        for apply in self._apply.get(entry.kind, ()):
            apply(entry)

    def flush(self, conn: Connection) -> None:
        """Write what the entries since the last flush changed."""
        for part in self._parts:
            part.flush(conn)


def rebuild(conn: Connection) -> tuple[bytes, bytes]:
    """Throw every projection away and fold the ledger again; gives the digests before and after."""
    before = digest(conn)
    for table in PROJECTIONS:
        conn.execute(delete(table))
    _fold_all(conn, (page.entry for page in store.pages_in_order(conn)))
    return before, digest(conn)


def _fold_all(conn: Connection, entries: Iterable[Entry]) -> None:
    fold = Projections(Book())
    for count, entry in enumerate(entries, 1):
        fold.apply(entry)
        if count % _FLUSH_EVERY == 0:
            fold.flush(conn)
    fold.flush(conn)


def digest(conn: Connection) -> bytes:
    """SHA-256 over all rows of all projections in key order."""
    whole = sha256()
    for table in PROJECTIONS:
        rows = [repr(tuple(row)) for row in conn.execute(select(table))]
        for row in sorted(rows):
            whole.update(f"{table.name} {row}\n".encode())
    return whole.digest()
