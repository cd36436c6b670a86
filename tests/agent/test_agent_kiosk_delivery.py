"""Packages put away by their label at the screen, and the screen while a handheld has the session."""

import pytest

from agent.kiosk import visit as steps
from agent.panel import Panel
from firmware.journal import entry, kinds
from tests.agent.kiosk_firmware import Kiosk
from tests.agent.unit_site import PACKAGE, PLACE, POCKET, label


@pytest.fixture
def kiosk():
    made = Kiosk()
    assert made.cabinet.reference("labels", 1, [label(), label("HK02", state=2)]) == 0
    return made


def restocking(kiosk):
    kiosk.sign_on()
    kiosk.flow.core.go(steps.RESTOCK, "refill")


@pytest.mark.req("P42", "P44")
def test_a_scanned_label_opens_the_drawer_and_is_delivered(kiosk):
    restocking(kiosk)
    kiosk.scan(PACKAGE)
    assert (kiosk.step, kiosk.view.state["place"]) == (steps.DRAWER, PLACE)
    kiosk.pull()
    kiosk.scan(POCKET)
    kiosk.do(kiosk.flow.enter())
    kiosk.push()
    assert kiosk.step == steps.RESTOCK and kiosk.cabinet.state.quantity(PLACE) == 6
    told = next(f for f in kiosk.cabinet.entries() if f[entry.F_KIND] == kinds.DELIVERED)
    assert told[entry.F_EXT][:2] == ["HK01", 2]
    kiosk.scan(PACKAGE)
    assert (kiosk.step, kiosk.flow.core.good) == (steps.RESTOCK, False) and "put away already" in kiosk.message


@pytest.mark.req("P39")
def test_a_voided_label_opens_nothing(kiosk):
    restocking(kiosk)
    kiosk.scan("Z1|saline|6|HK02")
    assert kiosk.step == steps.RESTOCK and "code 145" in kiosk.message and kiosk.cabinet.moved == []


def test_a_label_outside_of_restocking_opens_nothing(kiosk):
    kiosk.sign_on()
    kiosk.scan(PACKAGE)
    assert "Choose Refill" in kiosk.message and kiosk.cabinet.moved == []


@pytest.mark.req("P41")
def test_the_screen_shows_nothing_of_a_handhelds_session_and_says_why_it_waits(kiosk):
    unit = Panel(kiosk.desk, kiosk.flow.core.panel.clock, "HK")
    kiosk.do(unit.do("sign_on", {"badge": "b1", "pin": "1234"}))
    kiosk.do(unit.do("refill", {"item": "saline", "quantity": 6, "label": label()[0], "via": 1}))
    kiosk.desk.look()
    assert (kiosk.step, kiosk.flow.visit.user) == (steps.SIGN_ON, "")
    before = kiosk.flow.signature
    kiosk.sign_on("b2", "4321")
    assert kiosk.step == steps.SIGN_ON and "It is in use by handheld HK." in kiosk.message
    assert kiosk.flow.core.good is False and kiosk.cabinet.station.session.user == "anna"
    kiosk.view.floor.leave("HK")
    kiosk.desk.look()
    assert kiosk.flow.signature != before, "the page is drawn anew"
    assert (kiosk.step, kiosk.flow.visit.user) == (steps.DRAWER, "anna"), "what is open is the screen's to finish"


def test_a_panel_that_gives_no_pin_right_keeps_nobody_waiting(kiosk):
    unit = Panel(kiosk.desk, kiosk.flow.core.panel.clock, "HK")
    kiosk.do(unit.do("sign_on", {"badge": "b1", "pin": "9999"}))
    assert kiosk.view.floor.unit == ""
    kiosk.sign_on("b2", "4321")
    assert kiosk.flow.visit.user == "ben" and kiosk.cabinet.said()[2] == "ben"
