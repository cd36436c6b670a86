"""Taking for patients: cart, kits, counts first, open wastes, returns."""

from functools import partial

import pytest

from agent import words
from agent.kiosk import lists
from agent.kiosk import visit as steps
from agent.kiosk.removal import TO_BIN, TO_POCKET
from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages
from tests.agent import fake_cabinet as fake
from tests.agent.kiosk_site import IBU, MOR, NOW_MIN, ROC, Screen


@pytest.fixture
def screen():
    made = Screen()
    made.sign_on()
    made.patient()
    return made


def take(screen, item, quantity):
    screen.item(item)
    screen.flow.visit.digits = quantity
    screen.do(screen.flow.removal.release())
    screen.do(screen.flow.drawer.confirm())


@pytest.mark.req("F14", "U21")
def test_what_is_due_takes_two_touches_to_the_drawer(screen):
    screen.flow.removal.choose_task(screen.flow.removal.tasks()[0])
    assert (screen.step, screen.flow.visit.digits) == (steps.QUANTITY, "1")
    screen.do(screen.flow.enter())
    assert screen.step == steps.DRAWER
    assert screen.asked(messages.REMOVE) == [["P1", "O1", MOR, 10, None, None, 0, "", 0]]


def test_the_first_key_takes_the_place_of_what_was_entered_already(screen):
    screen.flow.removal.choose_task(screen.flow.removal.tasks()[0])
    screen.type("25")
    assert screen.flow.visit.digits == "25"


@pytest.mark.req("F14")
def test_several_items_in_one_visit_are_one_access_each(screen):
    for item in (IBU, MOR):
        screen.item(item)
        screen.flow.visit.digits = "1"
        screen.flow.removal.add()
    screen.flow.core.go(steps.CART)
    for left in (1, 0):
        screen.do(screen.flow.removal.open_next())
        assert screen.step == steps.DRAWER
        screen.do(screen.flow.drawer.confirm())
        assert len(screen.flow.visit.cart) == left
        assert screen.step == (steps.CART if left else steps.ITEMS)
    assert [args[2:4] for args in screen.asked(messages.REMOVE)] == [[IBU, 1], [MOR, 10]]


@pytest.mark.req("F15")
def test_a_kit_is_one_touch_and_its_lines_say_so(screen):
    screen.flow.removal.choose_kit("RSI")
    assert screen.step == steps.CART
    screen.do(screen.flow.removal.open_next())
    assert screen.asked(messages.REMOVE) == [["P1", "", ROC, 1, None, None, 0, "RSI", 0]]


def test_an_item_that_was_refused_stays_in_the_cart(screen):
    screen.flow.removal.choose_kit("RSI")
    screen.cabinet.open = [1, IBU, "D01-P01", 1]
    screen.do(screen.flow.removal.open_next())
    assert len(screen.flow.visit.cart) == 2


@pytest.mark.req("F8")
def test_a_blind_count_is_asked_for_before_anything_is_taken_and_told_twice_at_most(screen):
    screen.flag(MOR, fake.BLIND)
    screen.item(MOR)
    screen.flow.visit.digits = "1"
    screen.do(screen.flow.removal.release())
    assert screen.flow.drawer.counts_first
    assert screen.flow.drawer.expected() is None
    screen.do(screen.flow.drawer.confirm())
    assert screen.asked(messages.CONFIRM) == []
    for _ in range(2):
        screen.type("1.5")
        screen.do(screen.flow.drawer.confirm())
    assert screen.asked(messages.CONFIRM) == [[10, 15, None], [10, 15, None]]
    assert (screen.step, screen.message) == (steps.ITEMS, "Recorded.")


@pytest.mark.req("F8")
def test_a_count_that_differs_is_asked_for_once_more(screen):
    screen.flag(IBU, fake.VERIFIED)
    screen.item(IBU)
    screen.flow.visit.digits = "1"
    screen.do(screen.flow.removal.release())
    assert screen.flow.drawer.expected() == 20
    screen.type("19")
    screen.do(screen.flow.drawer.confirm())
    assert (screen.message, screen.flow.visit.counted) == (words.of(codes.COUNT_AGAIN), "")
    screen.type("20")
    screen.do(screen.flow.drawer.confirm())
    assert screen.step == steps.ITEMS


@pytest.mark.req("F8")
def test_no_list_tells_how_many_there_are_of_a_blind_item(screen):
    screen.flag(MOR, fake.BLIND)
    blind = lists.item(screen.view, MOR)
    assert (blind.on_hand, blind.room) == (None, 0)
    assert [row.quantity for row in lists.pockets(screen.view) if row.item == MOR] == [None]
    assert "20" not in lists.explained(screen.view, codes.NOT_ENOUGH, [200, 200], MOR)
    assert "20." in lists.explained(screen.view, codes.NOT_ENOUGH, [20, 20], IBU)


@pytest.mark.req("F9", "U14")
def test_what_was_taken_beyond_the_dose_is_open_until_it_is_wasted(screen):
    take(screen, MOR, "1.5")
    screen.clock.advance((NOW_MIN + 800) * 60_000)
    (waste,) = screen.flow.removal.open_wastes()
    assert waste.quantity == 5
    assert waste.late
    screen.flow.removal.choose_removal(waste.removal, "waste", waste.quantity)
    assert screen.flow.visit.digits == "0.5"
    screen.do(screen.flow.removal.waste(1))
    assert screen.flow.removal.open_wastes() == []


@pytest.mark.req("F10")
@pytest.mark.parametrize("to", [TO_BIN, TO_POCKET])
def test_a_return_names_its_removal_and_where_it_goes(screen, to):
    take(screen, MOR, "1")
    removal = screen.flow.removal.mine()[0]
    screen.flow.removal.choose_removal(removal, "return")
    screen.do(screen.flow.removal.give_back(to))
    assert screen.asked(messages.RETURN) == [["P1", "O1", MOR, 10, removal.txn, to, None]]
    assert screen.step == steps.DRAWER


def test_what_came_back_is_no_longer_out(screen):
    take(screen, MOR, "2")
    txn = screen.flow.removal.mine()[0].txn
    screen.cabinet.append(kinds.RETURN_BIN, "D08-P01", 10, MOR, 10, (0, txn), [bytes(16), "P1", "O1"])
    assert [row.open for row in screen.flow.removal.mine()] == [10]


@pytest.mark.req("F14")
def test_patients_one_took_for_come_first(screen):
    screen.patient(1)
    take(screen, IBU, "1")
    recent = screen.flow.removal.recent_patients()
    assert [row.patient for row in lists.patients(screen.view, recent)] == ["P2", "P1"]


@pytest.mark.req("F13")
def test_a_cancelled_removal_leads_back_to_the_items(screen):
    screen.item(IBU)
    screen.flow.visit.digits = "1"
    screen.do(screen.flow.removal.release())
    screen.do(screen.flow.drawer.cancel())
    assert (screen.step, screen.flow.visit.patient.name) == (steps.ITEMS, "Ada")
    assert "Cancelled" in screen.message


@pytest.mark.parametrize("digits", ["", "0", "0.15", "."])
def test_a_quantity_that_cannot_be_asks_nobody(screen, digits):
    screen.item(MOR)
    screen.flow.visit.digits = digits
    screen.do(screen.flow.removal.release())
    assert screen.asked(messages.REMOVE) == []
    assert not screen.flow.core.good


@pytest.mark.req("F2", "F10")
def test_a_dose_that_came_back_whole_is_due_again(screen):
    take(screen, MOR, "1")
    (task,) = screen.flow.removal.tasks()
    assert task.taken_min is not None
    removal = screen.flow.removal.mine()[0]
    screen.cabinet.append(kinds.RETURN_BIN, "D08-P01", 10, MOR, 10, (0, removal.txn), [bytes(16), "P1", "O1"])
    (task,) = screen.flow.removal.tasks()
    assert (task.taken_min, task.too_soon) == (None, False)


@pytest.mark.req("F14")
def test_a_list_may_hold_two_patients_lines_and_the_drawer_names_the_right_one(screen):
    screen.item(IBU)
    screen.flow.visit.digits = "1"
    screen.flow.removal.add()
    screen.patient(1)
    screen.flow.core.go(steps.CART)
    screen.do(screen.flow.removal.open_next())
    assert screen.asked(messages.REMOVE)[0][0] == "P1"
    assert (screen.flow.visit.taken_for, screen.flow.visit.patient.patient) == ("P1", "P2")


@pytest.mark.req("F15")
def test_what_of_a_kit_is_not_here_is_told(screen):
    screen.view.directory["kits"]["K3"] = ["K3", "RSI", "ETO", 1]
    screen.view.directory["item_names"]["ETO"] = ["ETO", "Etomidate 20 mg vial", ""]
    screen.flow.removal.choose_kit("RSI")
    assert (screen.step, len(screen.flow.visit.cart)) == (steps.CART, 2)
    assert screen.message == "Not in this cabinet: Etomidate 20 mg vial. Get it elsewhere."


@pytest.mark.req("F9")
def test_a_second_touch_before_the_cabinet_has_answered_wastes_nothing_more(screen):
    take(screen, MOR, "2")
    removal, core = screen.flow.removal, screen.flow.core
    removal.choose_removal(removal.mine()[0], "waste", 5)
    first, second = (core.touched(partial(removal.waste, 1)) for _ in range(2))
    screen.do(first)
    assert second is None
    assert [args[3] for args in screen.asked(messages.WASTE)] == [5]
    assert (screen.step, screen.message) == (steps.REMOVALS, "Waste recorded.")
