"""Notices of the centre on their way to the kiosk: alerts of the one signed on, changed levels, nothing unbounded."""

import asyncio

import pytest

from agent import notices, words
from agent.clock import SystemClock
from agent.kiosk import lists
from agent.kiosk.flow import Flow
from agent.notices import Notices
from agent.panel import Panel
from agent.view import View
from firmware import codes
from firmware.journal import chain, entry, kinds
from firmware.wire import cbor, messages
from tests.agent.fake_cabinet import LOG, STATION, Cabinet
from tests.agent.test_agent_station import Rig


@pytest.fixture
def rig(tmp_path):
    made = Rig(tmp_path)
    yield made
    made.outbox.close()


def notice(rig, kind, body, utc_ms=5):
    rig.down("notice", rig.centre.down("notice", [1, STATION, utc_ms, kind, body]))


def removal_in_the_outbox(rig, patient):
    """A log of one entry, the removal of `patient`, as the controller hands it over."""
    ref, disclosure = entry.ref_of(bytes(16), patient, "O1")
    cabinet = Cabinet()
    fields = [1, STATION, LOG, 1, 1, 1000, 1, 3, kinds.REMOVE, "u1", None]
    fields += ["MOR", "D01-P01", 5, -1, 4, 1, ref, [0, None, None, None, None]]
    data = entry.encode(fields)
    cabinet.seq, cabinet.pages = 1, {1: chain.page(data, disclosure, bytes(16))}
    cabinet.heads.append(chain.next_head(cabinet.heads[0], chain.leaf(data)))

    async def hear():
        rig.agent.link_received([cabinet.info(), cbor.encode([messages.PAGE, 1, cabinet.pages[1]])])

    asyncio.run(hear())


@pytest.mark.req("A3")
def test_an_alert_is_told_to_the_nurse_who_removed_until_it_is_over(rig):
    view = rig.agent.view
    view.directory = {"item_names": {"MOR": ["MOR", "Morphine", ""]}, "patient_names": {"P1": ["P1", "Ada", "MICU"]}}
    removal_in_the_outbox(rig, "P1")
    notice(rig, 1, [1, 2, codes.AWAITING_DOCUMENTATION, "u1", "MOR"])
    notice(rig, 1, [1, 1, codes.NO_ACTIVE_ORDER, "u1", "MOR"])
    assert lists.alerts(view) == [], "nobody is signed on"
    view.state["user"] = "u2"
    assert lists.alerts(view) == []
    view.state["user"] = "u1"
    first, second = lists.alerts(view)
    wanted = "no active order on file - check the order or tell the pharmacy"
    assert first == f"Removal of Morphine for patient Ada: {wanted} (code 5301)"
    assert "not charted yet" in second
    notice(rig, 2, [1, 1, "order O7"])
    assert lists.alerts(view) == [second]
    notice(rig, 2, [1, 2, "charted"])
    assert lists.alerts(view) == []


def test_an_alert_whose_removal_is_no_longer_here_names_no_patient(rig):
    notice(rig, 1, [77, 1, codes.NOT_ADMITTED, "u1", "MOR"])
    rig.agent.view.state["user"] = "u1"
    assert lists.alerts(rig.agent.view)[0].startswith("Removal of MOR: the patient is not admitted")


def test_every_alert_of_verification_has_words():
    raised = {v for k, v in vars(codes).items() if isinstance(v, int) and 5301 <= v <= 5305}
    assert raised == set(words.ALERTS)


@pytest.mark.req("A21.c")
def test_a_changed_level_is_shown_with_its_reason_once_the_cabinet_has_it(rig):
    view = rig.agent.view
    view.directory = {"items": {"MOR": ["MOR", 2, 1000, 0]}}
    view.set_inventory([["D01-P01", "MOR", 5, 2000, 10000, 12000, 0], ["D01-P02", "IBU", 5, 500, 3000, 12000, 0]])
    notice(rig, 3, ["D01-P01", 500, 3000, "use fell to 2 a day"])
    assert lists.par_changes(view, "MOR") == []
    view.set_inventory([["D01-P01", "MOR", 5, 500, 3000, 12000, 0]])
    assert lists.par_changes(view, "MOR") == ["D01-P01: min 0.5, max 3 now - use fell to 2 a day"]


@pytest.mark.parametrize(("code", "asked"), [(codes.NONE, 1), (codes.PAR_OUT_OF_BOUNDS, 0)])
def test_after_a_command_the_inventory_is_read_anew(rig, code, asked):
    sent = []

    async def hear():
        rig.agent.attach(lambda payload: sent.append(cbor.decode(payload)), None)
        rig.agent.link_opened()
        rig.agent.link_received([Cabinet().info()])
        rig.agent.broker_message(
            "x/down/command", rig.centre.down("command", [1, STATION, LOG, 4, 9, 2, ["D01-P01", 1, 2]])
        )
        sent_before = sum(message[0] == messages.GET_INVENTORY for message in sent)
        rig.agent.link_received([cbor.encode([messages.RESULT, messages.COMMAND, code, [4]])])
        return sum(message[0] == messages.GET_INVENTORY for message in sent) - sent_before

    assert asyncio.run(hear()) == asked
    assert messages.COMMAND in [message[0] for message in sent]
    assert (words.of(codes.PAR_OUT_OF_BOUNDS) in rig.alarms()) == (code != codes.NONE)


@pytest.mark.parametrize("bad", [(1, ["late"]), (1, [1, 1, 5301, None, "MOR"]), (3, ["D01-P01", 1]), (9, []), (2, [])])
def test_what_is_no_notice_is_told_and_dropped(rig, bad):
    notice(rig, *bad)
    assert rig.alarms() == [words.of(codes.BAD_MESSAGE)]
    assert rig.agent.view.notices.rows() == []


def test_a_forged_notice_is_refused(rig):
    good = rig.centre.down("notice", [1, STATION, 5, 1, [1, 1, 5301, "u1", "MOR"]])
    rig.down("notice", good[:-1] + bytes([good[-1] ^ 1]))
    assert rig.alarms() == [words.of(codes.BAD_SIGNATURE)]
    assert rig.agent.view.notices.rows() == []


def test_the_oldest_make_room():
    held = Notices()
    for n in range(notices.ALERTS + 5):
        held.take(n, 1, [n, 1, 5301, "u1", "MOR"], lambda seq: "")
    for n in range(notices.PARS + 5):
        held.take(n, 3, [f"D01-P{n}", 1, 2, "x"], lambda seq: "")
    assert len(held.alerts_of("u1")) == notices.ALERTS
    assert held.alerts_of("u1")[0].seq == notices.ALERTS + 4
    assert held.par_of("D01-P4") is None
    assert held.par_of("D01-P5") is not None


class Desk:
    """Nobody behind it."""

    def __init__(self):
        self.view = View()


def test_the_panel_gives_what_stands_and_the_page_is_drawn_anew():
    desk = Desk()
    panel = Panel(desk, SystemClock())
    flow = Flow(panel, list, "ICU1")
    desk.view.state["user"] = "u1"
    before = flow.signature
    desk.view.notices.take(8, 3, ["D01-P01", 1, 2, "x"], lambda seq: "")
    desk.view.notices.take(7, 1, [3, 1, 5301, "u1", "MOR"], lambda seq: "P1")
    outcome = asyncio.run(panel.do("notices"))
    assert (outcome.code, outcome.params) == (0, [[7, 1, [3, 1, 5301, "u1", "MOR"]], [8, 3, ["D01-P01", 1, 2, "x"]]])
    assert flow.signature != before
