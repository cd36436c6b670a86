"""What was asked for beyond what was given, and how much one removal takes: facts the forecast needs."""

from sqlalchemy import Connection

from firmware import codes
from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.stock import schema
from server_stub.stock.usage import HOUR_MS

_NOT_THERE = (codes.NOT_ENOUGH, codes.NO_POCKET)


class Demand:
    """The projections `unmet` and `removal_sizes`.

    A removal refused for want of stock counts with all that was asked for; one then taken in parts counts twice that
    hour, which only makes the levels a little higher.
    """

    KINDS = frozenset((kinds.REMOVE, kinds.DENIED))

    def __init__(self) -> None:
        self._unmet: dict[tuple[str, str, int], int] = {}
        self._sizes: dict[tuple[str, str, int], int] = {}

    def apply(self, entry: Entry) -> None:
        """Count a removal's size, or what could not be taken."""
        if entry.item is None:
            return
        if entry.kind == kinds.REMOVE:
            size = (entry.station, entry.item, -(entry.change or 0))
            self._sizes[size] = self._sizes.get(size, 0) + 1
            return
        purpose, reason, quantity = entry.ext[:3]
        if purpose == kinds.PURPOSE_REMOVE and reason in _NOT_THERE:
            key = (entry.station, entry.item, entry.utc_ms // HOUR_MS)
            self._unmet[key] = self._unmet.get(key, 0) + quantity

    def flush(self, conn: Connection) -> None:
        """Add the counts since the last flush to the stored ones."""
        if self._unmet:
            rows = [{"station": s, "item": i, "hour": h, "quantity": n} for (s, i, h), n in self._unmet.items()]
            conn.execute(upsert(conn, schema.unmet, ("station", "item", "hour"), add=True), rows)
        if self._sizes:
            rows = [{"station": s, "item": i, "quantity": q, "times": n} for (s, i, q), n in self._sizes.items()]
            conn.execute(upsert(conn, schema.removal_sizes, ("station", "item", "quantity"), add=True), rows)
        self._unmet, self._sizes = {}, {}
