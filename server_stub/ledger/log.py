"""The centre's own log: hospital events, evidence, alarms and what was issued, as entries of station `centre`."""

import hmac
import secrets
import time
from typing import Any

import cbor2
from sqlalchemy import Connection, func, select

from firmware.journal import entry, kinds
from firmware.version import VERSION
from server_stub.ledger import schema, store
from server_stub.ledger.batch import next_page
from server_stub.ledger.sign import CENTRE
from server_stub.ledger.transaction import Transaction

LOG = 1
_NETWORK_TIME = 2


class CentreLog:
    """Appends to the centre's log; `key` is its K, `genesis` its first record."""

    def __init__(self, key: bytes, genesis: bytes) -> None:
        self._key = key
        self._genesis = genesis
        self._boot = 0
        self._started = time.monotonic_ns()

    def load(self, conn: Connection) -> None:
        """Take up the log where the database has it (also after a transaction that failed)."""
        self._state = self._saved = store.load_log(conn, CENTRE, LOG, self._genesis)

    def boot(self, tx: Transaction) -> None:
        """A new run of the centre: boot rises by one."""
        boots = select(func.count()).where(schema.entries.c.station == CENTRE, schema.entries.c.kind == kinds.BOOT)
        self._boot = (tx.conn.scalar(boots) or 0) + 1
        self.append(tx, kinds.BOOT, [VERSION, 0, "none", 0])

    def append(  # noqa: PLR0913 - the fields an entry of the centre can have
        self,
        tx: Transaction,
        kind: int,
        ext: list[Any],
        *,
        utc_ms: int | None = None,
        item: str | None = None,
        patient: str = "",
        order: str = "",
        actor: str = CENTRE,
        witness: str | None = None,
        place: str | None = None,
        change: int | None = None,
        ref: bytes | None = None,
    ) -> int:
        """Append one entry (hospital time `utc_ms`, by default now) and give its seq.

        With `patient` or `order` the entry discloses them; `ref` instead is that of another entry, undisclosed.
        """
        disclosure = None
        if patient or order:
            ref, disclosure = entry.ref_of(secrets.token_bytes(16), patient, order)
        state = self._state
        mono_ms = (time.monotonic_ns() - self._started) // 1_000_000
        when = tx.utc_ms if utc_ms is None else utc_ms
        head = [1, CENTRE, LOG, self._boot, state.seq + 1, when, mono_ms, _NETWORK_TIME, kind, actor, witness]
        data = cbor2.dumps([*head, item, place, None, change, None, 0, ref, ext])
        draft = next_page(data, disclosure, b"", state.head)
        mac = hmac.digest(self._key, draft.head, "sha256")[:16]
        tx.append(draft._replace(data=cbor2.dumps([data, disclosure, mac])))
        self._state = state._replace(seq=state.seq + 1, head=draft.head, entries=state.entries + 1)
        return self._state.seq

    def save(self, tx: Transaction) -> None:
        """Store where the log stands, if it has moved."""
        if self._state != self._saved:
            store.save_logs(tx.conn, [self._state])
            self._saved = self._state
