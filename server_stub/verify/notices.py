"""Alerts on their way to the kiosk of the station concerned (docs/wire.md section 3, notices)."""

from typing import Any

import cbor2

from server_stub.ledger.ingest import Names, Register
from server_stub.ledger.sign import Signer
from server_stub.ledger.transaction import Transaction
from server_stub.verify.facts import Removal

RAISED, OVER = 1, 2
MAX_AGE_MS = 24 * 3_600_000


class Notices:
    """Sends signed notices; nothing depends on them, so none is sent twice."""

    def __init__(self, names: Names, register: Register, signer: Signer) -> None:
        self._names = names
        self._register = register
        self._signer = signer

    def raised(self, tx: Transaction, removal: Removal, facet: int, code: int) -> None:
        """An alert about a removal was raised."""
        self._send(tx, removal, RAISED, [removal.seq, facet, code, removal.user, removal.item])

    def over(self, tx: Transaction, removal: Removal, facet: int, by: str) -> None:
        """An alert is over: `by` says why."""
        self._send(tx, removal, OVER, [removal.seq, facet, by])

    def _send(self, tx: Transaction, removal: Removal, kind: int, body: list[Any]) -> None:
        known = self._register(removal.station)
        if known is None or known.log != removal.log or tx.utc_ms - removal.utc_ms > MAX_AGE_MS:
            return
        payload = cbor2.dumps([1, removal.station, tx.utc_ms, kind, body])
        topic = self._names.down(removal.station, "notice")
        tx.send_once(topic, self._signer.envelope("notice", payload))
