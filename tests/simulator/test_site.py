"""A site made for a run shares no secret with another."""

import pytest

from simulator.hospital import synthetic
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


def test_a_person_has_one_pin_at_all_stations():
    plan = with_fresh_pins(synthetic.make_plan(1))
    for user, pin in pins(plan).items():
        assert {p.pin for s in plan.stations for p in s.people if p.user == user} == {pin}
