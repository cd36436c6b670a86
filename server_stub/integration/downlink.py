"""What goes down to a station besides answers: reference tables, as they change and as a station turns out behind."""

import json
from typing import Any

from server_stub.integration.reference import Change, ReferenceTables, envelopes
from server_stub.ledger.ingest import Names, Register
from server_stub.ledger.sign import Signer
from server_stub.ledger.transaction import Transaction

SETTLE_MS = 1000
MAX_STATUS_BYTES = 4096
_BEYOND = 1 << 62  # no version is so high, and no database takes more


class Downlink:
    """Sends changes. A station's status that reports an old version soon after one was sent is looked at again after
    SETTLE_MS (transport time), so that what is still under way is not sent twice."""

    def __init__(self, names: Names, register: Register, signer: Signer, tables: ReferenceTables) -> None:
        self._names = names
        self._register = register
        self._signer = signer
        self._tables = tables
        self._sent_ms: dict[tuple[str, str], int] = {}
        self._behind: dict[str, dict[str, int]] = {}

    def send(self, tx: Transaction, change: Change) -> None:
        """Send one change."""
        known = self._register(change.station)
        if known is None:
            return
        topic = self._names.down(change.station, "reference")
        for message in envelopes(change, self._signer, known.keys.mac):
            tx.send_once(topic, message)
        self._sent_ms[change.station, change.table] = tx.received_ms

    def status(self, tx: Transaction, station: str, payload: bytes) -> None:
        """A station says which versions it has; a status that can not be read asks for nothing."""
        versions = _versions(payload)
        if versions is not None:
            self._behind[station] = {**dict.fromkeys(self._tables.versions(station), 0), **versions}
            self.catch_up(tx)

    def behind(self) -> dict[str, dict[str, int]]:
        """Who is still to be sent something, for `failed`."""
        return dict(self._behind)

    def failed(self, behind: dict[str, dict[str, int]]) -> None:
        """The transaction did not come to its end: as before it."""
        self._behind = behind

    def catch_up(self, tx: Transaction) -> None:
        """Send what stations miss, except what was sent a moment ago."""
        for station in list(self._behind):
            later = {}
            for table, has in self._behind[station].items():
                # a clock that was set back holds up nobody
                if 0 <= tx.received_ms - self._sent_ms.get((station, table), -SETTLE_MS) < SETTLE_MS:
                    later[table] = has
                elif change := self._tables.since(station, table, has):
                    self.send(tx, change)
            if later:
                self._behind[station] = later
            else:
                del self._behind[station]


def _versions(payload: bytes) -> dict[str, int] | None:
    try:
        status: Any = json.loads(payload[:MAX_STATUS_BYTES])
    except (ValueError, RecursionError):
        return None
    tables = status.get("tables") if isinstance(status, dict) and status.get("online") is True else None
    if not isinstance(tables, dict):
        return None
    return {str(table): v for table, v in tables.items() if type(v) is int and 0 <= v < _BEYOND}
