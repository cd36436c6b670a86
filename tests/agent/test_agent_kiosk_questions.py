"""What the firmware misses becomes a question on the screen, and the same request goes again with the answer."""

import pytest

from agent import words
from agent.kiosk import visit as steps
from firmware import codes
from firmware.wire import messages
from tests.agent import fake_cabinet as fake
from tests.agent.kiosk_site import IBU, MOR, ROC, Screen


@pytest.fixture
def screen():
    made = Screen()
    made.sign_on()
    made.patient()
    return made


def release(screen, item, quantity="1"):
    screen.item(item)
    screen.flow.visit.digits = quantity
    screen.do(screen.flow.removal.release())


@pytest.mark.req("U13")
def test_a_witness_is_asked_for_exactly_where_the_cabinet_wants_one(screen):
    release(screen, IBU)
    assert screen.step == steps.DRAWER
    screen.do(screen.flow.drawer.confirm())
    screen.flag(MOR, fake.WITNESS_REMOVAL)
    release(screen, MOR)
    assert screen.step == steps.WITNESS
    assert not screen.cabinet.open
    screen.witnessed_by("B1")
    assert (screen.step, screen.message) == (steps.WITNESS, words.of(codes.WITNESS_IS_ACTOR))
    screen.witnessed_by()
    assert screen.step == steps.DRAWER
    assert screen.asked(messages.REMOVE)[-1] == screen.asked(messages.REMOVE)[-2]


@pytest.mark.req("U13", "F9")
def test_the_witness_comes_to_the_waste_itself(screen):
    screen.flag(MOR, fake.WITNESS_WASTE)
    release(screen, MOR, "2")
    screen.do(screen.flow.drawer.confirm())
    screen.flow.removal.choose_removal(screen.flow.removal.mine()[0], "waste")
    screen.flow.visit.digits = "0.5"
    screen.do(screen.flow.removal.waste(1))
    assert screen.step == steps.WITNESS
    screen.witnessed_by()
    assert screen.step == steps.REMOVALS
    assert screen.message == "Waste recorded."
    assert screen.asked(messages.WASTE)[-1][3:] == [5, screen.flow.removal.mine()[0].txn, 1]


@pytest.mark.req("U8", "F28")
def test_an_override_gives_a_reason_and_answers_the_question_of_the_item(screen):
    screen.cabinet.orders = {("P1", MOR)}
    screen.flag(ROC, fake.HIGH_ALERT)
    release(screen, ROC)
    assert screen.step == steps.REASON
    screen.do(screen.flow.core.again(override=1))
    assert (screen.step, screen.flow.visit.asking.params) == (steps.PROMPT, [fake.PROMPT])
    screen.do(screen.flow.core.again(answer=1))
    assert screen.step == steps.DRAWER
    assert screen.asked(messages.REMOVE)[-1][6:] == [1, "", 1]


@pytest.mark.req("U8")
def test_an_answer_of_no_opens_nothing(screen):
    screen.cabinet.orders = set()
    screen.flag(ROC, fake.HIGH_ALERT)
    release(screen, ROC)
    screen.do(screen.flow.core.again(override=1))
    screen.do(screen.flow.core.again(answer=2))
    assert (screen.step, screen.message) == (steps.QUANTITY, words.of(codes.PROMPT_REFUSED))
    assert not screen.cabinet.open


def test_who_may_not_override_is_told_so_and_not_asked(screen):
    screen.cabinet.orders = set()
    screen.flow.visit.roles = messages.ROLE_REMOVE
    release(screen, ROC)
    assert (screen.step, screen.message) == (steps.QUANTITY, words.of(codes.NO_ORDER))


@pytest.mark.req("P48", "F29")
def test_the_package_is_scanned_where_the_item_wants_it_and_must_be_the_right_one(screen):
    screen.flag(IBU, fake.SCAN_REMOVAL)
    release(screen, IBU)
    assert screen.step == steps.SCAN
    screen.scan(MOR)
    assert screen.step == steps.SCAN
    assert "not what was asked for" in screen.message
    screen.scan("312345678906")
    assert screen.step == steps.DRAWER
    assert screen.asked(messages.REMOVE)[-1][5] == "00312345678906"


@pytest.mark.req("F42")
def test_what_cannot_be_scanned_goes_with_a_reason(screen):
    screen.flag(IBU, fake.SCAN_REMOVAL)
    release(screen, IBU)
    screen.flow.core.ask_bypass()
    screen.do(screen.flow.core.bypass(2))
    assert screen.step == steps.DRAWER
    assert screen.asked(messages.BYPASS) == [[1, 2, IBU, ""]]


@pytest.mark.req("F42")
def test_a_label_that_cannot_be_scanned_goes_with_a_reason(screen):
    screen.cabinet.label_needed = 1
    release(screen, IBU)
    assert screen.flow.drawer.needs_label
    screen.flow.core.ask_bypass()
    screen.do(screen.flow.core.bypass(1))
    assert screen.asked(messages.BYPASS) == [[2, 1, "", "D01-P01"]]
    screen.do(screen.flow.drawer.confirm())
    assert screen.step == steps.ITEMS


@pytest.mark.req("F22", "P46")
def test_the_label_of_another_pocket_is_refused_with_the_right_one(screen):
    screen.cabinet.label_needed = 1
    release(screen, IBU)
    screen.scan("D02-P01")
    screen.do(screen.flow.drawer.confirm())
    assert "The right one is Drawer 1 · Pocket 1." in screen.message
    screen.scan("D01-P01")
    screen.do(screen.flow.drawer.confirm())
    assert screen.asked(messages.CONFIRM)[-1] == [1, None, "D01-P01"]
    assert screen.step == steps.ITEMS


@pytest.mark.req("P61", "U11")
def test_printed_labels_of_another_pocket_and_of_another_cabinet_are_refused(screen):
    screen.cabinet.label_needed = 1
    release(screen, IBU)
    screen.scan("Z4|ICU2|1|1")
    assert "cabinet ICU2" in screen.message
    screen.do(screen.flow.drawer.confirm())
    assert screen.step == steps.DRAWER
    screen.scan("Z4|ICU1|2|1")
    screen.do(screen.flow.drawer.confirm())
    assert "The right one is Drawer 1 · Pocket 1." in screen.message
    screen.scan("Z4|ICU1|1|1")
    screen.do(screen.flow.drawer.confirm())
    assert screen.asked(messages.CONFIRM)[-1] == [1, None, "D01-P01"]
    assert screen.step == steps.ITEMS


def test_giving_up_a_question_leaves_everything_as_it_was(screen):
    screen.flag(MOR, fake.WITNESS_REMOVAL)
    release(screen, MOR)
    screen.flow.core.give_up()
    assert (screen.step, screen.flow.visit.item.item, screen.flow.visit.asking) == (steps.QUANTITY, MOR, None)
