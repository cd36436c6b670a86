"""What each pocket held at the end of a day (P15): a row for each day on which something happened to it."""

from typing import Any

from sqlalchemy import Connection

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.stock import schema

DAY_MS = 86_400_000


class Closing:
    """The projection `closing_stock`; days are those of hospital time."""

    KINDS = frozenset((kinds.REMOVE, kinds.RETURN, kinds.REFILL, kinds.COUNT))

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, int], dict[str, Any]] = {}

    def apply(self, entry: Entry) -> None:
        """The last entry of a day has the last word."""
        if entry.place is None or entry.after is None:
            return
        day = entry.utc_ms // DAY_MS
        self._rows[entry.station, entry.place, day] = {
            "station": entry.station,
            "place": entry.place,
            "day": day,
            "item": entry.item or "",
            "quantity": entry.after,
        }

    def flush(self, conn: Connection) -> None:
        """Write the days that changed."""
        if self._rows:
            conn.execute(upsert(conn, schema.closing_stock, ("station", "place", "day")), list(self._rows.values()))
        self._rows = {}
