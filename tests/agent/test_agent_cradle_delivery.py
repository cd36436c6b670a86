"""Delivering with a unit in the station's cradle, against the firmware itself: what is shown, asked and journaled."""

import pytest

from agent import words
from agent.cradle.parcel import expiry_of
from agent.cradle.talk import Ask
from agent.panel import Outcome
from firmware import codes
from firmware.cradle import display
from firmware.journal import entry, kinds
from tests.agent.unit_site import PACKAGE, PLACE, POCKET, UNTIL, Unit, label


def signed_on(*rows, policy=()):
    unit = Unit(*rows, policy=policy)
    unit.sign_on()
    assert (unit.field, unit.told()) == ("package", [])
    return unit


def opened(*rows, policy=(), package=PACKAGE):
    unit = signed_on(*rows, policy=policy)
    unit.scan(package)
    assert unit.field == "pocket", unit.results
    unit.pull(unit.cabinet.moved[-1][1])
    return unit


def last(unit):
    return unit.cabinet.entries(unit.cabinet.journal.seq - 1)[0]


@pytest.mark.req("P41", "P42", "P44", "P45", "P47", "P49")
def test_a_package_is_delivered_and_the_next_one_is_asked_for():
    unit = signed_on()
    unit.scan(PACKAGE)
    assert unit.asked[-1] == ("refill", {"item": "saline", "quantity": 6, "label": label()[0], "via": 1})
    assert unit.lines[:2] == [("R", "Saline 0.9 % 10 mL"), ("R", "flush syringe")]
    assert "Drawer 3 - Pocket 1" in unit.text() and unit.cabinet.light == (3, 1)
    unit.pull()
    unit.scan(POCKET)
    assert unit.field == "quantity" and unit.cabinet.state.quantity(PLACE) == 0
    unit.type("")
    assert unit.field == "confirm" and "Put in 6?" in unit.text()
    unit.key("ENTER")
    assert unit.cabinet.state.quantity(PLACE) == 6 and unit.results[-1][0] == 0
    assert unit.lines[-1] == ("N", "Close the drawer.")
    unit.push()
    assert unit.field == "package" and kinds.DELIVERED in unit.cabinet.kinds()
    unit.key("CLEAR")
    assert unit.over and last(unit)[entry.F_KIND] == kinds.SIGN_OFF


@pytest.mark.req("P43")
@pytest.mark.parametrize("beginning", [0, 1])
@pytest.mark.parametrize("expiry", [0, 1])
def test_what_is_asked_for_is_as_the_station_has_it(beginning, expiry):
    unit = opened(policy=(("ask_beginning", beginning), ("ask_expiry", expiry)))
    unit.scan(POCKET)
    asked = []
    while unit.field != "confirm":
        asked.append(unit.field)
        unit.type({"found": "0", "expiry": "093027", "quantity": "4"}[unit.field])
    assert asked == ["found"] * beginning + ["expiry"] * expiry + ["quantity"]
    unit.key("ENTER")
    assert unit.told() == [0]
    ((_, until, quantity),) = unit.cabinet.state.held.layers(PLACE)
    assert (quantity, until) == (4, expiry_of("093027") if expiry else 0)
    refilled = next(f for f in unit.cabinet.entries() if f[entry.F_KIND] == kinds.REFILL)
    assert refilled[entry.F_EXT][-1] == (0 if beginning else None)


@pytest.mark.req("P42", "P39", "U11")
@pytest.mark.parametrize(
    ("row", "package", "code"),
    [
        (label(), "Z1|saline|6|HK02", codes.LABEL_UNKNOWN),
        (label(state=2), PACKAGE, codes.LABEL_VOIDED),
        (label(state=3), PACKAGE, codes.LABEL_SUPERSEDED),
        (label(until=UNTIL - 4320), PACKAGE, codes.LABEL_STALE),
        (label(state=4), PACKAGE, codes.LABEL_DELIVERED),
        (label(item="morphine"), PACKAGE, codes.LABEL_OTHER_ITEM),
        (label(quantity=5), PACKAGE, codes.BAD_QUANTITY),
        (label(), "Z1|gauze|6|HK01", codes.UNKNOWN_ITEM),
    ],
)
def test_a_label_that_is_refused_says_why_and_nothing_opens(row, package, code):
    unit = signed_on(row)
    moved = list(unit.cabinet.moved)
    unit.scan(package)
    assert unit.results == [(code, words.of(code))]
    assert (unit.field, unit.cabinet.moved) == ("package", moved)
    assert last(unit)[entry.F_KIND] == kinds.DENIED and last(unit)[entry.F_EXT][1] == code


@pytest.mark.parametrize("text", ["Z2|saline", "Z4|ICU1|3|1", "4006381333931", "Z1|saline|0|HK01", ""])
def test_what_is_no_label_of_a_package_is_not_asked(text):
    unit = signed_on()
    asked = list(unit.asked)
    unit.scan(text)
    assert (unit.told(), unit.field, unit.asked) == ([codes.LABEL_UNKNOWN], "package", asked)


@pytest.mark.req("P42", "U10", "U11")
@pytest.mark.parametrize("text", ["Z4|ICU1|2|1", "Z4|ICU2|3|1", "D01-P02", "Z1|saline|6|HK01", "rubbish"])
def test_another_pocket_is_refused_and_journaled(text):
    unit = opened()
    unit.scan(text)
    assert (unit.told(), unit.field) == ([codes.WRONG_POCKET], "pocket")
    assert last(unit)[entry.F_KIND] == kinds.DENIED and last(unit)[entry.F_EXT][1] == codes.WRONG_POCKET
    assert unit.cabinet.state.quantity(PLACE) == 0
    unit.scan("d03-p01")
    assert unit.field == "quantity"


@pytest.mark.req("P42")
def test_a_pocket_scanned_before_the_drawer_was_pulled_counts_nothing():
    unit = signed_on()
    unit.scan(PACKAGE)
    unit.scan(POCKET)
    unit.type("")
    unit.key("ENTER")
    assert unit.results == [(codes.NOT_OPENED, "Open the drawer first.")] and unit.field == "confirm"
    assert unit.told() == [codes.NOT_OPENED] and unit.cabinet.state.quantity(PLACE) == 0
    unit.pull()
    unit.key("ENTER")
    assert unit.told() == [0] and unit.cabinet.state.quantity(PLACE) == 6


@pytest.mark.req("P42")
@pytest.mark.parametrize("phase", ["released", "open"])
@pytest.mark.parametrize("code", [codes.NOT_OPENED, codes.BUSY, codes.LINK_DOWN])
def test_no_answer_to_a_wrong_pocket_leads_past_the_right_one(phase, code):
    unit = opened() if phase == "open" else signed_on()
    if phase == "released":
        unit.scan(PACKAGE)
    steps = unit.flow.heard(display.scanned("pocket", "Z4|ICU1|2|1"))
    unit.take(unit.flow.answered(Outcome(code, [])) if phase == "open" else steps)
    assert unit.field == "pocket"
    for data in (display.key("ENTER"), display.typed("quantity", "6"), display.typed("found", "1")):
        unit.take(unit.flow.heard(data))
    assert unit.field == "pocket" and unit.asked[-1][0] == "refill"


@pytest.mark.req("P43", "P47")
def test_a_count_that_differs_is_asked_for_once_more():
    unit = opened(
        label(item="morphine", quantity=5000), package="Z1|morphine|5000|HK01", policy=(("ask_beginning", 1),)
    )
    place, drawer = unit.view.state["place"], int(unit.view.state["place"][1:3])
    held = unit.cabinet.state.quantity(place)
    unit.scan(f"Z4|ICU1|{drawer}|{int(place[5:])}")
    for _ in range(2):
        unit.type("1.5")
        unit.type("5")
        unit.key("ENTER")
    assert unit.told() == [codes.COUNT_AGAIN, 0]
    assert kinds.DISCREPANCY in unit.cabinet.kinds() and unit.cabinet.state.quantity(place) == 6500 != held + 5000


def test_numbers_that_cannot_be_are_asked_for_again():
    unit = opened(policy=(("ask_beginning", 1), ("ask_expiry", 1)))
    unit.scan(POCKET)
    for field, bad, good in (("found", ("", "x", "-1", "0.5"), "0"), ("expiry", ("023027", "soon", "1231"), "")):
        for text in bad:
            unit.type(text)
            assert unit.field == field and unit.told() != [0], text
        unit.type(good)
    for text in ("0", "7", "1.5", "x"):
        unit.type(text)
        assert (unit.field, unit.told()) == ("quantity", [codes.BAD_QUANTITY]), text
    unit.type("6")
    assert unit.field == "confirm"


@pytest.mark.req("P43", "P22")
def test_the_expiry_may_be_scanned_off_the_package_or_refused_by_the_cabinet():
    unit = opened(policy=(("ask_expiry", 1),))
    unit.scan(POCKET)
    unit.type("010120")
    unit.type("")
    unit.key("ENTER")
    assert (unit.told(), unit.field) == ([codes.EXPIRED_DRUG], "expiry")
    unit.scan("01003123456789061728013110LOT7")
    unit.type("")
    unit.key("ENTER")
    assert unit.told() == [0]
    ((_, until, _),) = unit.cabinet.state.held.layers(PLACE)
    assert until == expiry_of("013128")


@pytest.mark.req("P41")
def test_clear_gives_up_and_nothing_is_delivered():
    unit = opened()
    unit.scan(POCKET)
    unit.key("CLEAR")
    assert unit.asked[-1] == ("cancel", {}) and unit.lines[-1] == ("N", "Close the drawer.")
    unit.push()
    assert unit.field == "package" and kinds.DELIVERED not in unit.cabinet.kinds()
    unit.scan(PACKAGE)
    assert unit.field == "pocket"


def test_a_label_that_is_voided_meanwhile_gives_the_package_back():
    unit = opened()
    unit.scan(POCKET)
    unit.type("")
    assert unit.cabinet.reference("labels", 2, [label(state=2)]) == 0
    unit.key("ENTER")
    assert unit.told() == [codes.LABEL_VOIDED] and unit.cabinet.state.quantity(PLACE) == 0
    assert kinds.CANCELLED in unit.cabinet.kinds() and unit.lines[-1] == ("N", "Close the drawer.")


def test_a_drawer_that_nobody_pulls_or_that_nobody_speaks_of():
    unit = signed_on()
    unit.scan(PACKAGE)
    unit.wait(11_000)
    assert (unit.told(), unit.field) == ([codes.NOT_OPENED], "package")
    unit.scan(PACKAGE)
    unit.pull()
    unit.push()
    unit.wait(61_000)
    assert (unit.told(), unit.field) == ([codes.MUST_COUNT], "package")


@pytest.mark.req("P41")
def test_who_may_not_is_refused_by_the_cabinet():
    unit = Unit()
    unit.sign_on(pin="9999")
    assert (unit.told(), unit.field) == ([codes.WRONG_PIN], "badge")
    unit.type("nobody")
    unit.type("1234")
    assert unit.told() == [codes.UNKNOWN_BADGE]
    unit.scan("Z3|b3")
    unit.type("0000")
    unit.scan(PACKAGE)
    assert unit.told() == [codes.NOT_ALLOWED]


def test_a_session_that_lapses_is_over_at_the_unit_too():
    unit = signed_on()
    unit.wait(121_000)
    assert unit.told() == [codes.NOT_SIGNED_ON] and unit.over
    unit.begin()
    assert unit.field == "badge"


def test_a_guest_chooses_a_pin_at_the_screen_first():
    unit = Unit()
    unit.at_screen("sign_on", badge="b1", pin="1234")
    unit.at_screen("grant", badge="T1", user="float", roles=8, classes=1, hours=4, pin="5555")
    unit.at_screen("sign_off")
    unit.sign_on("T1", "5555")
    assert unit.told() == [codes.CHANGE_PIN] and unit.over and unit.view.state["user"] == ""


def test_without_the_controller_nothing_begins():
    unit = Unit()
    unit.view.link = False
    unit.begin()
    assert unit.told() == [codes.LINK_DOWN] and unit.over


def test_what_comes_while_an_answer_is_awaited_waits_its_turn():
    unit = signed_on()
    steps = unit.flow.heard(display.scanned("package", PACKAGE))
    assert [step.name for step in steps if isinstance(step, Ask)] == ["refill"]
    assert unit.flow.heard(display.scanned("pocket", POCKET)) == []
    unit.take(steps)
    assert unit.field == "quantity"


def test_too_much_at_once_is_refused_and_what_was_taken_is_done():
    unit = signed_on()
    steps = unit.flow.heard(display.scanned("package", PACKAGE))
    taken = [unit.flow.heard(display.scanned("pocket", "D01-P02")) for _ in range(16)]
    assert taken == [[]] * 16
    unit.take(unit.flow.heard(display.scanned("pocket", POCKET)))
    assert unit.told() == [codes.BUSY]
    unit.take(steps)
    assert unit.told() == [codes.WRONG_POCKET] * 16 and unit.field == "pocket"


def test_what_is_of_another_field_or_unreadable_shows_the_step_again():
    unit = signed_on()
    for data in (display.typed("pin", "1234"), display.key("F4"), display.key("ENTER")):
        unit.field = None
        unit.take(unit.flow.heard(data))
        assert unit.field == "package" and unit.told() == []
    unit.take(unit.flow.heard(b"105|?"))
    assert unit.told() == [codes.BAD_MESSAGE]


def test_a_unit_that_still_thinks_it_has_a_session_is_told():
    unit = Unit()
    unit.take(unit.flow.heard(display.scanned("package", PACKAGE)))
    assert unit.over and unit.asked == []


@pytest.mark.parametrize("code", [codes.DRAWER_FAILED, codes.JOURNAL_FULL, codes.LAYERS_FULL, codes.TOO_LONG])
def test_any_other_refusal_at_the_open_drawer_is_told_in_words(code):
    unit = opened()
    unit.scan(POCKET)
    unit.type("")
    unit.flow.heard(display.key("ENTER"))
    steps = unit.flow.answered(Outcome(code, []))
    unit.take(steps)
    assert unit.results[0] == (code, words.of(code))
    assert unit.field == "expiry" if code == codes.LAYERS_FULL else unit.asked[-1][0] == "cancel"


# ---- one session at a time


@pytest.mark.req("P41", "U10")
def test_the_unit_waits_for_the_screen_and_goes_on_by_itself():
    unit = Unit()
    unit.at_screen("sign_on", badge="b2", pin="4321")
    unit.begin()
    assert "It is in use by ben." in unit.text() and unit.field is None
    unit.at_screen("sign_off")
    assert unit.field == "badge"


@pytest.mark.req("P41")
def test_the_screen_waits_for_the_unit_and_is_told_which():
    unit = signed_on()
    refused = unit.at_screen("sign_on", badge="b2", pin="4321")
    assert (refused.code, refused.params) == (codes.BUSY, ["handheld HK"])
    assert unit.at_screen("remove", patient="pat1", item="saline", quantity=1).code == codes.BUSY
    assert unit.view.state["user"] == "anna"
    unit.key("CLEAR")
    assert unit.at_screen("sign_on", badge="b2", pin="4321").code == codes.NONE


def test_a_sign_on_that_lost_the_race_is_told_who_won():
    unit = Unit()
    unit.begin()
    unit.type("b1")
    unit.desk.cabinet.sign_on("b2", "4321")
    unit.desk.look()
    unit.type("1234")
    assert unit.told() == [codes.BUSY] and "ben" in unit.text()
    assert unit.view.state["user"] == "ben"


def test_a_unit_that_goes_without_a_word_is_signed_off():
    unit = signed_on()
    unit.take(unit.flow.gone())
    assert unit.view.state["user"] == "" and unit.view.floor.unit == ""


@pytest.mark.parametrize("at", ["pin", "package"])
def test_a_unit_that_goes_while_it_is_answered_leaves_nobody_signed_on(at):
    unit = Unit()
    unit.begin()
    unit.type("b1")
    steps = unit.flow.heard(display.typed("pin", "1234"))
    if at == "package":
        unit.take(steps)
        steps = unit.flow.heard(display.scanned("package", "Z1|saline|6|HK99"))
    assert unit.flow.asking and unit.flow.gone() == []
    unit.take(steps)
    assert unit.asked[-1][0] == "sign_off" and unit.view.state["user"] == "" and not unit.flow.asking


def test_a_unit_that_goes_with_its_drawer_open_finds_it_again():
    unit = opened()
    assert unit.flow.gone() == [] and unit.flow.back()
    unit.view.floor.leave("HK")
    assert unit.at_screen("confirm", quantity=6, label=PLACE).code == codes.NONE
    unit.push()
    assert unit.flow.step == "package"
