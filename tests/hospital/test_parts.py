"""Schedules, ids, planograms, amounts, visits, one by one."""

from decimal import Decimal

import pytest

from simulator.hospital.amounts import parse, scale_of, smallest, to_milli, whole_units
from simulator.hospital.clocktime import DAY_0_MS, DAY_MS, HOUR_MS, MINUTE_MS
from simulator.hospital.ids import station_ids, unique_ids
from simulator.hospital.mimic.doses import in_units, size_ml
from simulator.hospital.mimic.fates import event_class
from simulator.hospital.people import Staff
from simulator.hospital.planogram import PlanogramError, lay_out
from simulator.hospital.schedules import schedule_of
from simulator.hospital.visits import Removal, nurse_visits
from simulator.plan import Item, Remove


@pytest.mark.parametrize(
    ("name", "schedule"),
    [
        ("OxyCODONE (Immediate Release) 5mg Tablet", 2),
        ("HYDROmorphone (Dilaudid)", 2),
        ("Acetaminophen w/Codeine", 3),
        ("Codeine Sulfate", 2),
        ("Guaifenesin-CODEINE Phosphate", 5),
        ("Buprenorphine-Naloxone", 3),
        ("ketamine", 3),
        ("LORazepam", 4),
        ("Zolpidem Tartrate", 4),
        ("TraMADOL (Ultram)", 4),
        ("PHENObarbital", 4),
        ("Pregabalin", 5),
        ("LACOSamide", 5),
        ("Gabapentin", 0),
        ("Guaifenesin-Dextromethorphan", 0),
        ("Apomorphine", 0),
        ("Propofol", 0),
    ],
)
def test_schedules(name: str, schedule: int) -> None:
    assert schedule_of(name) == schedule


def test_ids_are_short_unique_and_stable() -> None:
    ids = unique_ids(["CEFE2/100MBP", "CEFE2-100MBP", "A" * 17, "A" * 16, "A" * 18, "abc", "ABC", "___", "/"])
    assert ids["CEFE2/100MBP"] != ids["CEFE2-100MBP"]
    assert len({name.upper() for name in ids.values()}) == len(ids)
    assert all(1 <= len(name) <= 16 for name in ids.values())
    stations = station_ids(["Medical Intensive Care Unit (MICU)", "Emergency Department", "Hematology/Oncology"])
    assert list(stations.values()) == ["MICU", "ED", "Hema-Onco"]
    alike = station_ids(["Medical Unit (MICU)", "Other Unit (MICU)"])
    assert len(set(alike.values())) == 2


def test_amounts_are_exact() -> None:
    assert to_milli(Decimal("0.3310344827586207")) == 331
    assert to_milli(Decimal("0.0001")) == 1
    assert [whole_units(n) for n in (1, 999, 1000, 1001)] == [1, 1, 1, 2]
    assert (scale_of([1000, 3000]), scale_of([1000, 1]), scale_of([])) == (1, 1000, 1)
    assert (smallest(3000, 1), smallest(331, 1000)) == (3, 331)
    assert parse("1,000") == 1000
    assert [parse(text) for text in ("", "___", "NaN", "Infinity", "-1", "1e30")] == [None] * 6


@pytest.mark.parametrize(
    ("amount", "unit", "text", "milli"),
    [
        ("5", "mL", "5mg/5mL Vial", 1000),
        ("0.5", "mL", "2mg/mL Syringe", 500),
        ("0.15", "mL", "100 Units / mL - 10 mL Vial", 15),
        ("500", "mL", "500mg Premix Bag", 1000),
        ("4.9", "mL", "8.6 mg / 4.9 mL Syringe", 1000),
        ("150", "mg", "Amiodarone 150mg/100mL", 1000),
        ("0.5", "TAB", "25mg Tablet", 500),
        ("2", "HALF TAB", "", 2000),
    ],
)
def test_containers(amount: str, unit: str, text: str, milli: int) -> None:
    assert in_units(Decimal(amount), unit, text) == milli


def test_a_size_of_nothing_is_no_size() -> None:
    assert size_ml("0 mL", "") is None


def test_events_of_the_record() -> None:
    assert [event_class(e) for e in ("Administered", "Delayed ", "Not Given", "Flushed", "", "Eaten")] == [
        "given",
        "held",
        "held",
        "not_a_dose",
        "event_blank",
        "event_unknown",
    ]
    assert event_class(" in Other Location") == "given_elsewhere"


def test_a_planogram_has_limits() -> None:
    many = [Item(f"I{n}", "x", 2 if n % 10 == 0 else 0) for n in range(300)]
    pockets = lay_out("S", many, {item.item: 40 for item in many})
    assert len(pockets) == 500
    assert max(p.drawer for p in pockets) <= 15
    with pytest.raises(PlanogramError, match="station S needs 301 items"):
        lay_out("S", [*many, Item("more", "x")], {})


def removal(record: str, at_ms: int, earliest_ms: int = DAY_0_MS, **changes: object) -> Removal:
    base = {"patient": "P1", "order": "", "item": "A", "milli": 1500, "station": "S", "fate": "given_part_wasted"}
    return Removal(record=record, at_ms=at_ms, earliest_ms=earliest_ms, **{**base, **changes})


def test_removals_of_one_nurse_within_three_minutes_are_one_visit() -> None:
    noon = DAY_0_MS + 12 * HOUR_MS
    made = [removal(str(n), noon + n * 2 * MINUTE_MS) for n in range(3)]
    late = removal("late", noon + MINUTE_MS, earliest_ms=noon + 1)
    visits = nurse_visits(1, [*made, late], {"A": 1000}, Staff(1, ["S"]))
    got = [(v.at_ms - noon, [a.record for a in v.actions if isinstance(a, Remove) and not a.cancel]) for v in visits]
    assert got[0] == (0, ["0"])
    assert got[1] == (MINUTE_MS, ["late", "1", "2"]) or got[1][1] == ["late", "1"]
    first = visits[0].actions[-1]
    assert isinstance(first, Remove) and (first.quantity, first.waste) == (2000, 500)


def test_what_comes_back_is_not_wasted() -> None:
    back = removal("r", DAY_0_MS + HOUR_MS, fate="removed_returned", return_ms=DAY_0_MS + 2 * HOUR_MS)
    visits = nurse_visits(3, [back], {"A": 1000}, Staff(1, ["S"]))
    assert visits[0].actions[-1].waste == 0
    assert visits[-1].actions[-1].record == "r"


def test_shifts_change_at_seven() -> None:
    staff = Staff(1, ["S"])
    around = [staff.nurse("S", "P1", DAY_0_MS + hour * HOUR_MS) for hour in (6, 7, 18, 19, 30, 31)]
    assert around[1] == around[2] and around[3] == around[4]
    assert len({around[0], around[1], around[3], around[5]}) == 4
    assert staff.nurse("S", "P1", DAY_0_MS + 8 * HOUR_MS) == staff.nurse("S", "P1", DAY_0_MS + 2 * DAY_MS + 8 * HOUR_MS)
