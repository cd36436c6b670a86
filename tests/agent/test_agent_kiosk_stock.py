"""What the pharmacy does at the pockets, by touch and by scanner."""

from datetime import date

import pytest

from agent.barcodes import end_of_day_min
from agent.kiosk import lists
from agent.kiosk import visit as steps
from firmware.journal import kinds
from firmware.wire import messages
from tests.agent.kiosk_site import IBU, MOR, Screen

GS1 = "01003123456789061728013110LOT7"


@pytest.fixture
def screen():
    made = Screen()
    made.sign_on()
    return made


@pytest.mark.req("F22", "P46", "P47", "F26")
def test_one_scan_of_the_package_brings_item_lot_and_expiry(screen):
    screen.flow.core.go(steps.RESTOCK, "refill")
    screen.scan(GS1)
    assert (screen.step, screen.flow.visit.item.item) == (steps.QUANTITY, IBU)
    assert (screen.flow.visit.lot, screen.flow.visit.expiry) == ("LOT7", "2028-01-31")
    screen.type("12")
    screen.do(screen.flow.enter())
    until = end_of_day_min(date(2028, 1, 31))
    assert screen.asked(messages.REFILL) == [[IBU, 12, "LOT7", until, "00312345678906"]]
    screen.do(screen.flow.drawer.confirm())
    assert screen.step == steps.RESTOCK


@pytest.mark.req("P46")
def test_the_emptiest_item_comes_first(screen):
    rows = lists.hungriest(lists.items(screen.view), "")
    assert [row.room for row in rows] == sorted((row.room for row in rows), reverse=True)


def test_a_date_that_is_none_opens_nothing(screen):
    screen.flow.stock.choose_item(lists.item(screen.view, IBU))
    screen.flow.visit.expiry = "soon"
    screen.type("1")
    screen.do(screen.flow.enter())
    assert screen.asked(messages.REFILL) == []
    assert "2027-12-31" in screen.message


@pytest.mark.req("F26")
def test_outdates_come_earliest_first_and_open_by_touch(screen):
    screen.flow.stock.choose("outdate")
    assert [row.place for row in screen.flow.stock.pockets()] == ["D01-P02", "D01-P01"]
    screen.do(screen.flow.stock.at("D01-P02"))
    assert screen.asked(messages.OUTDATE) == [["D01-P02"]]
    assert screen.step == steps.DRAWER


@pytest.mark.req("F22")
def test_a_pocket_label_opens_the_pocket_of_the_task(screen):
    screen.flow.stock.choose("count")
    screen.scan("D01-P02")
    assert screen.asked(messages.COUNT) == [["D01-P02"]]
    screen.do(screen.flow.drawer.confirm())
    assert screen.asked(messages.CONFIRM) == []
    screen.type("20")
    screen.do(screen.flow.drawer.confirm())
    assert screen.asked(messages.CONFIRM) == [[20, None, None]]


@pytest.mark.req("F43")
def test_a_count_by_two_asks_the_second_person_before_it_is_confirmed(screen):
    screen.flow.stock.choose("count")
    screen.do(screen.flow.stock.at("D01-P01"))
    screen.type("20")
    screen.do(screen.flow.drawer.confirm(two=True))
    assert (screen.step, screen.asked(messages.CONFIRM)) == (steps.WITNESS, [])
    screen.witnessed_by()
    assert screen.asked(messages.CONFIRM) == [[20, None, None]]
    assert screen.step == steps.PLACES


@pytest.mark.req("F22")
def test_an_empty_pocket_is_loaded(screen):
    screen.flow.stock.choose("load")
    assert [row.place for row in screen.flow.stock.pockets()] == ["D02-P02"]
    screen.view.inventory["D02-P02"][1] = IBU
    screen.do(screen.flow.stock.at("D02-P02"))
    screen.type("3")
    screen.do(screen.flow.enter())
    assert screen.asked(messages.LOAD) == [["D02-P02", 3, None, None, None]]


@pytest.mark.req("F11")
def test_the_bin_is_emptied_item_by_item_with_a_witness(screen):
    assert screen.flow.stock.bins() == ["D08-P01"]
    screen.do(screen.flow.stock.empty_bin("D08-P01"))
    assert screen.step == steps.WITNESS
    screen.witnessed_by()
    assert screen.step == steps.DRAWER
    screen.do(screen.flow.enter())
    assert "Enter how many of Ibuprofen" in screen.message
    screen.flow.visit.active = IBU
    screen.type("3")
    screen.do(screen.flow.enter())
    assert screen.asked(messages.CONFIRM_BIN) == [[[[IBU, 3]]]]
    assert screen.step == "stock"


@pytest.mark.req("F31")
def test_a_failed_pocket_is_marked_and_brought_back(screen):
    screen.flow.stock.choose("fail")
    screen.do(screen.flow.stock.at("D01-P01", 3))
    assert screen.asked(messages.FAIL) == [["D01-P01", 3]]
    screen.cabinet.more = [0, [], ["D01-P01"]]
    screen.do(screen.flow.stock.recover("D01-P01"))
    assert screen.flow.stock.failed() == ["D01-P01"]
    assert screen.view.state["purpose"] == kinds.PURPOSE_RECOVER


def test_only_tasks_of_ones_own_roles_are_offered(screen):
    screen.flow.visit.roles = messages.ROLE_COUNT
    assert list(screen.flow.stock.tasks()) == ["count"]


def test_a_bin_is_no_pocket_to_take_from(screen):
    assert lists.item(screen.view, IBU).on_hand == 20
    assert "D08-P01" not in screen.view.inventory


@pytest.mark.req("F12")
def test_any_pocket_of_a_large_cabinet_is_found_by_place_or_item(screen):
    rows = [[f"D{n // 40 + 1:02}-P{n % 40 + 1:02}", IBU if n else MOR, 5, 1, 9, 9, 0, "", 0] for n in range(500)]
    screen.view.set_inventory(rows)
    screen.flow.stock.choose("count")
    stock = screen.flow.stock
    assert len(stock.pockets()) == 500
    assert [row.place for row in stock.pockets("drawer 13 · pocket 20")] == ["D13-P20"]
    assert [row.place for row in stock.pockets(" d13-p2")] == ["D13-P20"]
    assert [row.item for row in stock.pockets("morphine")] == [MOR]
    assert stock.pockets("none such") == []


def test_what_a_scanner_typed_into_a_form_is_not_left_there(screen):
    screen.flow.people.form("grant")
    screen.flow.visit.form["user"] = "agency1B9"
    screen.scan("B9")
    form = screen.flow.visit.form
    assert (form["badge"], form["user"], form["hours"]) == ("B9", "agency1", 8)
