"""The report for people: what happened in the period, controlled substances itemised by schedule (A13, A14, A16.b)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.proof.facts import Facts, Move
from server_stub.proof.formulary import UNKNOWN_SCHEDULE
from server_stub.proof.period import EPOCH, Period, iso
from server_stub.proof.rows import NAMES
from server_stub.proof.sheet import Column, Sheet
from server_stub.proof.stretch import Stretch

SCHEDULES = {2: "Schedule II", 3: "Schedule III", 4: "Schedule IV", 5: "Schedule V", UNKNOWN_SCHEDULE: "Unknown"}
ALARM_WORDS = {
    1: "drawer left open",
    2: "drawer forced",
    3: "drawer jammed",
    4: "sensors disagree",
    5: "journal full",
    6: "journal damaged",
    7: "lid forced open",
    8: "case open",
    9: "on battery",
    10: "battery low",
    11: "temperature outside its limits",
    12: "clock moved",
    13: "journal rolled back",
    14: "secure element",
}

_SUMS = ("received", "dispensed", "returned", "wasted", "counted", "taken out", "to bin")
_MOVES = (
    Column("time (UTC)", 23),
    Column("station", 12),
    Column("entry", 7, right=True),
    Column("what", 9),
    Column("place", 7),
    Column("item", 12),
    Column("quantity", 8, right=True),
    Column("balance", 8, right=True),
    Column("by", 14),
    Column("witness", 10),
    Column("patient", 16),
    Column("order", 16),
)
_TOTALS = (
    Column("station", 16),
    Column("item", 16),
    Column("name", 34),
    Column("schedule", 8),
    *(Column(name, 10, right=True) for name in (*_SUMS, "on hand")),
)
_EVENTS = (Column("time (UTC)", 23), Column("station", 16), Column("entry", 8, right=True), Column("what", 110))


def report(
    site: str, period: Period, logs: Sequence[Stretch], facts: Facts, on_hand: Mapping[tuple[str, str], int]
) -> bytes:
    """The PDF, unsigned. `on_hand` is by station and item at the end of the period, smallest units."""
    span = f"{_time(period.from_utc_ms)} to {_time(period.to_utc_ms)}"
    sheet = Sheet(f"Compliance packet of {site}", f"{site}, {span}", EPOCH + timedelta(milliseconds=period.to_utc_ms))
    _summary(sheet, span, logs, facts)
    _controlled(sheet, facts)
    sheet.heading("Discrepancies and their resolutions")
    sheet.table(_EVENTS, map(_event, facts.discrepancies))
    sheet.lines(_open_discrepancies(facts.discrepancies))
    sheet.heading("Undocumented removals and alerts")
    sheet.table(_EVENTS, map(_event, facts.alerts))
    sheet.heading("Alarms")
    sheet.table(_EVENTS, map(_event, facts.alarms))
    sheet.heading("Totals by station and item, in units")
    sheet.table(_TOTALS, _totals(facts, on_hand))
    sheet.heading("Logs")
    sheet.lines(_log_lines(logs))
    return sheet.finish()


def _summary(sheet: Sheet, span: str, logs: Sequence[Stretch], facts: Facts) -> None:
    sheet.lines(
        [
            f"Period: {span} (the end is not included), hospital time in UTC.",
            f"Logs: {len(logs)}. Entries of the period: {sum(facts.kinds.values())}.",
            "dataset.ndjson and chains/ hold every entry; verify_apotheca.py checks all of it.",
            "Schedules and names are those of the site's tables when this was made.",
        ]
    )
    sheet.heading("Summary")
    counted = sorted(facts.kinds.items())
    sheet.table(
        (Column("kind", 28), Column("entries", 10, right=True)),
        ((NAMES.get(kind, str(kind)).replace("_", " "), str(count)) for kind, count in counted),
    )


def _controlled(sheet: Sheet, facts: Facts) -> None:
    for schedule, title in SCHEDULES.items():
        moves = facts.controlled.get(schedule, [])
        if schedule == UNKNOWN_SCHEDULE and not moves:
            continue
        sheet.heading(f"Controlled substances: {title} ({len(moves)} transactions)")
        ordered = sorted(moves, key=lambda move: (move.utc_ms, move.station, move.seq))
        sheet.table(_MOVES, (_move(facts, move) for move in ordered))


def _move(facts: Facts, move: Move) -> tuple[str, ...]:
    item = facts.formulary[move.item]
    return (
        _time(move.utc_ms),
        move.station,
        str(move.seq),
        move.what,
        move.place,
        move.item,
        item.units(move.change),
        "" if move.after is None else item.units(move.after),
        move.actor,
        move.witness,
        move.patient,
        move.order,
    )


def _totals(facts: Facts, on_hand: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, ...]]:
    for key in sorted(facts.totals.keys() | on_hand.keys()):
        station, name = key
        item = facts.formulary[name]
        sums: Counter[str] = facts.totals.get(key, Counter())
        moved = (item.units(sums.get(what, 0)) for what in _SUMS)
        schedule = SCHEDULES.get(item.schedule, "").removeprefix("Schedule ")
        yield (station, name, item.name, schedule, *moved, item.units(on_hand.get(key, 0)))


def _event(entry: Entry) -> tuple[str, str, str, str]:
    return _time(entry.utc_ms), entry.station, str(entry.seq), _words(entry)


def _words(entry: Entry) -> str:
    name = NAMES[entry.kind].replace("_", " ")
    if entry.kind in (kinds.ALARM, kinds.ALARM_CLEARED):
        return f"{name}: {ALARM_WORDS.get(entry.ext[0], str(entry.ext[0]))}, drawer {entry.ext[1]}"
    about = " ".join(str(part) for part in (entry.item, entry.place, entry.actor) if part and part != "centre")
    change = "" if entry.change is None else f" change {entry.change:+}"
    rest = " ".join(part.hex() if isinstance(part, bytes) else str(part) for part in entry.ext)
    return f"{name}: {about}{change} [{rest}]"


def _open_discrepancies(entries: Sequence[Entry]) -> Iterator[str]:
    # both kinds begin with station, log and seq of the count
    resolved = {tuple(e.ext[:3]) for e in entries if e.kind == kinds.DISCREPANCY_RESOLVED}
    opened = [e for e in entries if e.kind == kinds.DISCREPANCY_OPENED and tuple(e.ext[:3]) not in resolved]
    if opened:
        yield f"Opened in the period and not resolved in it: {', '.join(f'centre entry {e.seq}' for e in opened)}"


def _log_lines(logs: Sequence[Stretch]) -> Iterator[str]:
    for log in logs:
        if log.last_seq < log.first_seq:
            yield f"{log.name}: no entry"
        else:
            yield f"{log.name}: entries {log.first_seq} to {log.last_seq}, head {log.end_head.hex()}"


def _time(utc_ms: int) -> str:
    return (iso(utc_ms) or "beyond 9999").removesuffix("+00:00").replace("T", " ")
