"""What each pocket held at the end of a day (P15): a row for each day on which something happened to it."""

from sqlalchemy import Connection

from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.stock import schema
from server_stub.stock.bins import ONLY_BINS, of_pockets
from server_stub.stock.inventory import STOCK

DAY_MS = 86_400_000


class Closing:
    """The projection `closing_stock`; days are those of hospital time."""

    KINDS = STOCK | ONLY_BINS

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def apply(self, entry: Entry) -> None:
        """The last entry of a day has the last word."""
        if entry.place is not None and entry.after is not None:
            self._entries.append(entry)

    def flush(self, conn: Connection) -> None:
        """Write the days that changed."""
        rows = {
            (entry.station, entry.place, entry.utc_ms // DAY_MS): {
                "station": entry.station,
                "place": entry.place,
                "day": entry.utc_ms // DAY_MS,
                "item": entry.item or "",
                "quantity": entry.after,
            }
            for entry in of_pockets(conn, self._entries)
        }
        self._entries = []
        if rows:
            conn.execute(upsert(conn, schema.closing_stock, ("station", "place", "day")), list(rows.values()))
