"""Supplies taken without a patient: a verdict of their own, no alert, nothing to chart (P133)."""

import pytest

from firmware import codes, flags
from firmware.journal import kinds
from server_stub.verify import schema, worklists

GLOVES = "SUPGLOVES"


@pytest.fixture
def ward(day_anywhere):
    """Whatever a test did is the same when the ledger is folded again."""
    listed(day_anywhere, flags.SUPPLY)
    day_anywhere.at(0)
    yield day_anywhere
    assert day_anywhere.rebuilt_the_same()


def listed(day, flag, schedule=0, item=GLOVES):
    reply = day.bench.ask("reference", station="ICU1", table="items", rows=[[item, schedule, 1, flag, 0, 0]])
    assert "code" not in reply


@pytest.mark.req("P133")
def test_a_supply_without_a_patient_is_final_at_once_and_alerts_nobody(ward):
    seq = ward.removed(0, patient="", item=GLOVES)
    row = ward.row(seq)
    assert (row.verdict, row.authority) == ("supply", codes.NONE)
    ward.at(120)
    assert ward.verdicts() == {seq: "supply"}
    assert ward.alerts(seq) == {}
    assert ward.decisions() == [(kinds.SUPPLY_REMOVAL, ["ICU1", 1, seq])]
    assert worklists.conservation(ward.bench.engine) == []


@pytest.mark.req("P133")
@pytest.mark.parametrize(
    ("flag", "schedule", "patient"), [(0, 0, ""), (flags.SUPPLY, 2, ""), (flags.SUPPLY, 0, "P9"), (None, 0, "")]
)
def test_whatever_is_no_supply_or_has_a_patient_is_judged_as_before(ward, flag, schedule, patient):
    listed(ward, flag or 0, schedule, "OTHER" if flag is None else GLOVES)
    item = "NEVERLISTED" if flag is None else GLOVES
    seq = ward.removed(0, patient=patient, item=item)
    ward.at(120)
    assert ward.verdicts() == {seq: "no_order_not_admitted"}
    assert set(ward.alerts(seq)) == {1, 2}


@pytest.mark.req("P133")
def test_what_came_back_of_a_supply_changes_nothing(ward):
    seq = ward.removed(0, 5, patient="", item=GLOVES)
    listed(ward, 0)
    ward.returns(5, 5, seq, patient="", item=GLOVES)
    ward.send()
    assert (ward.row(seq).verdict, ward.row(seq).back) == ("supply", 5)
    assert ward.bench.rows(schema.alerts) == []


@pytest.mark.req("P133")
def test_an_alert_that_stands_is_over_once_the_table_says_supply(ward):
    listed(ward, 0)
    seq = ward.removed(0, 5, patient="", item=GLOVES)
    assert {state for state, *_ in ward.alerts(seq).values()} == {"open"}
    listed(ward, flags.SUPPLY)
    ward.returns(5, 1, seq, patient="", item=GLOVES)
    ward.send()
    assert ward.verdicts() == {seq: "supply"}
    assert set(ward.alerts(seq).values()) == {
        ("cleared", code, "a supply, taken without a patient")
        for code in (codes.NO_ORDER_NOT_ADMITTED, codes.AWAITING_DOCUMENTATION)
    }
    ward.at(120)
    assert ward.verdicts() == {seq: "supply"}


@pytest.mark.req("P133")
def test_a_restart_knows_a_supply_again(ward):
    seq = ward.removed(0, 5, patient="", item=GLOVES)
    ward.bench.restart()
    ward.at(200)
    ward.returns(190, 2, seq, patient="", item=GLOVES)
    ward.send()
    assert ward.verdicts() == {seq: "supply"}
    assert ward.decisions() == [(kinds.SUPPLY_REMOVAL, ["ICU1", 1, seq])], "said once"
