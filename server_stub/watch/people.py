"""What people did at cabinets that someone looks at later: temporary users, answered prompts, scans passed by."""

from typing import Any

from sqlalchemy import Connection, insert

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.watch import schema


class People:
    """The projections `temporary_users`, `attestations` and `bypasses`."""

    KINDS = frozenset((kinds.TEMP_USER, kinds.ATTESTATION, kinds.BYPASS))

    def __init__(self) -> None:
        self._users: dict[tuple[str, str], dict[str, Any]] = {}
        self._answers: list[dict[str, Any]] = []
        self._bypasses: dict[tuple[str, str, int, int], int] = {}

    def apply(self, entry: Entry) -> None:
        """Somebody let another in, answered a prompt, or went without a scan."""
        if entry.kind == kinds.TEMP_USER:
            self._users[entry.station, entry.ext[1]] = _user(entry)
        elif entry.kind == kinds.ATTESTATION:
            self._answers.append(_answer(entry))
        else:
            key = (entry.station, entry.actor, *entry.ext[:2])
            self._bypasses[key] = self._bypasses.get(key, 0) + 1

    def flush(self, conn: Connection) -> None:
        """Write what came since the last flush."""
        if self._users:
            conn.execute(upsert(conn, schema.temporary_users, ("station", "user")), list(self._users.values()))
        if self._answers:
            conn.execute(insert(schema.attestations), self._answers)
        if self._bypasses:
            key = ("station", "user", "what", "reason")
            rows = [{**dict(zip(key, which, strict=True)), "times": n} for which, n in self._bypasses.items()]
            conn.execute(upsert(conn, schema.bypasses, key, add=True), rows)
        self._users, self._answers, self._bypasses = {}, [], {}


def _user(entry: Entry) -> dict[str, Any]:
    badge, user, roles, classes, until_min = entry.ext[:5]
    row = {"station": entry.station, "user": user, "badge": badge, "roles": roles, "classes": classes}
    return {**row, "until_min": until_min, "granted_by": entry.actor, "utc_ms": entry.utc_ms}


def _answer(entry: Entry) -> dict[str, Any]:
    prompt, answer = entry.ext[:2]
    row = {"station": entry.station, "log": entry.log, "seq": entry.seq, "utc_ms": entry.utc_ms, "user": entry.actor}
    return {**row, "item": entry.item or "", "prompt": prompt, "answer": answer}
