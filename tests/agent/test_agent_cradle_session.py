"""What else a unit in the station's cradle does, against the firmware itself: pockets are emptied, doses taken, the
contents taken along; the gate decides as it does at the screen."""

import pytest
from fakes import ITEMS, UTC, user

from agent import words
from agent.handheld.lists import Lists
from firmware import codes, flags
from firmware.cradle import display
from firmware.journal import entry, kinds
from firmware.wire import messages
from tests.agent.unit_site import PACKAGE, PLACE, POCKET, Unit, label

SALINE, SALINE_LABEL = "D01-P02", "Z4|ICU1|1|2"
SOON_MIN = UTC // 60_000 + 10
ORDERS = [["ord1", "pat1", "morphine", 2000, 30000000, 30009999, 0, 0]]


def signed_on(*rows, policy=()):
    unit = Unit(*rows, policy=policy)
    unit.view.directory |= {
        "item_codes": {"00301": ["00301", "saline"], "00777": ["00777", "morphine"]},
        "orders": {row[0]: row for row in ORDERS},
        "patient_names": {"pat1": ["pat1", "Dahl, Kim", "ICU"]},
    }
    unit.sign_on()
    return unit


def new_entries(unit, since):
    return [fields[entry.F_KIND] for fields in unit.cabinet.entries(since)]


def moved(unit, since, kind):
    (found,) = [fields for fields in unit.cabinet.entries(since) if fields[entry.F_KIND] == kind]
    return found[entry.F_BEFORE : entry.F_AFTER + 1]


def emptied(unit, quantity, drawer=1, scan=SALINE_LABEL):
    unit.pull(drawer)
    unit.scan(scan)
    unit.type(quantity)
    unit.key("ENTER")
    unit.push(drawer)


@pytest.mark.req("P29", "F22")
def test_a_pocket_is_chosen_emptied_and_journaled_as_unloaded():
    unit = signed_on()
    start = unit.cabinet.journal.seq
    unit.key("F1")
    while unit.lines[-2:-1] != [("N", "Drawer 1 - Pocket 2")]:
        unit.key("DOWN")
    assert unit.lines[0] == ("R", "Saline 0.9 % 10 mL") and unit.lines[-1] == ("N", "2/4 Holds 5")
    unit.type("")
    assert unit.asked[-1] == ("unload", {"place": SALINE}) and unit.field == "pocket"
    emptied(unit, "5")
    assert (unit.told(), unit.field) == ([0], "place")
    assert new_entries(unit, start) == [kinds.ACCESS, kinds.OPENED, kinds.UNLOAD, kinds.CLOSED]
    assert moved(unit, start, kinds.UNLOAD) == [5, -5, 0]
    assert "Drawer 1 - Pocket 2" not in unit.text(), "it is out of use, and no pocket to empty any more"


@pytest.mark.req("P29")
def test_a_pocket_is_scanned_and_what_is_missing_is_a_discrepancy():
    unit = signed_on()
    start = unit.cabinet.journal.seq
    unit.key("F1")
    unit.scan(SALINE_LABEL)
    emptied(unit, "0")
    assert unit.told() == [0]
    assert moved(unit, start, kinds.DISCREPANCY) == [5, -5, 0] and moved(unit, start, kinds.UNLOAD) == [0, 0, 0]


@pytest.mark.req("P29", "P23", "F26")
def test_what_has_expired_stands_first_and_is_taken_out_as_an_outdate():
    unit = signed_on()
    assert unit.cabinet.ask(messages.LOAD, PLACE, 4, "A", SOON_MIN, None)[0] == 0
    unit.cabinet.pull(3)
    assert unit.cabinet.confirm(4, None, PLACE)[0] == 0
    unit.cabinet.push(3)
    unit.look()
    unit.wait(20 * 60_000)
    unit.told()
    unit.sign_on()
    start = unit.cabinet.journal.seq
    unit.key("F1")
    assert "Drawer 3 - Pocket 1" in unit.text() and "EXPIRED" in unit.text()
    unit.type("")
    assert unit.asked[-1] == ("outdate", {"place": PLACE})
    emptied(unit, "", 3, POCKET)
    assert moved(unit, start, kinds.OUTDATE) == [4, -4, 0]


@pytest.mark.req("P29", "P42")
def test_another_pocket_is_refused_and_journaled_and_nothing_is_taken_out():
    unit = signed_on()
    unit.key("F1")
    unit.scan(SALINE_LABEL)
    unit.pull(1)
    start = unit.cabinet.journal.seq
    unit.scan("Z4|ICU1|1|1")
    assert (unit.told(), unit.field) == ([codes.WRONG_POCKET], "pocket")
    assert new_entries(unit, start) == [kinds.DENIED] and unit.cabinet.state.quantity(SALINE) == 5
    unit.key("CLEAR")
    unit.push(1)
    assert unit.field == "place" and kinds.UNLOAD not in unit.cabinet.kinds()


@pytest.mark.req("P29")
@pytest.mark.parametrize("text", ["Z4|ICU2|1|2", "D09-P09", "Z2|saline", "x"])
def test_what_is_no_pocket_here_opens_nothing(text):
    unit = signed_on()
    unit.key("F1")
    asked = list(unit.asked)
    unit.scan(text)
    assert (unit.told(), unit.field, unit.asked) == ([codes.NO_POCKET], "place", asked)


@pytest.mark.req("P29")
@pytest.mark.parametrize("text", ["", "-1", "0.5", "x"])
def test_what_came_out_has_to_be_counted(text):
    unit = signed_on()
    unit.key("F1")
    unit.scan(SALINE_LABEL)
    unit.pull(1)
    unit.scan(SALINE_LABEL)
    unit.type(text)
    assert (unit.told(), unit.field) == ([codes.BAD_QUANTITY], "quantity")


@pytest.mark.req("P29", "P41")
def test_tasks_are_shown_to_those_who_may_and_the_gate_decides():
    unit = Unit()
    assert unit.cabinet.reference("users", 2, [user("b3", "cleo", "0000", messages.ROLE_REMOVE)], 1) == 0
    unit.sign_on("b3", "0000")
    assert [text for _, text in unit.lines] == ["Cabinet ICU1", "cleo", "F3 take a dose"]
    for key in ("F1", "F2"):
        unit.key(key)
        assert unit.field == "package" and unit.files == {}
    unit.flow._roles = messages.ROLE_LOAD
    unit.key("F1")
    unit.type("")
    assert unit.told() == [codes.NOT_ALLOWED] and unit.cabinet.moved == []


# contents


@pytest.mark.req("P29")
def test_the_contents_are_what_the_cabinet_holds_without_what_is_counted_blind():
    unit = signed_on()
    unit.view.directory["items"]["morphine"][3] = flags.BLIND_COUNT
    unit.key("F2")
    assert unit.told() == [0] and unit.field == "package"
    lists = Lists()
    lists.take("contents.lst", unit.files["contents.lst"])
    found = {row.place: (row.item, row.held, row.state) for row in lists.contents.pockets}
    assert found == {
        "D01-P01": ("morphine", "", 0),
        SALINE: ("saline", "5", 0),
        "D02-P01": ("morphine", "", 0),
        PLACE: ("saline", "0", 0),
    }
    assert lists.contents.station == "ICU1" and lists.contents.as_of is not None


# packages


@pytest.mark.req("U9", "F23")
def test_the_drug_itself_is_scanned_where_the_station_wants_it_and_another_one_is_caught():
    unit = signed_on(policy=(("drug_scan", 1),))
    assert unit.cabinet.reference("policy", 1, [["drug_scan", 1]]) == 0
    assert unit.cabinet.reference("items", 2, [ITEMS[0], ["saline", 0, 1, flags.SCAN_AT_REFILL, 0, 0]], 1) == 0
    unit.scan(PACKAGE)
    assert unit.field == "drug" and unit.cabinet.moved == []
    unit.scan("00777")
    assert (unit.told(), unit.field, unit.cabinet.moved) == ([codes.LABEL_OTHER_ITEM], "drug", [])
    unit.scan("00301")
    assert unit.field == "pocket"
    emptied(unit, "", 3, POCKET)
    refilled = next(f for f in unit.cabinet.entries() if f[entry.F_KIND] == kinds.REFILL)
    assert "00301" in refilled[entry.F_EXT] and unit.cabinet.state.quantity(PLACE) == 6


@pytest.mark.req("P29", "P42", "P44")
def test_a_package_for_an_unloaded_pocket_loads_it_and_nobody_asks_what_was_in_it():
    unit = signed_on(label(state=5), policy=(("ask_beginning", 1),))
    for place, drawer, scan, held in ((SALINE, 1, SALINE_LABEL, "5"), (PLACE, 3, POCKET, "0")):
        unit.key("F1")
        unit.scan(place)
        emptied(unit, held, drawer, scan)
        unit.key("CLEAR")
    unit.told()
    start = unit.cabinet.journal.seq
    unit.scan(PACKAGE)
    assert unit.view.state["place"] == SALINE
    emptied(unit, "")
    assert unit.told() == [0] and moved(unit, start, kinds.LOAD) == [0, 6, 6]
    assert kinds.DELIVERED in new_entries(unit, start)


@pytest.mark.req("P42")
def test_a_package_to_refill_finds_an_unloaded_pocket_closed_and_is_told_what_to_do():
    unit = signed_on()
    for place, drawer, scan, held in ((SALINE, 1, SALINE_LABEL, "5"), (PLACE, 3, POCKET, "0")):
        unit.key("F1")
        unit.scan(place)
        emptied(unit, held, drawer, scan)
        unit.key("CLEAR")
    unit.results.clear()
    unit.scan(PACKAGE)
    assert unit.results == [(codes.NOT_LOADED, words.of(codes.NOT_LOADED))] and unit.field == "package"
    assert "call the pharmacy" in unit.results[0][1]


# doses


@pytest.mark.req("P29", "P48")
def test_a_dose_is_taken_by_its_order_scanned_and_recorded():
    unit = signed_on()
    start = unit.cabinet.journal.seq
    unit.key("F3")
    unit.type("pat1")
    assert "Dahl, Kim" in unit.text() and unit.field == "dose"
    unit.scan("00777")
    assert unit.field == "amount" and "Order ord1" in unit.text()
    unit.type("")
    order = {"patient": "pat1", "order": "ord1", "item": "morphine", "quantity": 2000, "code": "00777"}
    assert unit.asked[-1] == ("remove", order) and unit.field == "quantity"
    drawer = unit.cabinet.moved[-1][1]
    unit.pull(drawer)
    unit.type("")
    unit.key("ENTER")
    assert unit.told() == [0]
    unit.push(drawer)
    assert unit.field == "dose", "the next one for the same patient"
    removed = next(f for f in unit.cabinet.entries(start) if f[entry.F_KIND] == kinds.REMOVE)
    assert removed[entry.F_CHANGE] == -2000 and "00777" in removed[entry.F_EXT]


@pytest.mark.req("P29")
def test_what_needs_a_second_person_is_sent_to_the_screen():
    unit = signed_on()
    flagged = [["morphine", 2, 1000, flags.WITNESS_AT_REMOVAL, 0, 0], ITEMS[1]]
    assert unit.cabinet.reference("items", 2, flagged, 1) == 0
    unit.key("F3")
    unit.type("pat1")
    unit.scan("00777")
    moves = list(unit.cabinet.moved)
    unit.type("")
    ((code, text),) = unit.results
    assert code == codes.WITNESS_NEEDED and text.endswith("Do it at the screen.")
    assert (unit.field, unit.cabinet.moved) == ("dose", moves)
    unit.told()
    unit.key("CLEAR")
    unit.key("CLEAR")
    assert unit.over


@pytest.mark.req("P29")
def test_a_dose_of_what_nobody_knows_or_for_nobody_is_refused():
    unit = signed_on()
    unit.key("F3")
    unit.type("nobody")
    unit.scan("4006381333931")
    assert (unit.told(), unit.field) == ([codes.UNKNOWN_ITEM], "dose")
    unit.scan("00301")
    for text in ("", "0", "-1", "x", "0.5"):
        unit.type(text)
        assert (unit.told(), unit.field) == ([codes.BAD_QUANTITY], "amount"), text
    unit.type("1")
    assert (unit.told(), unit.field) == ([codes.UNKNOWN_PATIENT], "dose")


@pytest.mark.req("P41")
def test_a_unit_that_is_taken_away_while_it_chooses_signs_its_user_off():
    for key in ("F1", "F3"):
        unit = signed_on()
        unit.key(key)
        unit.take(unit.flow.gone())
        assert unit.view.state["user"] == "" and unit.asked[-1] == ("sign_off", {})
        unit.take(unit.flow.heard(display.key("F1")))
        assert unit.over


@pytest.mark.parametrize("key", ["F1", "F2"])
def test_without_the_controller_nobody_is_shown_what_may_be_wrong(key):
    unit = signed_on()
    unit.view.link = False
    unit.key(key)
    assert (unit.told(), unit.field, unit.files) == ([codes.LINK_DOWN], "package", {})
