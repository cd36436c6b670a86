"""Station and gate in every reachable state of small cabinets, with a power cut after every entry and movement."""

import pytest

from tests.modelcheck import cabinets, trace
from tests.modelcheck.__main__ import as_json, line
from tests.modelcheck.cabinets import Plan
from tests.modelcheck.explore import Explorer
from tests.modelcheck.ledger import INVARIANTS, RUNS
from tests.modelcheck.planted import PLANTED, Planted

FEW = 2500  # states within which each planted fault is found


def held(plan: Plan, record_property) -> None:
    result = Explorer(plan).explore()
    record_property("model check", line(as_json(result)))
    assert result.violation is None, "\n".join(trace.told(result))
    assert result.complete
    assert result.off and result.compared


@pytest.mark.req("A1.a", "P7", "P130", "U3")
def test_every_state_of_one_pocket(record_property):
    held(cabinets.ONE, record_property)


@pytest.mark.deep
@pytest.mark.parametrize("plan", [plan for plan in cabinets.BY_NAME.values() if plan is not cabinets.ONE], ids=str)
@pytest.mark.req("A1.a", "P7", "P130", "U3")
def test_every_state_of_a_larger_cabinet(plan: Plan, record_property):
    held(plan, record_property)


def test_a_fault_is_planted_for_each_invariant():
    assert {fault.invariant for fault in PLANTED} == set(INVARIANTS) - {RUNS}


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.what)
def test_a_planted_fault_is_found(fault: Planted):
    with fault.at_work():
        result = Explorer(cabinets.BY_NAME[fault.cabinet], FEW).explore()
        told = list(trace.told(result))
    assert result.violation is not None and result.violation.invariant == fault.invariant
    assert told[0] == "  0. the cabinet is set up" and len(result.trace or ()) > 1
    assert any(str(result.violation) in line for line in told) or "nobody does any more" in "".join(told)


def test_a_counterexample_can_be_read():
    with PLANTED[0].at_work():
        told = list(trace.told(Explorer(cabinets.ONE, FEW).explore()))
    assert told == [
        "  0. the cabinet is set up",
        "  1. anna signs on",
        "       entry 9 sign_on anna, txn 0, [1]",
        "  2. ben shows a badge as witness",
        "  3. asks for 1 morphine",
        "       release drawer 1",
        "     => no release without a durable entry: drawer 1 is released, and no durable entry says for what",
    ]
