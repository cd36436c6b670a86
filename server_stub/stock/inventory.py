"""What is in which pocket, from entries: quantities in the item's smallest unit, and where a count is owed."""

from typing import Any

from sqlalchemy import Connection

from firmware.journal import kinds
from server_stub.ledger import schema
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert


class Inventory:
    """The projection `inventory`: a pocket holds what its last entry says."""

    KINDS = frozenset((kinds.REMOVE, kinds.RETURN, kinds.REFILL, kinds.COUNT, kinds.INTERRUPTED))

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], dict[str, Any]] = {}
        self._owing: dict[tuple[str, str], dict[str, Any]] = {}

    def apply(self, entry: Entry) -> None:
        """An interrupted access makes its pocket owe a count; only a count settles that."""
        if entry.place is None:
            return
        key = (entry.station, entry.place)
        row: dict[str, Any] = {
            "station": entry.station,
            "place": entry.place,
            "item": entry.item or "",
            "quantity": entry.after or 0,
            "must_count": int(entry.kind == kinds.INTERRUPTED),
            "utc_ms": entry.utc_ms,
        }
        if entry.kind in (kinds.INTERRUPTED, kinds.COUNT):
            self._owing.setdefault(key, row)["must_count"] = row["must_count"]
        if entry.kind != kinds.INTERRUPTED and entry.after is not None:
            self._held[key] = row

    def flush(self, conn: Connection) -> None:
        """Write the pockets that changed."""
        for rows, columns in ((self._held, ("item", "quantity", "utc_ms")), (self._owing, ("must_count",))):
            if rows:
                conn.execute(upsert(conn, schema.inventory, ("station", "place"), columns), list(rows.values()))
        self._held, self._owing = {}, {}
