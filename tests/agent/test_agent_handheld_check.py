"""Checking with a handheld: default acceptable, reasons, corrected labels, who may."""

import pytest

from agent.handheld.check import WORDS
from agent.pharmacy import lists
from agent.pharmacy.tables import PICKED, Label
from firmware.cradle import records
from tests.agent.handheld_rig import FILES, HOUR_MS, Bench

BAG = "Z1|07605|10|BB07"
LISTED = "L|BB07|ICU1|07605|10\nL|BB08|ICU1|07606|6|L|cleo\n"


def checking(user="cleo", labels=LISTED, **config):
    settings = "".join(f"K|{name}|{value}\n" for name, value in config.items())
    bench = Bench(files=FILES | {"labels.lst": labels} | ({"config.lst": settings} if settings else {})).loaded(user)
    bench.choices("Check")
    return bench


def last(bench):
    record = bench.records()[-1]
    return record["item"], record["serial"], record["quantity"], record["status"], record.get("new_serial")


@pytest.mark.req("P36", "P37")
def test_a_bag_is_acceptable_unless_something_else_is_chosen():
    bench = checking()
    assert bench.text()[1] == "1 acceptable"
    bench.do(bench.scan(BAG))
    (record,) = bench.records()
    assert last(bench) == ("07605", "BB07", 10, "OK", None) and record["user"] == "cleo" and record["purpose"] == "R"
    assert bench.lines()[4:7] == [("Heparin 5000 units", True), ("per mL vial", True), ("BB07 acceptable", False)]
    assert bench.seat.printed == []


@pytest.mark.req("P37", "P39")
@pytest.mark.parametrize("status", [one for one in records.STATUSES if one not in ("OK", "QTY")])
def test_each_reason_voids_and_then_it_is_acceptable_again(status):
    number = records.STATUSES.index(status)
    by_digit, by_arrows = checking(), checking()
    by_digit.do(by_digit.press(str(number + 1)))
    by_arrows.do(by_arrows.press(*["DOWN"] * number))
    for bench in (by_digit, by_arrows):
        assert bench.text()[1] == f"{number + 1} {WORDS[status]}"
        bench.do(bench.scan(BAG))
        assert last(bench) == ("07605", "BB07", 10, status, None)
        assert bench.text()[1] == "1 acceptable" and bench.seat.printed == []


@pytest.mark.req("P38", "P59")
def test_a_wrong_quantity_is_corrected_and_a_new_label_printed():
    bench = checking()
    bench.do(bench.press("2"), bench.scan(BAG), bench.type("10"))
    assert bench.told_off() == "10 is what the label says." and bench.records() == []
    bench.do(bench.scan(BAG), bench.press("ENTER"))
    assert bench.told_off().startswith("A quantity is at least 1")
    bench.do(bench.type("9"))
    assert last(bench) == ("07605", "BB07", 9, "QTY", "AA00")
    assert [label["code"] for label in bench.seat.printed] == ["Z1|07605|9|AA00"]
    assert bench.seat.printed[0]["station"] == "ICU1" and bench.shows("New label AA00")
    # the new label is checked with that, the old one is over
    for code, words in ((BAG, "BB07 was checked here: wrong quantity."),
                        ("Z1|07605|9|AA00", "AA00 was checked here: acceptable.")):  # fmt: skip
        bench.do(bench.scan(code))
        assert bench.told_off() == words
    assert len(bench.records()) == 1


@pytest.mark.req("P35", "P36")
def test_a_label_that_no_list_knows_yet_is_checked_by_what_it_says():
    bench = checking(labels="")
    bench.do(bench.scan("Z1|07607|8|CC00"))
    assert last(bench) == ("07607", "CC00", 8, "OK", None)


@pytest.mark.req("P35", "P92")
def test_a_label_whose_pick_did_not_tell_its_item_is_checked_by_what_it_says():
    """One record of six fields (RD-P11) does not keep the whole list from the units."""
    said = lists.of_labels("AA", [Label("BB07", 5, "ICU1", "", 10, "R", "jd01", PICKED)])["labels.lst"]
    bench = checking(labels=said.decode() + "L|BB08|ICU1|07606|6|R|jd01\n")
    bench.do(bench.scan("Z1|07605|11|BB07"))
    assert bench.told_off() == "BB07 was picked as 10 of 07605. Choose what is wrong."
    bench.do(bench.scan(BAG))
    assert last(bench) == ("07605", "BB07", 10, "OK", None)
    bench.do(bench.scan("Z1|07606|7|BB08"))
    assert bench.told_off() == "BB08 was picked as 6 of 07606. Choose what is wrong."


def test_a_label_that_says_something_else_than_was_picked_is_not_acceptable():
    bench = checking()
    for code in ("Z1|07606|10|BB07", "Z1|07605|11|BB07"):
        bench.do(bench.scan(code))
        assert bench.told_off() == "BB07 was picked as 10 of 07605. Choose what is wrong."
    assert bench.records() == []
    # the record is about the item that was picked
    bench.do(bench.press("9"), bench.scan("Z1|07606|11|BB07"))
    assert last(bench) == ("07605", "BB07", 10, "LABEL", None)


def test_who_picked_does_not_check_unless_the_site_says_so():
    bench = checking()
    bench.do(bench.scan("Z1|07606|6|BB08"))
    assert bench.told_off() == "You picked BB08. Somebody else has to check it." and bench.records() == []
    bench = checking(CHECKER_MAY_BE_PICKER=1)
    bench.do(bench.scan("Z1|07606|6|BB08"))
    assert last(bench)[:2] == ("07606", "BB08") and bench.records()[-1]["purpose"] == "L"


def test_what_was_picked_on_this_unit_by_the_same_person_is_refused_before_any_list_says_so():
    bench = Bench().loaded("ben")
    bench.choices("Pick as asked", "ER1")
    bench.do(bench.scan("Z2|07606"), bench.type("3"), bench.press("CLEAR", "CLEAR"))
    bench.choices("Check")
    bench.do(bench.scan("Z1|07606|3|AA00"))
    assert bench.told_off() == "You picked AA00. Somebody else has to check it."
    bench.do(bench.press("CLEAR"))
    bench.choices("Log off")
    bench.logged_on("cleo")
    bench.choices("Check")
    bench.do(bench.scan("Z1|07606|3|AA00"))
    assert [one.get("status") for one in bench.records()] == [None, "OK"]


def test_nothing_is_checked_by_who_may_not_nor_twice_nor_without_a_label():
    bench = Bench().loaded("anna")
    bench.choices("Check")
    assert bench.told_off() == "You may not check."
    bench = checking()
    bench.do(bench.scan(BAG), bench.scan(BAG))
    assert bench.told_off() == "BB07 was checked here: acceptable."
    for code in ("Z2|07605", "07605", "Z1|07605|0|BB07"):
        bench.do(bench.scan(code))
        assert bench.told_off().startswith("This is no bag label")
    assert len(bench.records()) == 1
    # three days later the number may be on another bag
    bench.wait(72 * HOUR_MS)
    bench.do(bench.scan(BAG))
    assert len(bench.records()) == 2


@pytest.mark.req("P40")
def test_checks_go_up_in_the_cradle_behind_the_picks():
    bench = Bench().loaded("ben")
    bench.choices("Pick as asked", "ER1")
    bench.do(bench.scan("Z2|07606"), bench.type("3"), bench.press("CLEAR", "CLEAR"))
    bench.choices("Check")
    bench.do(bench.scan(BAG), bench.press("2"), bench.scan("Z1|07607|8|CC00"), bench.type("7"))
    bench.cradled()
    assert [flag for flag, _ in bench.taken] == ["P", "C", "C"]
    read = records.read_check(bench.taken[-1][1], hashed=True)
    assert (read["status"], read["quantity"], read["new_serial"]) == ("QTY", 7, "AA01")
