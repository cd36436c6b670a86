"""The dataset: an entry as a JSON object with names for everything (docs/packets.md, docs/schemas/)."""

import json
from typing import Any

import cbor2

from firmware.journal import kinds
from server_stub.ledger.record import Page
from server_stub.proof.period import iso

# what ext holds, docs/journal.md section 2
EXT = {
    kinds.BOOT: ("firmware", "cause", "element", "adopted"),
    kinds.SIGN_ON: ("method",),
    kinds.SIGN_OFF: ("reason",),
    kinds.SIGN_ON_FAILED: ("reason",),
    kinds.DENIED: ("purpose", "reason", "quantity"),
    kinds.ACCESS: ("purpose", "quantity", "reason"),
    kinds.OPENED: ("drawer",),
    kinds.CLOSED: ("drawer", "open_ms"),
    kinds.CANCELLED: ("reason",),
    kinds.INTERRUPTED: ("reason",),
    kinds.REMOVE: ("reason", "administration_utc_ms", "code", "lot", "expiry", "override", "kit", "counted"),
    kinds.RETURN: ("reason", "removed_txn", "code", "lot", "expiry", "counted"),
    kinds.WASTE: ("reason", "removed_txn", "quantity"),
    kinds.REFILL: ("reason", "lot", "expiry", "code", "counted"),
    kinds.COUNT: ("expected", "previous_accessor", "previous_seq"),
    kinds.RETURN_BIN: ("reason", "removed_txn"),
    kinds.BIN_EMPTIED: ("reason",),
    kinds.LOAD: ("reason", "lot", "expiry", "code"),
    kinds.UNLOAD: ("reason",),
    kinds.OUTDATE: ("reason", "lot", "expiry"),
    kinds.ALARM: ("alarm", "drawer"),
    kinds.ALARM_CLEARED: ("alarm", "drawer"),
    kinds.FAILED: ("reason",),
    kinds.RECOVERED: ("reason",),
    kinds.DISCREPANCY: ("previous_accessor", "previous_seq"),
    kinds.TEMPERATURE: ("state", "value_centi", "limit_centi"),
    kinds.POWER: ("state", "percent"),
    kinds.QUARANTINE: ("state", "reason"),
    kinds.CLOCK: ("jump_ms",),
    kinds.ATTESTATION: ("prompt", "answer"),
    kinds.REFERENCE: ("table", "version", "digest"),
    kinds.COMMAND: ("number", "command", "result", "body"),
    kinds.TEMP_USER: ("badge", "user", "roles", "classes", "until_min", "digest"),
    kinds.PROVISIONAL_PATIENT: ("until_min",),
    kinds.PROVISIONAL_ENDED: ("reason",),
    kinds.PIN_CHANGED: ("digest",),
    kinds.BYPASS: ("what", "reason"),
    kinds.MAINTENANCE: ("state", "reason", "version"),
    kinds.SELFTEST: ("part", "result"),
    kinds.DELIVERED: ("label", "via", "until_min"),
    kinds.PICKED: ("label", "picked_utc_ms", "for_station", "quantity", "load_or_refill", "address"),
    kinds.CHECKED: ("label", "checked_utc_ms", "quantity", "result", "new_label", "address"),
    kinds.UNIT_ADDRESS: ("address", "state"),
    kinds.CRADLE_REFUSED: ("code", "address", "flag", "record"),
    kinds.SEAL: ("counter", "reason"),
    kinds.HOSPITAL_ADT: ("event_id", "event", "ward", "from_ward", "name"),
    kinds.HOSPITAL_ORDER: ("event_id", "event", "dose", "start_utc_ms", "stop_utc_ms", "interval_minutes", "flags"),
    kinds.HOSPITAL_ADMINISTRATION: ("event_id", "status", "quantity", "administered_utc_ms"),
    kinds.EVIDENCE: ("code", "station", "log", "seq", "sha256"),
    kinds.CENTRE_ALARM: ("code", "station", "raised"),
    kinds.REFERENCE_ISSUED: ("station", "table", "version", "digest"),
    kinds.COMMAND_ISSUED: ("station", "number", "command", "body", "reason"),
    kinds.ALERT_RAISED: ("station", "log", "seq", "facet", "code"),
    kinds.ALERT_CLEARED: ("station", "log", "seq", "facet", "by"),
    kinds.UNDOCUMENTED_REMOVAL: ("station", "log", "seq"),
    kinds.RESTOCK_ORDER: ("station", "order_number", "quantity", "on_hand", "on_order", "par_min", "par_max"),
    kinds.RESTOCK_ORDER_CLOSED: ("station", "order_number", "quantity", "reason"),
    kinds.DISCREPANCY_OPENED: ("station", "log", "seq"),
    kinds.DISCREPANCY_RESOLVED: ("station", "log", "seq", "by_station", "by_log", "by_seq", "note"),
    kinds.PACKET_MADE: ("from_utc_ms", "to_utc_ms", "manifest_sha256"),
    kinds.OPERATOR: ("what", "about"),
    kinds.TIME_ASSUMED: ("station", "log", "seq", "utc_ms"),
    kinds.SUPPLY_REMOVAL: ("station", "log", "seq"),
}
NAMES = {
    number: name.lower()
    for name, number in vars(kinds).items()
    if name.isupper() and not name.startswith(("PURPOSE_", "OUTCOMES"))
}


def dataset_row(page: Page) -> dict[str, Any]:
    """What the dataset says of an entry; `entry` are its bytes, which everything else follows from."""
    e = page.entry
    return {
        "station": e.station,
        "log": e.log,
        "seq": e.seq,
        "boot": e.boot,
        "utc_ms": e.utc_ms,
        "utc": iso(e.utc_ms),
        "mono_ms": e.mono_ms,
        "tq": e.tq,
        "kind": e.kind,
        "name": NAMES.get(e.kind, f"kind_{e.kind}"),
        "actor": e.actor,
        "witness": e.witness,
        "item": e.item,
        "place": e.place,
        "before": e.before,
        "change": e.change,
        "after": e.after,
        "txn": e.txn,
        "ref": None if e.ref is None else e.ref.hex(),
        "patient": e.patient,
        "order": e.order,
        "ext": _named(EXT.get(e.kind, ()), e.ext),
        "entry": cbor2.loads(page.data)[0].hex(),
    }


def line(row: dict[str, Any]) -> str:
    """A row as a line of NDJSON."""
    return json.dumps(row) + "\n"


def _named(names: tuple[str, ...], values: list[Any]) -> dict[str, Any]:
    """Values beyond the names known (of a later version) are named by their place."""
    return {names[at] if at < len(names) else str(at): _plain(value) for at, value in enumerate(values)}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [_plain(one) for one in value] if isinstance(value, list) else value
