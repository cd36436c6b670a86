"""The PAR trial: pure simulation with the cabinet's and the centre's own rules, run by one command."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from simulator.cli import par_trial_app
from simulator.hospital import synthetic
from simulator.par_trial import ARMS, repeated, trial
from simulator.plan import Plan, Pocket, Refill, Remove, Return, StationPlan, Visit
from tests.scenario.mini import ITEMS, START_MS

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
POCKETS = (
    Pocket("D01-P01", 1, 1, "ACET500", 1, 3, 30, 3),
    Pocket("D01-P02", 1, 2, "ACET500", 1, 3, 30, 3),
    Pocket("D02-P01", 2, 1, "MORP4I", 1000, 4000, 8000, 4000),
)


def calendar(days, *actions, start_ms=START_MS):
    """Each day at noon the same actions; refills at 03:00."""
    visits = [Visit(start_ms, "S1", "PT1", (Refill(opening=True),))]
    for day in range(days):
        visits.append(Visit(start_ms + day * DAY_MS + 12 * HOUR_MS, "S1", "RN1", actions))
        visits.append(Visit(start_ms + day * DAY_MS + 27 * HOUR_MS, "S1", "PT1", (Refill(),)))
    return Plan(
        start_ms, start_ms + days * DAY_MS, ITEMS, (StationPlan("S1", ("W",), POCKETS, ()),), visits=visits
    )  # fmt: skip


def take(record, quantity, item="ACET500"):
    return Remove(record, "P1", "", item, quantity, 0, "given")


@pytest.mark.req("A1.d")
def test_levels_that_are_too_low_are_raised_and_the_others_lowered():
    outcomes = trial(calendar(20, *(take(f"r{n}", 2) for n in range(5))))
    assert {o.doses_asked for o in outcomes.values()} == {50}
    start, par, capacity = (outcomes[arm] for arm in ARMS)
    assert start.doses_not_available == 20, "3 of 5 doses of 2 come from 3 and 3"
    assert par.doses_not_available == capacity.doses_not_available == 0
    assert par.mean_units < capacity.mean_units / 2


def test_a_dose_in_two_parts_is_available_and_a_return_comes_back():
    # 4 of 3 + 3 takes both pockets; brought back the next dose finds them full
    outcomes = trial(calendar(4, take("r1", 4), Return("r1"), take("r2", 6)))
    assert outcomes["start"].doses_not_available == 0
    assert outcomes["start"].refill_lines == 6, "three nights, two pockets"


def test_given_up_removals_are_no_demand():
    plan = calendar(4, replace(take("", 6), cancel=True))
    assert trial(plan)["start"].doses_asked == 0


def test_synthetic_days_in_a_row():
    days = [synthetic.make_plan(seed, 1) for seed in (1, 2, 3)]
    plan = repeated(days)
    assert (plan.end_ms - plan.start_ms) == 3 * DAY_MS
    assert [v.at_ms for v in plan.visits] == sorted(v.at_ms for v in plan.visits)
    openings = [a for v in plan.visits for a in v.actions if isinstance(a, Refill) and a.opening]
    assert len(openings) == 1
    taken = [a.record for v in plan.visits for a in v.actions if isinstance(a, Remove) and a.record]
    assert len(taken) == len(set(taken))


@pytest.mark.req("A1.d")
def test_the_command(tmp_path):
    out = tmp_path / "trial.json"
    result = CliRunner().invoke(par_trial_app, ["--days", "6", "--seed", "3", "--json", str(out)])
    assert result.exit_code == 0, result.output
    for words in ("starting levels", "PAR on", "all at capacity", "doses not available", "refill lines"):
        assert words in result.output
    arms = json.loads(out.read_text())["arms"]
    assert set(arms) == set(ARMS)
    assert len({arm["doses_asked"] for arm in arms.values()}) == 1
    assert arms["par"]["mean_units"] < arms["capacity"]["mean_units"]


@pytest.mark.real_data
@pytest.mark.req("A1.d")
def test_on_real_demand_half_the_doses_that_were_not_available_are(data_dir):
    from simulator.hospital import mimic

    outcomes = trial(mimic.make_plan(data_dir / "mimic-iv-demo", 1, report=lambda message: None))
    start, par = outcomes["start"], outcomes["par"]
    assert par.doses_not_available <= start.doses_not_available / 2
    assert par.mean_units <= start.mean_units
