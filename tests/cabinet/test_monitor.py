"""What a technician reads of a running cabinet: its state and its journal, through a real agent."""

import pytest

from agent.cabinet import monitor
from agent.cabinet.errors import CabinetError
from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages
from tests.agent.agent_site import Site
from tests.agent.fake_cabinet import STATION
from tests.waits import until

STATUS = {"link": True, "depth": 0, "frames_dropped": {"agent": 0, "controller": 0}}
STATE = {"phase": messages.IDLE, "user": "", "item": "", "place": "", "open": [], "alarms": []}


def test_entries_and_states_in_words():
    fields = [
        1,
        "ICU1",
        1,
        3,
        17,
        1_800_000_000_000,
        5,
        2,
        kinds.REMOVE,
        "anna",
        "ben",
        "MORP",
        "D01-P02",
        8,
        -2,
        6,
        15,
    ]
    assert monitor.entry_line([*fields, None, [0, None]]) == (
        "08:00:00  #17  remove  anna with ben  D01-P02  MORP  8 -> 6  [0, None]  (of #15)"
    )
    assert monitor.state_line(STATE, STATUS) == "nobody signed on"
    busy = STATE | {"phase": messages.OPEN, "user": "anna", "place": "D01-P02", "open": [1], "alarms": [[3, 2]]}
    away = STATUS | {"link": False, "depth": 4, "frames_dropped": {"agent": 1, "controller": 2}}
    assert monitor.state_line(busy, away) == (
        "open | anna | D01-P02 | open: 1 | Drawer 2 jammed: use another pocket and call biomed"
        " | 4 entries wait for the centre | the controller does not answer 3 frames damaged"
    )


def test_live_through_the_agents_panel(tmp_path):
    site, said = Site(tmp_path), []
    try:
        agent = site.agent()
        until(lambda: agent.ask("state")["code"] == 0, "the controller")
        assert agent.ask("sign_on", badge="b1", pin="1234")["code"] == 0
        assert agent.ask("remove", patient="p1", item="IBU", quantity=2)["code"] == 0
        until(lambda: agent.ask("status")["params"][0]["entries"] > 1, "the entries")
        monitor.watch(site.folder.parents[1] / "run" / f"{STATION}.panel.sock", said.append, rounds=1)
        assert agent.ask("entries", after=0)["params"][0][4] == 1
        assert agent.ask("entries", after="x")["code"] == codes.BAD_PANEL_REQUEST
    finally:
        site.close()
    assert said[0].startswith("[open | u1 | IBU D01-P01 | open: 1")
    assert [line.split("  ")[1:3] for line in said[1:3]] == [["#1", "sign_on"], ["#2", "access"]]


def test_without_an_agent(tmp_path):
    with pytest.raises(CabinetError) as error:
        monitor.watch(tmp_path / "panel.sock", print, rounds=1)
    assert error.value.code == codes.LINK_DOWN
