"""Entries in words, for people."""

from datetime import UTC, datetime

from firmware.journal import kinds
from server_stub.ledger.record import Entry

_NAMES = {
    kinds.BOOT: "controller started",
    kinds.SIGN_ON: "signed on",
    kinds.SIGN_OFF: "signed off",
    kinds.SIGN_ON_FAILED: "sign-on refused",
    kinds.DENIED: "denied",
    kinds.ACCESS: "access granted",
    kinds.OPENED: "drawer opened",
    kinds.CLOSED: "drawer closed",
    kinds.CANCELLED: "cancelled",
    kinds.INTERRUPTED: "interrupted: a count is owed",
    kinds.REMOVE: "removed",
    kinds.RETURN: "returned",
    kinds.WASTE: "wasted",
    kinds.REFILL: "refilled",
    kinds.COUNT: "counted",
    kinds.ALARM: "ALARM",
    kinds.ALARM_CLEARED: "alarm cleared",
    kinds.REFERENCE: "took up a table",
    kinds.COMMAND: "carried out a command",
    kinds.HOSPITAL_ADT: "patient movement",
    kinds.HOSPITAL_ORDER: "order",
    kinds.HOSPITAL_ADMINISTRATION: "administration charted",
    kinds.EVIDENCE: "evidence kept",
    kinds.CENTRE_ALARM: "alarm of the centre",
    kinds.REFERENCE_ISSUED: "issued a table",
    kinds.COMMAND_ISSUED: "issued a command",
}


def clock(utc_ms: int | None) -> str:
    """A time of day with its date, UTC."""
    if utc_ms is None:
        return "–"
    return datetime.fromtimestamp(utc_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def age(ms: int | None) -> str:
    """How long ago."""
    if ms is None:
        return "never"
    seconds = max(0, ms) // 1000
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def entry(one: Entry) -> str:
    """What an entry says."""
    words = _NAMES.get(one.kind, f"kind {one.kind}")
    if one.item:
        amount = "" if one.change is None else f" {abs(one.change)} ×"
        words += f"{amount} {one.item}"
    if one.after is not None:
        words += f", {one.before} → {one.after}"
    if one.kind in (kinds.ALARM, kinds.ALARM_CLEARED):
        words += f" {one.ext[0]} (drawer {one.ext[1]})"
    if one.kind == kinds.REFERENCE:
        words += f": {one.ext[0]} version {one.ext[1]}"
    return words
