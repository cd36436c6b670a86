"""The three attackers of docs/threat-model.md, each against the real chain: everything they try fails, and is seen."""

import pytest

from tests.redteam.__main__ import main, play
from tests.redteam.report import Attack

# the production agent's thread leaves its socket to the end of the process
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def failed(attack, record_property):
    record_property(f"red team, {attack.name}", "\n" + "\n".join(attack.lines()))
    assert attack.failed, "\n".join(attack.lines())
    return len(attack.attempts)


@pytest.mark.req("A12", "A12.b", "A12.c")
def test_the_owner_of_the_database_can_not_forge_hide_or_reorder(tmp_path, record_property):
    assert failed(play("database_owner", tmp_path), record_property) >= 9


@pytest.mark.deep
@pytest.mark.req("A12", "A12.b", "A13")
def test_root_on_the_agents_side_of_a_board_cabinet_can_not_forge_hide_or_reorder(tmp_path, record_property):
    assert failed(play("agent_root", tmp_path), record_property) >= 23


@pytest.mark.deep
@pytest.mark.req("A12", "A12.a", "A18")
def test_root_on_the_broker_can_not_forge_hide_or_reorder(tmp_path, record_property):
    assert failed(play("broker_root", tmp_path), record_property) >= 13


def test_an_attack_that_succeeds_or_was_not_tried_is_no_good(capsys):
    attack = Attack("nobody", "nothing", "everything")
    for kind in ("forge", "hide"):
        attack.tried(kind, "something", "refused", True)
    assert not attack.failed, "nothing was reordered"
    attack.tried("reorder", "something", "", True)
    assert attack.failed
    attack.tried("hide", "something else", "nobody saw it", False)
    assert not attack.failed and any("SUCCEEDED" in line for line in attack.lines())
    assert main([]) == main(["somebody"]) == 2
    assert "usage" in capsys.readouterr().err
