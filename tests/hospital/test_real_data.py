"""The replay of the MIMIC-IV demo as published to us."""

from pathlib import Path

import pytest

from simulator.hospital.mimic import make_plan
from simulator.plan import Plan
from tests.hospital.planchecks import check, removals

pytestmark = pytest.mark.real_data


def refuse(message: str) -> None:
    raise AssertionError(message)


@pytest.fixture(scope="module")
def plan(data_dir: Path) -> Plan:
    return make_plan(data_dir, 1, report=refuse)


def test_every_record_has_one_fate(plan: Plan) -> None:
    check(plan)
    for fate, count in plan.fates.items():
        print(f"{fate:32} {count:6}")
    assert plan.records == 26_455
    assert "event_unknown" not in plan.fates and "malformed_row" not in plan.fates


def test_the_size_of_the_replay(plan: Plan) -> None:
    taken = [removal for removal in removals(plan) if removal.record]
    assert len(plan.stations) >= 10
    assert len(taken) > 14_000
    schedules = {item.item: item.schedule for item in plan.items}
    assert 0.05 < sum(schedules[removal.item] > 0 for removal in taken) / len(taken) < 0.2
    back, never = sum(removal.fate == "removed_returned" for removal in taken), plan.fates["never_removed"]
    assert 0.45 < back / (back + never) < 0.55


def test_same_seed_same_plan(plan: Plan, data_dir: Path) -> None:
    assert make_plan(data_dir, 1, report=refuse) == plan
    assert make_plan(data_dir, 2, report=refuse).visits != plan.visits


@pytest.mark.parametrize("days", [1, 3, 20])
def test_a_slice_still_sums_up(data_dir: Path, days: int) -> None:
    part = make_plan(data_dir, 1, days=days, report=refuse)
    check(part)
    assert part.records == 26_455 and part.fates["outside_slice"] > 0
