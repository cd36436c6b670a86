"""`make_plan`: the records of MIMIC-IV as a plan. The rules are in docs/replay.md."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware.codes import BAD_DATA_ROW
from simulator.hospital.assemble import Source, assemble
from simulator.hospital.clocktime import DAY_0_MS, DAY_MS, HOUR_MS, day_of
from simulator.hospital.events import Event
from simulator.hospital.ids import station_ids
from simulator.hospital.mimic import fates, feed, loader
from simulator.hospital.mimic.calendar import Moved, move_admissions
from simulator.hospital.mimic.formulary import Formulary
from simulator.hospital.mimic.loader import DataError, Report, Row, read_table
from simulator.hospital.mimic.orders import Orders
from simulator.hospital.mimic.records import Chart, Dose
from simulator.hospital.visits import Removal
from simulator.plan import Plan

START_MS = DAY_0_MS - HOUR_MS


@dataclass(frozen=True)
class Tables:
    """The rows read; `malformed` counts the emar rows left out."""

    records: Sequence[Row]
    details: Mapping[str, Sequence[Row]]
    orders: Orders
    transfers: Sequence[Row]
    malformed: int


def to_stderr(message: str) -> None:
    """Where reports go unless told otherwise."""
    print(message, file=sys.stderr)


def make_plan(data_dir: Path, seed: int, days: int | None = None, report: Report = to_stderr) -> Plan:
    """The replay of the tables in `data_dir`; with `days` only the first days of the calendar (fate `outside_slice`).

    Malformed rows are told to `report` one by one and left out; those of emar have the fate `malformed_row`.
    Raises DataError if a table is missing, cut short or lacks a column, PlanogramError if a cabinet is too small.
    """
    if days is not None and days < 1:
        raise DataError(f"{days} days cannot be replayed; give 1 or more")
    tables = _read(data_dir, report)
    admissions = move_admissions(tables.transfers, seed)
    calendar = max((day_of(moved.admission.out_ms) + 1 for moved in admissions.values()), default=1)
    # Without `days` nothing is outside, not even what was charted long after a discharge.
    cut_ms = sys.maxsize if days is None else DAY_0_MS + days * DAY_MS
    chart = Chart(seed, cut_ms, admissions, tables.orders, tables.details)
    doses, static = _judge(tables, chart.judge)
    formulary = Formulary(doses, tables.orders, tables.details)
    stations = station_ids({dose.ward for dose in doses if dose.fate != fates.NEVER_REMOVED})
    removals = [removal for dose in doses for removal in _removals(dose, formulary, stations)]
    events = _events(tables.orders, admissions, formulary, doses, removals)
    return assemble(
        Source(
            name="mimic-iv",
            seed=seed,
            start_ms=START_MS,
            end_ms=min(cut_ms, DAY_0_MS + calendar * DAY_MS),
            levels_until_ms=DAY_0_MS + calendar * DAY_MS // 4,
            items={item.item: item for item in formulary.items.values()},
            stations={station: ward for ward, station in stations.items()},
            removals=removals,
            events=[event for event in events if event[0] < cut_ms],
            fates=static,
        )
    )


def _read(data_dir: Path, report: Report) -> Tables:
    records, malformed = read_table(data_dir, "emar", loader.EMAR, report)
    details: dict[str, list[Row]] = {}
    for row in read_table(data_dir, "emar_detail", loader.EMAR_DETAIL, report)[0]:
        details.setdefault(row["emar_id"], []).append(row)
    pharmacy = read_table(data_dir, "pharmacy", loader.PHARMACY, report)[0]
    prescriptions = read_table(data_dir, "prescriptions", loader.PRESCRIPTIONS, report)[0]
    transfers = read_table(data_dir, "transfers", loader.TRANSFERS, report)[0]
    once, doubled = _once(records, report)
    return Tables(once, details, Orders(pharmacy, prescriptions), transfers, malformed + doubled)


def _once(records: Iterable[Row], report: Report) -> tuple[list[Row], int]:
    seen: dict[str, Row] = {}
    doubled = 0
    for row in records:
        if seen.setdefault(row["emar_id"], row) is not row:
            doubled += 1
            report(f"error {BAD_DATA_ROW}: emar: emar_id {row['emar_id']} comes twice; the later row is left out")
    return list(seen.values()), doubled


def _judge(tables: Tables, judge: Callable[[Row], str | Dose]) -> tuple[list[Dose], Counter[str]]:
    """(doses, count of the records by fates known now)."""
    static = Counter({fates.MALFORMED_ROW: tables.malformed} if tables.malformed else {})
    doses = []
    for record in tables.records:
        result = judge(record)
        if isinstance(result, str):
            static[result] += 1
            continue
        doses.append(result)
        if result.fate == fates.NEVER_REMOVED:
            static[fates.NEVER_REMOVED] += 1
    return doses, static


def _removals(dose: Dose, formulary: Formulary, stations: Mapping[str, str]) -> list[Removal]:
    """One removal a product; the first carries the record and its fate."""
    if dose.fate == fates.NEVER_REMOVED:
        return []
    return [
        Removal(
            record=dose.record["emar_id"] if first else "",
            patient=dose.moved.admission.patient,
            order=dose.own_order,
            item=formulary.items[portion.code].item,
            milli=portion.milli,
            station=stations[dose.ward],
            at_ms=dose.at_ms,
            earliest_ms=dose.earliest_ms,
            fate=dose.fate if first else "",
            administered_ms=dose.record["charttime"] + dose.moved.shift_ms if dose.given else None,
            return_ms=dose.return_ms,
        )
        for portion in dose.portions
        for first in [portion is dose.portions[0]]
    ]


def _events(
    orders: Orders,
    admissions: Mapping[str, Moved],
    formulary: Formulary,
    doses: Sequence[Dose],
    removals: Sequence[Removal],
) -> list[Event]:
    sent = [*feed.adt(admissions), *feed.order_events(orders, admissions, formulary, removals)]
    return [*sent, *feed.charting(doses, formulary)]
