"""Who is at the screen: one badge read changes over, and nothing of the first person is left."""

import cbor2
import pytest

from agent.kiosk import visit as steps
from agent.kiosk.people import NURSE
from firmware.journal import kinds
from firmware.wire import messages
from tests.agent import fake_cabinet as fake
from tests.agent.kiosk_site import IBU, MOR, Screen


@pytest.fixture
def screen():
    made = Screen()
    made.sign_on()
    return made


def fill(screen):
    """Patient, cart, search, a quantity and an open question of the first person."""
    screen.patient()
    screen.item(IBU)
    screen.flow.visit.digits = "2"
    screen.flow.removal.add()
    screen.flow.visit.search = "mor"
    screen.flag(MOR, fake.WITNESS_REMOVAL)
    screen.item(MOR)
    screen.flow.visit.digits = "1"
    screen.do(screen.flow.removal.release())
    assert screen.step == steps.WITNESS


@pytest.mark.req("U21")
def test_another_badge_takes_over_in_one_read_and_nothing_of_the_first_is_left(screen):
    fill(screen)
    screen.flow.core.give_up()
    first = screen.flow.visit
    screen.scan("B2")
    assert (screen.step, screen.flow.visit.badge, screen.view.state["user"]) == (steps.SIGN_ON, "B2", None)
    screen.type("1234")
    screen.do(screen.flow.people.sign_on())
    second = screen.flow.visit
    assert second is not first
    assert (second.user, second.step, second.cart, second.search, second.patient) == (
        "u2", steps.PATIENTS, [], "", None
    )  # fmt: skip
    assert (second.item, second.digits, second.asking, second.pin) == (None, "", None, "")


def test_a_badge_at_the_witness_question_is_the_witness_and_changes_nobody_over(screen):
    fill(screen)
    screen.scan("B2")
    assert (screen.step, screen.view.state["user"]) == (steps.WITNESS, "u1")


def test_nobody_takes_over_while_a_drawer_is_open(screen):
    screen.patient()
    screen.item(IBU)
    screen.flow.visit.digits = "1"
    screen.do(screen.flow.removal.release())
    screen.scan("B2")
    assert (screen.step, screen.view.state["user"]) == (steps.DRAWER, "u1")
    assert "busy" in screen.message


def test_somebody_signed_on_elsewhere_drops_the_visit(screen):
    fill(screen)
    screen.cabinet.user = "u2"
    screen.desk.told([messages.STATE, 1, "u2", None, 0, None, None, None, 0, 0, [], 0, 0, 0, []])
    assert (screen.flow.visit.user, screen.flow.visit.cart, screen.step) == ("u2", [], steps.PATIENTS)


def test_an_unknown_package_signs_nobody_off(screen):
    screen.scan("0100312345678913")
    screen.scan("036000291452")
    assert screen.view.state["user"] == "u1"
    assert "not known here" in screen.message


def test_ones_own_badge_changes_nothing(screen):
    screen.patient()
    screen.scan("B1")
    assert (screen.step, screen.message) == (steps.ITEMS, "You are signed on.")


@pytest.mark.req("F17")
def test_a_temporary_user_gets_no_more_than_the_one_who_grants(screen):
    screen.flow.visit.roles = messages.ROLE_GRANT | messages.ROLE_REMOVE
    screen.flow.people.form("grant")
    screen.scan("T77")
    screen.flow.visit.form["user"] = "float-1"
    screen.type("4321")
    screen.do(screen.flow.people.submit())
    assert screen.asked(messages.GRANT) == [["T77", "float-1", NURSE & messages.ROLE_REMOVE, 0xFFFFFFFF, 8, "4321"]]
    assert "Known here until 01:30 UTC" in screen.message


@pytest.mark.req("F17")
def test_a_form_that_is_not_complete_asks_nobody(screen):
    screen.flow.people.form("grant")
    screen.do(screen.flow.people.submit())
    assert "Scan or enter the badge" in screen.message
    screen.scan("T77")
    screen.flow.visit.form["user"] = "float-1"
    screen.do(screen.flow.people.submit())
    assert "at least 4 digits" in screen.message
    assert screen.asked(messages.GRANT) == []


@pytest.mark.req("F17")
def test_a_first_pin_is_changed_before_anything_else(screen, mocker):
    screen.do(screen.flow.people.sign_off())
    mocker.patch.object(screen.cabinet, "_sign_on", lambda *_: (0, ["u1", 1, 1]))
    screen.cabinet.user = "u1"
    screen.sign_on()
    assert screen.step == steps.NEW_PIN
    for pin in ("8642", "8643", "8642", "8642"):
        screen.type(pin)
        screen.do(screen.flow.people.new_pin())
    assert screen.asked(messages.CHANGE_PIN) == [["1234", "8642"]]
    assert screen.step == steps.PATIENTS


@pytest.mark.req("F16", "U17")
def test_a_patient_who_is_not_on_the_list_is_added_by_her_wristband(screen):
    screen.flow.people.form("add_patient")
    screen.scan("W123")
    screen.do(screen.flow.people.submit())
    assert screen.asked(messages.ADD_PATIENT) == [["W123", 8]]
    screen.cabinet.more = [0, [], [], [["W123", 90]]]
    screen.desk.told(cbor2.loads(screen.cabinet.state()))
    screen.scan("W123")
    assert (screen.step, screen.flow.visit.patient.ward) == (steps.ITEMS, "provisional")


@pytest.mark.req("F12")
def test_my_activity_and_what_differed_where_i_was(screen):
    screen.cabinet.append(kinds.DISCREPANCY, "D01-P01", 18, IBU, -2, ("u1", 5))
    screen.cabinet.user = "u2"
    screen.cabinet.append(kinds.DISCREPANCY, "D01-P02", 18, MOR, -2, ("", 0))
    screen.cabinet.user = "u1"
    assert [act.place for act in screen.flow.people.discrepancies()] == ["D01-P01"]
    assert [act.kind for act in screen.flow.people.activity()] == [kinds.DISCREPANCY, kinds.SIGN_ON]


@pytest.mark.req("U21")
def test_digits_that_somebody_left_at_the_sign_on_are_gone_with_the_next_badge(screen):
    screen.do(screen.flow.people.sign_off())
    screen.type("99")
    screen.scan("B2")
    screen.type("1234")
    screen.do(screen.flow.people.sign_on())
    assert screen.flow.visit.user == "u2"


def test_keys_right_after_a_badge_find_it_read(screen):
    screen.do(screen.flow.people.sign_off())
    assert screen.flow.scanned("B2") is None
    screen.type("1")
    assert (screen.flow.visit.badge, screen.flow.visit.pin) == ("B2", "1")
