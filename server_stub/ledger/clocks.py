"""Cabinets whose clock can not be right: the centre says when it takes a removal to have been, and raises an alarm.

What it assumes is an entry that precedes the removal's in the ledger, so that a rebuild judges by the same time.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from firmware import codes
from firmware.journal import kinds
from server_stub.ledger import schema
from server_stub.ledger.log import CentreLog
from server_stub.ledger.record import Entry, Page
from server_stub.ledger.transaction import Transaction

AHEAD_MS = 24 * 3_600_000
# 2020-01-01: before there were such cabinets
EARLIEST_MS = 1_577_836_800_000
_NO_TIME = 0


def believable(entry: Entry, received_utc_ms: int) -> bool:
    """Can the entry have been written when it says? `received_utc_ms` is hospital time of its receipt."""
    return entry.tq != _NO_TIME and EARLIEST_MS <= entry.utc_ms <= received_utc_ms + AHEAD_MS


class Clocks:
    """Looks at what each station says of the time; remembers whose alarm stands."""

    def __init__(self, log: CentreLog) -> None:
        self._log = log
        self._wrong: set[str] | None = None

    def forget(self) -> None:
        """Read anew which alarms stand (after a transaction that failed)."""
        self._wrong = None

    def take(self, tx: Transaction, pages: Sequence[Page], received_utc_ms: int) -> None:
        """Append the new pages of one station, before each removal without a believable time the time assumed."""
        sound = True
        for page in pages:
            sound = believable(page.entry, received_utc_ms)
            if not sound:
                self._say(tx, page.entry.station, wrong=True)
                self._assume(tx, page.entry, received_utc_ms)
            tx.append(page)
        if sound and pages:
            self._say(tx, pages[-1].entry.station, wrong=False)

    def _assume(self, tx: Transaction, entry: Entry, received_utc_ms: int) -> None:
        if entry.kind == kinds.REMOVE:
            self._log.append(tx, kinds.TIME_ASSUMED, [entry.station, entry.log, entry.seq, received_utc_ms])

    def _say(self, tx: Transaction, station: str, *, wrong: bool) -> None:
        standing = self._standing(tx.conn)
        if (station in standing) != wrong:
            self._log.append(tx, kinds.CENTRE_ALARM, [codes.CLOCK_WRONG, station, int(wrong)])
            (standing.add if wrong else standing.discard)(station)

    def _standing(self, conn: Connection) -> set[str]:
        if self._wrong is None:
            table = schema.alarms.c
            self._wrong = set(conn.scalars(select(table.station).where(table.code == codes.CLOCK_WRONG)))
        return self._wrong
