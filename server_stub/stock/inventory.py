"""What is in which pocket, from entries: quantities in the item's smallest unit, and where a count is owed."""

from typing import Any

from sqlalchemy import Connection

from firmware.journal import kinds
from server_stub.ledger import schema
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.stock.bins import ONLY_BINS, of_pockets

# after one of these a pocket holds what the entry says
STOCK = frozenset(
    (
        *(kinds.REMOVE, kinds.RETURN, kinds.REFILL, kinds.COUNT),
        *(kinds.LOAD, kinds.UNLOAD, kinds.OUTDATE, kinds.DISCREPANCY),
    )
)
# a count is owed after the first, and no more after the others: whoever unloads counts what is left
_OWING = {kinds.INTERRUPTED: 1, kinds.COUNT: 0, kinds.UNLOAD: 0}


class Inventory:
    """The projection `inventory`: a pocket holds what its last entry says."""

    KINDS = STOCK | ONLY_BINS | {kinds.INTERRUPTED}

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def apply(self, entry: Entry) -> None:
        """An interrupted access makes its pocket owe a count; only a count settles that."""
        if entry.place is not None:
            self._entries.append(entry)

    def flush(self, conn: Connection) -> None:
        """Write the pockets that changed."""
        held: dict[tuple[str, str], dict[str, Any]] = {}
        owing: dict[tuple[str, str], dict[str, Any]] = {}
        for entry in of_pockets(conn, self._entries):
            key, row = (entry.station, entry.place or ""), _row(entry)
            if entry.kind in _OWING:
                owing.setdefault(key, row)["must_count"] = row["must_count"]
            if entry.kind != kinds.INTERRUPTED and entry.after is not None:
                held[key] = row
        self._entries = []
        for rows, columns in ((held, ("item", "quantity", "utc_ms")), (owing, ("must_count",))):
            if rows:
                conn.execute(upsert(conn, schema.inventory, ("station", "place"), columns), list(rows.values()))


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "station": entry.station,
        "place": entry.place,
        "item": entry.item or "",
        "quantity": entry.after or 0,
        "must_count": _OWING.get(entry.kind, 0),
        "utc_ms": entry.utc_ms,
    }
