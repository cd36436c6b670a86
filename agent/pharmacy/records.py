"""What a handheld uploads, looked at: an entry for the journal, a repetition, or a refusal with its code.

Pure: what is known of labels comes in, nothing is written. P35: all goes by the label's number, nothing by the unit,
but that a unit numbers its own labels only.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Protocol

from agent.pharmacy import times
from agent.pharmacy.entries import Entry
from agent.pharmacy.tables import Label
from firmware import codes
from firmware.cradle import addresses, records
from firmware.journal import kinds
from firmware.requests.record import QTY, RESULTS
from firmware.schema import QUANTITY_MAX, is_id
from firmware.wire import labels

PICK, CHECK = "P", "C"
# of a refused record in the journal: a page holds no more (docs/journal.md section 2)
RECORD_KEPT = 120


class Known:
    """It is in the journal already: the handheld is told so once more."""


@dataclass(frozen=True)
class Refused:
    """It is not taken, and why (a number of firmware/codes.py). `damaged`: it may have been changed on the line."""

    code: int
    damaged: bool = False


class Facts(Protocol):
    """What is known of labels: agent/pharmacy/book.py."""

    def under_way(self, label: str) -> Label | None: ...
    def pick(self, label: str, picked_utc_ms: int) -> Label | None: ...
    def has_check(self, entry: Entry) -> bool: ...


@dataclass(frozen=True)
class Rules:
    """Settings of PROCAR.INI that decide about records; `zone` is that of their times (None: this computer's)."""

    require_hash: bool = True
    checker_may_be_picker: bool = False
    zone: tzinfo | None = None


Judged = Entry | Known | Refused


def judge(flag: str, data: bytes, address: str, facts: Facts, rules: Rules) -> Judged:
    """Judge what the unit `address` sent with flag P (P92) or C (P91); other flags are no records."""
    if flag not in _JUDGES:
        return Refused(codes.BAD_RECORD)
    read, judge_one = _JUDGES[flag]
    try:
        record = read(data, rules.require_hash or None)
        utc_ms = times.read(record["time"], rules.zone)
    except records.BadHash:
        return Refused(codes.BAD_RECORD_HASH, damaged=True)
    except (ValueError, OverflowError):
        return Refused(codes.BAD_RECORD, damaged=True)
    if not _has_shape(record):
        return Refused(codes.BAD_RECORD)
    return judge_one(record, utc_ms, address, facts, rules)


def of_refusal(flag: str, data: bytes, address: str, code: int) -> Entry:
    """The entry that keeps what was not taken."""
    return Entry(kinds.CRADLE_REFUSED, "", "", (code, address, flag, kept(data)))


def kept(data: bytes) -> str:
    """As much of a record as the journal keeps, as text."""
    text = data.decode("ascii", "replace")[:RECORD_KEPT]
    return re.sub(r"[^ -~]", "?", text)


def _pick(record: dict[str, Any], utc_ms: int, address: str, facts: Facts, _rules: Rules) -> Judged:
    serial, item = record["serial"], record.get("item") or ""
    if not is_id(record["station"], labels.STATION_MAX) or not record["quantity"] or (item and not is_id(item)):
        return Refused(codes.BAD_RECORD)
    if serial[:2] != address or not addresses.is_address(address):
        return Refused(codes.FOREIGN_SERIAL)
    said = (record["station"], item, record["quantity"], record["purpose"], record["user"])
    known = facts.pick(serial, utc_ms)
    if known and (known.station, known.item, known.quantity, known.purpose, known.picker) == said:
        return Known()
    if known or facts.under_way(serial):
        return Refused(codes.LABEL_STILL_OPEN)
    ext = (serial, utc_ms, record["station"], record["quantity"], record["purpose"], address)
    return Entry(kinds.PICKED, record["user"], item, ext)


def _check(record: dict[str, Any], utc_ms: int, address: str, facts: Facts, rules: Rules) -> Judged:
    serial, new, item = record["serial"], record.get("new_serial", ""), record["item"]
    result = RESULTS.index(record["status"]) if record["status"] in RESULTS else None
    if result is None or not is_id(item) or (result <= QTY and not record["quantity"]):
        return Refused(codes.BAD_RECORD)
    entry = Entry(kinds.CHECKED, record["user"], item, (serial, utc_ms, record["quantity"], result, new, address))
    if facts.has_check(entry):
        return Known()
    return _new_label_fault(result, serial, new, address, facts) or _person_fault(entry, facts, rules) or entry


def _new_label_fault(result: int, serial: str, new: str, address: str, facts: Facts) -> Refused | None:
    if (result == QTY) != bool(new) or new == serial:
        return Refused(codes.NO_NEW_LABEL)
    if new and (not labels.is_serial(new) or new[:2] != address):
        return Refused(codes.FOREIGN_SERIAL)
    if new and facts.under_way(new):
        return Refused(codes.LABEL_STILL_OPEN)
    return None


def _person_fault(entry: Entry, facts: Facts, rules: Rules) -> Refused | None:
    pick = facts.under_way(entry.ext[0])
    if pick is None:
        # its pick may still be in another unit
        return None
    if pick.item and pick.item != entry.item:
        return Refused(codes.BAD_RECORD)
    if pick.picker == entry.actor and not rules.checker_may_be_picker:
        return Refused(codes.CHECKER_IS_PICKER)
    return None


def _has_shape(record: dict[str, Any]) -> bool:
    return (
        labels.is_serial(record["serial"])
        and is_id(record["user"])
        and record["purpose"] in ("L", "R")
        and record["quantity"] <= QUANTITY_MAX
    )


_Read = Callable[[bytes, bool | None], dict[str, Any]]
_JUDGES: dict[str, tuple[_Read, Callable[[dict[str, Any], int, str, Facts, Rules], Judged]]] = {
    PICK: (records.read_pick, _pick),
    CHECK: (records.read_check, _check),
}
