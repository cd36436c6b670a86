"""A round of 200 labels over a bad line; and that a round which went wrong would be noticed."""

import json
from dataclasses import replace

import pytest
import typer
from typer.testing import CliRunner

from firmware.journal import kinds
from server_stub.supply import life, reports
from simulator import round as rounds
from simulator.judge import Judgement


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    one = rounds.Round(200, 0.001, 1, tmp_path_factory.mktemp("round"))
    one.run()
    return one


@pytest.mark.req("P35", "P55", "P57", "P96", "P97", "P98", "P99", "P100")
def test_every_label_ends_in_one_state_and_the_reports_say_the_same(played):
    outcome = played.outcome
    assert outcome.faults == [] and outcome.damaged > 300
    assert sum(outcome.states.values()) == 200 + outcome.states[life.SUPERSEDED]
    assert set(outcome.states) == {life.PICKED, life.CHECKED_OK, life.DELIVERED, life.SUPERSEDED, life.VOID}
    assert all(outcome.reports[name] for name in reports.REPORTS if name != reports.FINDINGS)
    # three units changed hands and cradles, and each unit numbered its own labels
    pickers = {entry.actor for entry in played.ledger.entries if entry.kind == kinds.PICKED}
    assert len(pickers) == rounds.UNITS + rounds.CHANGING
    assert {seat.unit.memory.address for seat in played.units} == {"AA", "AB", "AC", "AD", "AE", "AF"}
    # voided, superseded and delivered labels were carried along, and refused
    assert len(outcome.put_aside) == 3


@pytest.mark.parametrize("lose", [kinds.PICKED, kinds.CHECKED, kinds.DELIVERED])
def test_what_is_lost_or_doubled_is_noticed(played, lose, monkeypatch):
    ledger = played.ledger
    entry = next(entry for entry in ledger.entries if entry.kind == lose)
    monkeypatch.setattr(ledger, "entries", [*ledger.entries, entry])
    assert any("came 2 times" in fault for fault in Judgement(played.deeds, ledger).faults())
    deeds = [replace(deed, quantity=deed.quantity + 1) if deed.label == entry.ext[0] else deed for deed in played.deeds]
    assert Judgement(deeds, ledger).faults() != []
    rows = [row for row in ledger.labels() if row.label != entry.ext[0]]
    monkeypatch.setattr(ledger, "labels", lambda: rows)
    assert any("and should be" in fault for fault in Judgement(played.deeds, ledger).faults())


@pytest.mark.parametrize(("errors", "broken"), [(0.0, 0), (0.01, 30)])
def test_it_ends_right_on_a_good_and_on_a_very_bad_line_too(tmp_path, errors, broken):
    file = tmp_path / "round.json"
    app = typer.Typer()
    app.command()(rounds.main)
    result = CliRunner().invoke(app, ["--labels", "24", "--errors", str(errors), "--seed", "3", "--json", str(file)])
    told = json.loads(file.read_text(encoding="utf-8"))
    assert (result.exit_code, told["faults"], told["labels"]) == (0, [], 24)
    assert sum(told["states"].values()) == 24 + told["states"][life.SUPERSEDED]
    assert (told["damaged"] > 0) == bool(errors) and sum(told["broken"].values()) > broken


def test_a_round_that_comes_to_no_end_says_so(tmp_path, monkeypatch):
    one = rounds.Round(24, 0.0, 1, tmp_path)
    monkeypatch.setattr(rounds, "_LONGEST_MS", 60_000)
    assert "picking did not end" in one.run().faults
