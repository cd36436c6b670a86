"""What each station used, by item and hour of hospital time, in the item's smallest unit."""

from sqlalchemy import Connection

from firmware.journal import kinds
from server_stub.ledger import schema
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert

HOUR_MS = 3_600_000

_COLUMN = {kinds.REMOVE: "removed", kinds.RETURN: "returned", kinds.WASTE: "wasted", kinds.REFILL: "refilled"}


class Usage:
    """The projection `usage`."""

    KINDS = frozenset(_COLUMN)

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, int], dict[str, int]] = {}

    def apply(self, entry: Entry) -> None:
        """Add what was removed, returned, wasted or refilled to its hour."""
        if entry.item is None:
            return
        key = (entry.station, entry.item, entry.utc_ms // HOUR_MS)
        sums = self._sums.setdefault(key, dict.fromkeys(_COLUMN.values(), 0))
        quantity = entry.ext[2] if entry.kind == kinds.WASTE else abs(entry.change or 0)
        sums[_COLUMN[entry.kind]] += quantity

    def flush(self, conn: Connection) -> None:
        """Add the sums since the last flush to the stored ones."""
        if not self._sums:
            return
        rows = [{"station": s, "item": i, "hour": h, **sums} for (s, i, h), sums in self._sums.items()]
        statement = upsert(conn, schema.usage, ("station", "item", "hour"), tuple(_COLUMN.values()), add=True)
        conn.execute(statement, rows)
        self._sums = {}
