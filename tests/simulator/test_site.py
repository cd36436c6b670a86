"""A site made for a run shares no secret with another."""

import pytest

from simulator.hospital import synthetic
from simulator.plan import LetIn
from simulator.site import with_fresh_pins


def pins(plan):
    return {person.user: person.pin for station in plan.stations for person in station.people}


@pytest.mark.req("U4")
def test_no_two_runs_of_one_seed_share_a_pin():
    plan = synthetic.make_plan(1)
    first, second = pins(with_fresh_pins(plan)), pins(with_fresh_pins(plan))
    assert len(first) > 20
    assert all(len(pin) == 6 and pin.isdigit() for pin in first.values())
    same = sum(first[user] == second[user] for user in first)
    assert same < len(first) / 4


@pytest.mark.req("F17")
def test_who_is_let_in_has_pins_of_this_run_too():
    def guests(plan):
        return [a for visit in plan.visits for a in visit.actions if isinstance(a, LetIn)]

    plan = synthetic.make_plan(1)
    (made,), (first,), (second,) = guests(plan), guests(with_fresh_pins(plan)), guests(with_fresh_pins(plan))
    assert len({made.guest.pin, first.guest.pin, second.guest.pin, made.own_pin, first.own_pin, second.own_pin}) > 3
    assert (first.guest.user, first.actions) == (made.guest.user, made.actions)


def test_a_person_has_one_pin_at_all_stations():
    plan = with_fresh_pins(synthetic.make_plan(1))
    for user, pin in pins(plan).items():
        assert {p.pin for s in plan.stations for p in s.people if p.user == user} == {pin}
