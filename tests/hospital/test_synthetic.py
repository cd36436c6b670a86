"""The synthetic day, for any seed."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.hospital.synthetic import make_plan
from simulator.plan import AddPatient, Count, EmptyBin, LetIn, Mishap, Outdates, Plan, Refill, Theft
from tests.hospital.planchecks import check, removals


@given(st.integers(0, 2**32), st.integers(1, 8))
@settings(max_examples=15, deadline=None)
def test_any_seed_makes_a_sound_plan(seed: int, stations: int) -> None:
    plan = make_plan(seed, stations)
    check(plan)
    assert len(plan.stations) == stations


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_a_day_has_the_size_of_a_small_hospital(seed: int) -> None:
    plan = make_plan(seed)
    real = [taken for taken in removals(plan) if taken.record]
    assert 400 <= len(real) <= 650
    assert {"given", "given_part_wasted", "removed_returned"} == {taken.fate for taken in real}
    assert plan.fates["never_removed"] > 0
    controlled = {item.item for item in plan.items if item.schedule == 2}
    assert any(taken.item in controlled and taken.waste for taken in real)
    assert {e["event"] for _, e in plan.events if e["type"] == "adt"} == {"A01", "A02", "A03"}
    actions = [action for visit in plan.visits for action in visit.actions]
    assert {a.what for a in actions if isinstance(a, Mishap)} == {"jammed", "forced", "left_open", "power_cut"}
    assert [a.opening for a in actions if isinstance(a, Refill)] == [True] * 4 + [False] * 4


@pytest.mark.req("F15", "F16", "F17")
@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_a_day_has_what_happens_beside_doses(seed: int) -> None:
    plan = make_plan(seed)
    actions = [action for visit in plan.visits for action in visit.actions]
    kinds = Counter(type(action) for action in actions)
    assert kinds[Theft] == kinds[Count] == kinds[LetIn] == kinds[AddPatient] == 1
    assert {order.do for order in plan.orders} == {"critical_override", "merge_provisional"}
    kits = {taken.kit for taken in removals(plan)} - {""}
    assert kits == {"RSI"} and kinds[EmptyBin] == kinds[Outdates] == 4
    theft = next(v for v in plan.visits if isinstance(v.actions[0], Theft))
    count = next(v for v in plan.visits if isinstance(v.actions[0], Count))
    assert theft.actions[0].place == count.actions[0].place and theft.station == count.station
    assert theft.user != count.user and theft.at_ms < count.at_ms
    scheduled = {item.item for item in plan.items if item.schedule}
    station = next(s for s in plan.stations if s.station == theft.station)
    assert {p.item for p in station.pockets if p.place == theft.actions[0].place} <= scheduled


@pytest.mark.req("F2")
def test_orders_say_how_often_they_are_due() -> None:
    orders = [event for _, event in make_plan(4).events if event["type"] == "order"]
    assert {event["interval_minutes"] for event in orders} == {0, 360, 480, 720, 1440}
    assert all(event["prn"] == (event["interval_minutes"] == 0) for event in orders)


def test_about_one_removal_in_a_hundred_is_given_up() -> None:
    taken = [taken for seed in range(10) for taken in removals(make_plan(seed))]
    assert 0.005 < sum(one.cancel for one in taken) / len(taken) < 0.02


def test_same_seed_same_plan() -> None:
    assert make_plan(7) == make_plan(7)
    assert make_plan(7) != make_plan(8)


@pytest.mark.req("P46")
def test_heavy_items_have_two_pockets() -> None:
    def doubled(plan: Plan) -> int:
        return sum(len(s.pockets) - len({p.item for p in s.pockets}) for s in plan.stations)

    assert sum(doubled(make_plan(seed)) for seed in range(5)) > 0


def test_pins_are_not_shared_between_seeds() -> None:
    pins = [{p.user: p.pin for p in make_plan(seed).stations[0].people} for seed in (1, 2)]
    assert sum(pins[0][user] == pins[1][user] for user in pins[0]) <= 1


@pytest.mark.parametrize("stations", [0, 9])
def test_impossible_number_of_stations(stations: int) -> None:
    with pytest.raises(ValueError, match="give 1 to 8"):
        make_plan(1, stations)
