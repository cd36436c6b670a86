"""Everything that is done at the screen, against the firmware itself: what is opened, journaled and told."""

import pytest

from agent import words
from agent.kiosk import lists
from agent.kiosk import visit as steps
from agent.kiosk.removal import TO_BIN
from firmware import codes
from firmware.journal import entry, kinds
from tests.agent.kiosk_firmware import Kiosk


@pytest.fixture
def kiosk():
    made = Kiosk()
    made.sign_on()
    made.scan("pat1")
    assert made.step == steps.ITEMS
    return made


def last(kiosk, kind):
    return next(fields for fields in reversed(kiosk.cabinet.entries()) if fields[entry.F_KIND] == kind)


def take_morphine(kiosk, counted="8"):
    kiosk.flow.removal.choose_task(kiosk.flow.removal.tasks()[0])
    kiosk.do(kiosk.flow.enter())
    assert kiosk.step == steps.DRAWER
    kiosk.type(counted)
    kiosk.finish()


@pytest.mark.req("F2", "F8", "F14")
def test_what_is_due_is_taken_after_a_blind_count(kiosk):
    take_morphine(kiosk)
    removed = last(kiosk, kinds.REMOVE)
    assert removed[entry.F_CHANGE] == -2000
    assert (kiosk.step, kiosk.message) == (steps.ITEMS, "Recorded.")
    assert [task.state for task in kiosk.flow.removal.tasks()] == ["taken"]


@pytest.mark.req("F8", "F12")
def test_a_count_that_differs_twice_is_a_discrepancy_on_the_list_of_both(kiosk):
    kiosk.flow.removal.choose_task(kiosk.flow.removal.tasks()[0])
    kiosk.do(kiosk.flow.enter())
    kiosk.pull()
    kiosk.type("7")
    kiosk.do(kiosk.flow.enter())
    assert kiosk.message == words.of(codes.COUNT_AGAIN)
    kiosk.type("7")
    kiosk.do(kiosk.flow.enter())
    kiosk.push()
    assert kiosk.message == "Recorded."
    (found,) = kiosk.flow.people.discrepancies()
    assert found.place == "D01-P01"


@pytest.mark.req("F9", "U13")
def test_a_waste_is_witnessed_at_the_waste(kiosk):
    take_morphine(kiosk)
    kiosk.flow.removal.choose_removal(kiosk.flow.removal.mine()[0], "waste")
    kiosk.type("0.5")
    kiosk.do(kiosk.flow.removal.waste(1))
    assert kiosk.step == steps.WITNESS
    kiosk.witnessed()
    wasted = last(kiosk, kinds.WASTE)
    assert (wasted[entry.F_WITNESS], wasted[entry.F_EXT][2]) == ("ben", 500)
    assert kiosk.message == "Waste recorded."
    assert [row.open for row in kiosk.flow.removal.mine()] == [1500]


@pytest.mark.req("F10", "F11")
def test_a_return_to_the_bin_and_the_bin_emptied_by_two(kiosk):
    take_morphine(kiosk)
    kiosk.flow.removal.choose_removal(kiosk.flow.removal.mine()[0], "return")
    kiosk.do(kiosk.flow.removal.give_back(TO_BIN))
    kiosk.finish()
    assert last(kiosk, kinds.RETURN_BIN)[entry.F_CHANGE] == 2000
    assert kiosk.flow.removal.mine() == []
    kiosk.flow.core.go(steps.STOCK)
    (place,) = kiosk.flow.stock.bins()
    kiosk.do(kiosk.flow.stock.empty_bin(place))
    kiosk.witnessed()
    assert (kiosk.step, kiosk.flow.drawer.in_bin()) == (steps.DRAWER, ["morphine"])
    kiosk.flow.visit.active = "morphine"
    kiosk.type("2")
    kiosk.finish()
    assert last(kiosk, kinds.BIN_EMPTIED)[entry.F_CHANGE] == -2000
    assert (kiosk.step, kiosk.flow.stock.bins()) == (steps.STOCK, [])


@pytest.mark.req("U8", "F28")
def test_an_override_of_a_high_alert_item_asks_and_journals_the_answer(kiosk):
    assert kiosk.cabinet.reference("policy", 1, [["profiled", 1]]) == 0
    assert kiosk.cabinet.reference("overrides", 1, [["rocuronium", 0]]) == 0
    kiosk.item("rocuronium")
    kiosk.type("1")
    kiosk.do(kiosk.flow.enter())
    assert kiosk.step == steps.REASON
    kiosk.do(kiosk.flow.core.again(override=1))
    assert (kiosk.step, lists.prompt(kiosk.view, kiosk.flow.visit.asking.params[0])) == (
        steps.PROMPT,
        "Is the patient intubated, or about to be?",
    )
    kiosk.do(kiosk.flow.core.again(answer=1))
    assert kiosk.step == steps.DRAWER
    kiosk.finish()
    assert last(kiosk, kinds.ATTESTATION)[entry.F_EXT] == [7, 1]
    assert last(kiosk, kinds.REMOVE)[entry.F_EXT][5] == 1


@pytest.mark.req("F22", "P46", "F26")
def test_refill_outdate_and_count_at_the_pockets(kiosk):
    kiosk.flow.core.go(steps.RESTOCK, "refill")
    kiosk.flow.stock.choose_item(lists.item(kiosk.view, "saline"))
    kiosk.flow.visit.lot, kiosk.flow.visit.expiry = "L9", "2028-01-31"
    kiosk.type("4")
    kiosk.do(kiosk.flow.enter())
    kiosk.finish()
    refilled = last(kiosk, kinds.REFILL)
    assert (refilled[entry.F_CHANGE], refilled[entry.F_EXT][1]) == (4, "L9")
    kiosk.flow.stock.choose("outdate")
    (row,) = kiosk.flow.stock.pockets()
    assert row.lot == "L9"
    kiosk.do(kiosk.flow.stock.at(row.place))
    kiosk.type("4")
    kiosk.finish()
    assert last(kiosk, kinds.OUTDATE)[entry.F_CHANGE] == -4
    kiosk.flow.stock.choose("count")
    kiosk.do(kiosk.flow.stock.at("D01-P02"))
    kiosk.pull()
    kiosk.type("5")
    kiosk.do(kiosk.flow.drawer.confirm(two=True))
    kiosk.witnessed()
    kiosk.push()
    assert last(kiosk, kinds.COUNT)[entry.F_WITNESS] == "ben"


@pytest.mark.req("F31")
def test_a_pocket_that_failed_opens_again_after_a_count_by_two(kiosk):
    kiosk.flow.stock.choose("fail")
    kiosk.do(kiosk.flow.stock.at("D01-P02", 3))
    assert kiosk.flow.stock.failed() == ["D01-P02"]
    kiosk.flow.core.go(steps.STOCK)
    kiosk.do(kiosk.flow.stock.recover("D01-P02"))
    kiosk.witnessed()
    kiosk.type("5")
    kiosk.finish()
    assert kiosk.flow.stock.failed() == []
    assert last(kiosk, kinds.RECOVERED)[entry.F_PLACE] == "D01-P02"


@pytest.mark.req("F22")
def test_a_pocket_is_unloaded_and_loaded_with_its_label_scanned(kiosk):
    assert kiosk.cabinet.reference("policy", 1, [["label_scan", 1]]) == 0
    kiosk.flow.stock.choose("unload")
    kiosk.do(kiosk.flow.stock.at("D01-P02"))
    kiosk.type("5")
    kiosk.finish()
    kiosk.flow.stock.choose("load")
    assert "D01-P02" in [row.place for row in kiosk.flow.stock.pockets()]
    kiosk.do(kiosk.flow.stock.at("D01-P02"))
    kiosk.type("3")
    kiosk.do(kiosk.flow.enter())
    kiosk.pull()
    assert kiosk.flow.drawer.needs_label
    kiosk.do(kiosk.flow.enter())
    assert kiosk.step == steps.SCAN
    kiosk.scan("D01-P02")
    kiosk.push()
    assert last(kiosk, kinds.LOAD)[entry.F_CHANGE] == 3


@pytest.mark.req("F42")
def test_a_label_that_cannot_be_read_is_journaled_and_goes_on(kiosk):
    assert kiosk.cabinet.reference("policy", 1, [["label_scan", 1]]) == 0
    kiosk.flow.stock.choose_item(lists.item(kiosk.view, "saline"))
    kiosk.type("1")
    kiosk.do(kiosk.flow.enter())
    kiosk.pull()
    kiosk.flow.core.ask_bypass()
    kiosk.do(kiosk.flow.core.bypass(2))
    kiosk.do(kiosk.flow.enter())
    kiosk.push()
    assert last(kiosk, kinds.BYPASS)[entry.F_EXT] == [2, 2]
    assert last(kiosk, kinds.REFILL)[entry.F_CHANGE] == 1


@pytest.mark.req("F17", "U21")
def test_a_temporary_user_is_granted_and_chooses_a_pin_of_her_own(kiosk):
    kiosk.flow.people.form("grant")
    kiosk.scan("T77")
    kiosk.flow.visit.form["user"] = "float1"
    kiosk.type("1111")
    kiosk.do(kiosk.flow.enter())
    assert last(kiosk, kinds.TEMP_USER)[entry.F_EXT][1] == "float1"
    kiosk.scan("T77")
    kiosk.type("1111")
    kiosk.do(kiosk.flow.enter())
    assert kiosk.step == steps.NEW_PIN
    for _ in range(2):
        kiosk.type("8642")
        kiosk.do(kiosk.flow.enter())
    assert (kiosk.step, kiosk.flow.visit.user) == (steps.PATIENTS, "float1")
    assert last(kiosk, kinds.PIN_CHANGED)[entry.F_ACTOR] == "float1"


@pytest.mark.req("F16", "U17")
def test_a_patient_who_is_not_on_the_list_is_here_at_once(kiosk):
    kiosk.flow.people.form("add_patient")
    kiosk.scan("W123")
    kiosk.do(kiosk.flow.enter())
    assert "Known here until" in kiosk.message
    kiosk.scan("W123")
    kiosk.item("saline")
    kiosk.type("1")
    kiosk.do(kiosk.flow.enter())
    assert kiosk.step == steps.DRAWER


@pytest.mark.req("U21")
def test_another_badge_ends_the_session_in_one_read(kiosk):
    kiosk.item("saline")
    kiosk.scan("b2")
    assert (kiosk.step, kiosk.cabinet.station.session.user) == (steps.SIGN_ON, "")
    kiosk.type("4321")
    kiosk.do(kiosk.flow.enter())
    assert (kiosk.flow.visit.user, kiosk.flow.visit.item) == ("ben", None)


@pytest.mark.req("F13")
def test_a_drawer_closed_with_nothing_taken_is_a_cancelled_removal(kiosk):
    kiosk.item("saline")
    kiosk.type("1")
    kiosk.do(kiosk.flow.enter())
    kiosk.do(kiosk.flow.drawer.cancel())
    kiosk.desk.look()
    assert kiosk.step == steps.ITEMS
    assert last(kiosk, kinds.CANCELLED)[entry.F_ACTOR] == "anna"


@pytest.mark.req("F14")
def test_confirmed_after_closing_what_is_left_is_told_in_units_of_the_item(kiosk):
    kiosk.cabinet.reference("items", 3, [["morphine", 2, 1000, 0, 0, 0]], base=2)
    kiosk.view.directory["items"]["morphine"] = ["morphine", 2, 1000, 0, 0, 0]
    kiosk.flow.removal.choose_task(kiosk.flow.removal.tasks()[0])
    kiosk.do(kiosk.flow.enter())
    kiosk.pull()
    kiosk.push()
    kiosk.do(kiosk.flow.enter())
    assert (kiosk.step, kiosk.message) == (steps.ITEMS, "Recorded. 6 now in the pocket.")


@pytest.mark.req("F14")
def test_a_confirmation_before_the_drawer_is_open_says_to_pull_it(kiosk):
    kiosk.item("saline")
    kiosk.type("1")
    kiosk.do(kiosk.flow.enter())
    kiosk.do(kiosk.flow.enter())
    assert "is not open yet. Pull it open" in kiosk.message
    kiosk.finish()
    assert last(kiosk, kinds.REMOVE)[entry.F_CHANGE] == -1
