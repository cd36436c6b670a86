"""Words for the pharmacy: entries, alarms and refusals. The one table of what the console says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages
from server_stub.console.queries import Item
from server_stub.ledger.record import Entry
from server_stub.watch import conditions

# 9999-12-31 23:59:59
_LAST_S = 253_402_300_799

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
    kinds.RETURN_BIN: "returned to the bin",
    kinds.BIN_EMPTIED: "emptied the return bin",
    kinds.LOAD: "loaded",
    kinds.UNLOAD: "unloaded",
    kinds.OUTDATE: "took out what is outdated",
    kinds.FAILED: "set out of use",
    kinds.RECOVERED: "recovered: it is counted now",
    kinds.DISCREPANCY: "DISCREPANCY",
    kinds.TEMPERATURE: "temperature",
    kinds.POWER: "power",
    kinds.QUARANTINE: "quarantine",
    kinds.CLOCK: "clock moved",
    kinds.ATTESTATION: "answered a prompt",
    kinds.TEMP_USER: "let a temporary user in",
    kinds.PROVISIONAL_PATIENT: "added a patient",
    kinds.PROVISIONAL_ENDED: "an added patient ended",
    kinds.PIN_CHANGED: "changed the PIN",
    kinds.BYPASS: "went without a scan",
    kinds.MAINTENANCE: "maintenance",
    kinds.SELFTEST: "self-test",
    kinds.DELIVERED: "delivered by label",
    kinds.PICKED: "picked",
    kinds.CHECKED: "checked a pick",
    kinds.UNIT_ADDRESS: "a handheld's address",
    kinds.CRADLE_REFUSED: "a handheld's record was refused",
    kinds.SEAL: "sealed",
    kinds.CHECKPOINT: "took a checkpoint of the ledger",
    kinds.CHECKPOINT_REFUSED: "REFUSED A CHECKPOINT",
    kinds.PICKING_RULES: "what is reported of picking",
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
    kinds.ALERT_RAISED: "alert raised",
    kinds.ALERT_CLEARED: "alert cleared",
    kinds.UNDOCUMENTED_REMOVAL: "undocumented removal",
    kinds.RESTOCK_ORDER: "restock ordered",
    kinds.RESTOCK_ORDER_CLOSED: "restock order closed",
    kinds.DISCREPANCY_OPENED: "discrepancy opened",
    kinds.DISCREPANCY_RESOLVED: "discrepancy resolved",
    kinds.PACKET_MADE: "packet made",
    kinds.OPERATOR: "console",
    kinds.TIME_ASSUMED: "time of a removal assumed",
    kinds.SUPPLY_REMOVAL: "supply without a patient",
    kinds.SUCCESSOR_LOG: "began a successor log",
}


_ALARMS = {
    codes.ALARM_LEFT_OPEN: "drawer left open",
    codes.ALARM_FORCED: "drawer forced open",
    codes.ALARM_JAMMED: "drawer jammed",
    codes.ALARM_DISAGREE: "drawer sensors disagree",
    codes.ALARM_JOURNAL_FULL: "journal full: the cabinet opens nothing more",
    codes.ALARM_JOURNAL_DAMAGE: "journal damaged",
    codes.ALARM_LID_FORCED: "lid forced open",
    codes.ALARM_TAMPER: "case open",
    codes.ALARM_ON_BATTERY: "on battery",
    codes.ALARM_BATTERY_LOW: "battery low",
    codes.ALARM_TEMPERATURE: "temperature outside its limits",
    codes.ALARM_CLOCK: "clock moved",
    codes.ALARM_ROLLED_BACK: "journal rolled back",
    codes.ALARM_ELEMENT: "secure element",
    codes.ALARM_SPLIT_VIEW: "was shown another history than before: see Sync",
    codes.FORK: "journal contradicts the ledger: its log has stopped",
    codes.STATION_SILENT: "silent: no heartbeat for three minutes",
    codes.CLOCK_WRONG: "clock is wrong: its removals are judged by when they came in; set the clock",
    codes.TREE_HALTED: "has seen a history that this ledger does not hold: no checkpoint is signed, see Sync",
    codes.NOT_FOLDED: (
        "entries are safe but can not be shown: call support, the log of the process ingest says why; "
        "the next start tries again"
    ),
    codes.LABELS_FULL: "more packages are on their way than its table of labels holds: the oldest are unknown there",
    codes.TABLE_FULL: "more patients or orders than its tables hold: the newest are kept",
}

REFUSALS = {
    codes.UNSIGNED_BATCH: "Not signed by the station. Nothing was taken; if it repeats, look who holds its keys.",
    codes.UNKNOWN_STATION: "This station is not enrolled here. Enrol it, or take it off the broker.",
    codes.BAD_BATCH: "Signed, but not what a station can say. Nothing was taken; update or examine the station.",
    codes.BAD_CHAIN: "Entries do not follow from each other or were not made by the controller. Examine the cabinet.",
    codes.FORK: "Another history than the ledger's; the log has stopped. Examine it, then apotheca station replace.",
    codes.BAD_HEARTBEAT: "Signed, but not in the form of a heartbeat. Update the station's agent.",
}


def alarm(code: int, drawer: int) -> str:
    """An alarm that stands."""
    words = _ALARMS.get(code, f"alarm {code}")
    return f"{words} (drawer {drawer})" if drawer else words


def clock(utc_ms: int | None) -> str:
    """A time of day with its date, UTC."""
    if utc_ms is None:
        return "–"
    return _moment(utc_ms / 1000).strftime("%Y-%m-%d %H:%M:%S")


def _moment(seconds: float) -> datetime:
    """A label or a clock that is wrong can name a time beyond all calendars: the last there is stands for it."""
    return datetime.fromtimestamp(min(seconds, _LAST_S), UTC)


def age(ms: int | None) -> str:
    """How long ago."""
    if ms is None:
        return "never"
    seconds = max(0, ms) // 1000
    for size, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name} ago"
    return f"{seconds} s ago"


def date(day: int) -> str:
    """A day counted from 1970."""
    return datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m-%d")


def late(due_ms: int, done_ms: int | None) -> str:
    """How much after it was due something was done."""
    if done_ms is None:
        return "not done"
    minutes = max(0, done_ms - due_ms) // 60_000
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def minute(number: int) -> str:
    """A minute counted from 1970, with its date; 0 is unknown."""
    return _moment(number * 60).strftime("%Y-%m-%d %H:%M") if number else "–"


CONDITION_LOOKS = {conditions.QUARANTINE: "apo-bad", conditions.CRITICAL: "apo-bad", conditions.UNLOADED: "apo-calm"}
_FAILED = {1: "by a person", 2: "its lock", 3: "its lid", 4: "its sensors"}


def condition(what: str, value: int) -> str:
    """Something that stands at a cabinet; `value` as watch/conditions.py has it."""
    match what:
        case conditions.FAILED:
            return f"out of use: {_FAILED.get(value, f'reason {value}')}"
        case conditions.TEMPERATURE:
            return f"temperature {Decimal(value) / 100:.1f} °C"
        case conditions.CLOCK:
            return f"clock last moved by {Decimal(value) / 1000:+.0f} s"
        case conditions.CRITICAL:
            return f"critical override until {clock(value)} UTC"
    return _CONDITIONS.get(what, what).format(value)


_CONDITIONS = {
    conditions.UNLOADED: "not loaded",
    conditions.QUARANTINE: "quarantine: nothing is given from it",
    conditions.POWER: "no mains, battery at {} %",
    conditions.BATTERY: "battery low, {} %",
}
_SCANS = {1: "item code", 2: "pocket label"}
_WHY = {1: "unreadable", 2: "missing", 3: "scanner fails", 4: "other"}


def bypass(what: int, reason: int) -> str:
    """A scan that was passed by."""
    return f"{_SCANS.get(what, f'scan {what}')}: {_WHY.get(reason, f'reason {reason}')}"


_CODES = {
    codes.NO_ACTIVE_ORDER: "no active order",
    codes.NOT_ADMITTED: "patient not admitted",
    codes.NO_ORDER_NOT_ADMITTED: "no active order, patient not admitted",
    codes.AWAITING_DOCUMENTATION: "charting awaited",
    codes.UNDOCUMENTED: "not charted in time",
}


def code(number: int) -> str:
    """A finding for people."""
    return _CODES.get(number, f"code {number}")


def units(quantity: int, scale: int) -> str:
    """A quantity of smallest units as people count it: 3 of scale 2 is `1.5`."""
    return format((Decimal(quantity) / scale).normalize(), "f")


def signed(change: int, scale: int) -> str:
    """A change with its sign."""
    return f"{'+' if change > 0 else '−'}{units(abs(change), scale)}"


def shortened(words: str, most: int) -> str:
    """The first of many lines or letters."""
    lines = words.splitlines() or [""]
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return lines[0][:most] + more


def entry(one: Entry, items: Mapping[str, Item] | None = None) -> str:
    """What an entry says; an item that `items` does not know by its id and in smallest units."""
    words = _NAMES.get(one.kind, f"kind {one.kind}")
    item = (items or {}).get(one.item or "", Item(one.item or "", 1))
    if one.item:
        amount = "" if one.change is None else f" {units(abs(one.change), item.scale)} ×"
        words += f"{amount} {item.name}"
    if one.before is not None and one.after is not None:
        words += f", {units(one.before, item.scale)} → {units(one.after, item.scale)}"
    if one.kind in (kinds.ALARM, kinds.ALARM_CLEARED):
        words += f": {alarm(one.ext[0], one.ext[1])}"
    if one.kind == kinds.COMMAND and one.ext[1] == messages.COMMAND_PAR:
        words = f"refused PAR levels (code {one.ext[2]})" if one.ext[2] else "took up PAR levels"
    if one.kind == kinds.REFERENCE:
        words += f": {one.ext[0]} version {one.ext[1]}"
    return words
