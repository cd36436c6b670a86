"""Removals put in on purpose: what they are about, and that they spoil nobody else's charting."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.hospital.clocktime import HOUR_MS
from simulator.hospital.seeded import REMOVALS_A_MARK
from simulator.hospital.synthetic import make_plan
from simulator.plan import NO_ORDER, NOT_ADMITTED, Plan
from tests.hospital.planchecks import removals

GRACE_MS = 2 * HOUR_MS


def marked(plan: Plan, mark: str) -> list[tuple[int, str, str]]:
    """(time, patient, item) of the removals with `mark`."""
    visits = [(visit.at_ms, action) for visit in plan.visits for action in visit.actions]
    return [(at, one.patient, one.item) for at, one in visits if getattr(one, "seeded", "") == mark]


@pytest.mark.req("A3.d", "A3.e")
@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_one_in_a_hundred_of_each_kind(seed: int) -> None:
    plan = make_plan(seed)
    real = sum(bool(taken.record) for taken in removals(plan))
    assert len(marked(plan, NO_ORDER)) == len(marked(plan, NOT_ADMITTED)) == real // REMOVALS_A_MARK > 0


@pytest.mark.req("A3.d", "A3.e")
@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_each_is_what_its_mark_says(seed: int) -> None:
    plan = make_plan(seed)
    left = {event["patient"]: at for at, event in plan.events if event.get("event") == "A03"}
    charted: dict[tuple[str, str], list[int]] = defaultdict(list)
    ordered = set()
    for at, event in plan.events:
        if event["type"] == "administration":
            charted[event["patient"], event["item"]].append(at)
        elif event["type"] == "order":
            ordered.add((event["patient"], event["item"]))
    for at, patient, item in marked(plan, NOT_ADMITTED):
        assert left[patient] < at < left[patient] + GRACE_MS
        assert (patient, item) in ordered
        assert all(chart < left[patient] - HOUR_MS for chart in charted[patient, item])
    for at, patient, item in marked(plan, NO_ORDER):
        assert left.get(patient, plan.end_ms + HOUR_MS) > at + HOUR_MS // 2
        assert (patient, item) not in ordered and not charted[patient, item]


def test_they_belong_to_no_record() -> None:
    plan = make_plan(3)
    for taken in removals(plan):
        if taken.seeded:
            assert (taken.record, taken.fate, taken.waste, taken.cancel) == ("", "", 0, False)
    assert plan.records == sum(plan.fates.values()) + sum(bool(taken.record) for taken in removals(plan))
