"""The distribution centre learns of use by itself (P10, PC1-PC8): JSON on `apotheca/1/{site}/supplier/usage`.

By default it is told drug, quantity and time, with a token instead of the patient: the same patient has the same token
at one site, and nobody without the site's key can tell whose it is. With `identity = true` under [supplier] in
site.toml it is told the patient and the time of administration as well (all four data of PC8).
"""

import hmac
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from firmware.journal import kinds
from server_stub.ledger.record import Entry

TOKEN_BYTES = 8


class SupplierRules(NamedTuple):
    """The key of the tokens (32 bytes), and whether patients are named."""

    key: bytes
    identity: bool


def topic(site: str) -> str:
    """Where use is told."""
    return f"apotheca/1/{site}/supplier/usage"


def usage(entries: Iterable[Entry], rules: SupplierRules) -> Iterator[bytes]:
    """A payload for each removal (quantity positive) and return (negative), in smallest units."""
    for entry in entries:
        if entry.kind in (kinds.REMOVE, kinds.RETURN):
            yield json.dumps(_usage(entry, rules), separators=(",", ":")).encode()


def token(key: bytes, patient: str) -> str:
    """16 hex digits for a patient; none for nobody."""
    return hmac.digest(key, patient.encode(), "sha256")[:TOKEN_BYTES].hex() if patient else ""


def _usage(entry: Entry, rules: SupplierRules) -> dict[str, Any]:
    told: dict[str, Any] = {
        "v": 1,
        "station": entry.station,
        "log": entry.log,
        "seq": entry.seq,
        "utc_ms": entry.utc_ms,
        "item": entry.item,
        "quantity": -(entry.change or 0),
        "patient_token": token(rules.key, entry.patient),
    }
    if rules.identity:
        told["patient"] = entry.patient
        told["administered_utc_ms"] = _administered(entry)
    return told


def _administered(entry: Entry) -> int | None:
    """As the nurse entered it, else the vend time (P8); a return has none."""
    if entry.kind != kinds.REMOVE:
        return None
    return entry.utc_ms if entry.ext[1] is None else int(entry.ext[1])
