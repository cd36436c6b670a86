"""Picking with a handheld: what it shows, what it takes, what it keeps."""

import pytest

from agent.handheld.memory import KEPT, from_text
from firmware.cradle import records
from firmware.cradle.addresses import SEQUENCES, serial
from tests.agent.handheld_rig import AS_OF, FILES, HOUR_MS, Bench

MINUTE_MS = 60_000


def picking(*stations, order="Items by station", by="Name", bench=None):
    bench = bench or Bench().loaded()
    bench.choices("Pick from list", by, *stations)
    bench.do(bench.press("F1"))
    if bench.shows("STORAGE"):
        bench.choices("All areas")
    bench.choices(order)
    return bench


def shown(bench):
    """(station, item) of all lines, in their order."""
    found = []
    while (line := (bench.after("Stn"), bench.after("Item"))) not in found:
        found.append(line)
        bench.do(bench.press("DOWN"))
    return found


@pytest.mark.req("P60", "P54", "P50")
def test_nobody_works_without_the_label_of_a_known_user():
    bench = Bench()
    bench.do(bench.scan("Z3|anna"))
    assert bench.told_off() == "No users are known yet. Put the unit into its cradle."
    bench.host.start_cycle(0)
    bench.cradled()
    assert bench.unit.memory.address == "AA" and bench.text()[1:3] == ["Unit AA", "01/05/26 07:00"]
    for code in ("Z2|07605", "anna", "Z3|dora", "Z1|07605|1|AA00"):
        bench.do(bench.scan(code))
        assert bench.told_off() in ("Scan the label of your user id.", "User dora is not known here.")
        assert bench.unit.user is None
    bench.do(bench.scan("Z3|anna"))
    assert bench.unit.user == "anna" and bench.shows("Pick from list")


@pytest.mark.req("P31")
def test_stations_by_zone_or_name_and_lines_in_either_order():
    bench = picking("North", by="Zone")
    assert shown(bench) == [("ICU1", "07605"), ("ICU1", "07606"), ("ICU2", "07605")]
    bench = picking("ICU2", "ER1", "ICU1")
    assert shown(bench) == [("ER1", "07607"), ("ICU1", "07605"), ("ICU1", "07606"), ("ICU2", "07605")]
    bench = picking("ICU1", "ICU2", "ER1", order="Stations by item")
    assert shown(bench) == [("ICU1", "07605"), ("ICU2", "07605"), ("ER1", "07607"), ("ICU1", "07606")]


@pytest.mark.req("P31")
def test_storage_areas_are_chosen():
    bench = Bench().loaded()
    bench.choices("Pick from list", "Name", "ICU1", "ICU2")
    bench.do(bench.press("F1"))
    bench.choices("Choose areas", "B1")
    bench.do(bench.press("F1"))
    bench.choices("Items by station")
    assert shown(bench) == [("ICU1", "07606")]


@pytest.mark.req("P32", "P49")
def test_a_line_shows_name_in_reverse_video_item_station_and_area():
    lines = picking("ICU1").lines()
    assert lines[:2] == [("Heparin 5000 units", True), ("per mL vial", True)]
    assert lines[2:6] == [("Item 07605", False), ("Stn  ICU1", False), ("Area A1", False), ("Pick 10 load", False)]
    assert all(len(text) <= 20 for text, _ in lines) and len(lines) == 8


@pytest.mark.req("P58", "P32")
@pytest.mark.parametrize("code", ["312345678906", "00312345678906", "01003123456789061727123110L1", "HOUSE-7"])
def test_a_package_of_a_distribution_centre_is_read_by_its_upc_a_as_well(code):
    bench = Bench(files=FILES | {"items.lst": "I|07605|Heparin|0312345678906,HOUSE-7\nI|07606|Saline|0311111111117\n"})
    bench.loaded()
    bench.choices("Pick as asked", "ICU1")
    bench.do(bench.scan(code), bench.type("3"))
    (record,) = bench.records()
    assert (record["item"], record["quantity"]) == ("07605", 3)
    bench.do(bench.scan("312345678999"))
    assert bench.told_off().startswith("This is no shelf label")


@pytest.mark.req("P30")
def test_labels_of_shelf_and_user_are_printed():
    bench = Bench().loaded()
    bench.choices("Lists and labels", "Shelf label", "Saline flush")
    bench.do(bench.press("CLEAR"))
    bench.choices("My user label")
    assert bench.seat.printed[-2:] == [
        {"kind": "shelf", "code": "Z2|07606", "item": "07606", "name": "Saline flush"},
        {"kind": "user", "code": "Z3|anna", "user": "anna"},
    ]


@pytest.mark.req("P32", "P55", "P59", "P62", "P92", "U11")
def test_a_bag_is_picked_from_the_right_shelf_with_its_record_and_its_label():
    bench = picking("ICU1")
    bench.do(bench.scan("Z2|07606"))
    assert bench.told_off() == "Wrong shelf: this is 07606. Go to 07605 Heparin 5000 units per mL vial."
    for code in ("07605", "Z1|07605|10|AA00", "Z4|ICU1|3|1"):
        bench.do(bench.scan(code))
        assert bench.told_off().startswith("This is no shelf label")
    assert bench.records() == [] and bench.seat.printed == [] and bench.seat.bad_beeps == 4
    bench.do(bench.scan("Z2|07605"))
    assert "Quantity 10_" in bench.text()
    bench.do(bench.press("ENTER"))
    (record,) = bench.records()
    assert {name: record[name] for name in ("station", "serial", "quantity", "user", "purpose", "item", "hashed")} == {
        "station": "ICU1", "serial": "AA00", "quantity": 10, "user": "anna", "purpose": "L", "item": "07605",
        "hashed": True,
    }  # fmt: skip
    assert record["time"][:8] == AS_OF[:8]
    assert bench.seat.printed == [
        {"kind": "bag", "code": "Z1|07605|10|AA00", "name": "Heparin 5000 units per mL vial", "item": "07605",
         "quantity": 10, "serial": "AA00", "station": "ICU1", "place": "D03-P07"}
    ]  # fmt: skip
    # the next line follows, and the next serial
    bench.do(bench.scan("Z2|07606"), bench.press("ENTER"))
    assert [one["serial"] for one in bench.records()] == ["AA00", "AA01"]
    assert bench.told_off() == "These lines are picked. Put the unit into its cradle."


@pytest.mark.req("P32")
def test_less_may_be_picked_more_only_when_said_twice_nothing_never():
    bench = picking("ICU1")
    bench.do(bench.scan("Z2|07605"), bench.press("0", "ENTER"))
    assert bench.told_off().startswith("A quantity is at least 1")
    bench.do(bench.press("7", "BACK", "9", "ENTER"))
    assert bench.records()[-1]["quantity"] == 9
    bench.do(bench.scan("Z2|07606"), bench.type("60"))
    assert bench.shows("6 are needed. Pick 60?")
    bench.do(bench.press("CLEAR"))
    assert len(bench.records()) == 1 and bench.after("Item") == "07606"
    bench.do(bench.scan("Z2|07606"), bench.type("60"), bench.press("ENTER"))
    assert bench.records()[-1]["quantity"] == 60


@pytest.mark.req("P33")
def test_picking_as_somebody_asks():
    bench = Bench().loaded()
    bench.wait(5 * HOUR_MS)
    bench.choices("Pick as asked", "ER1")
    bench.do(bench.scan("Z2|99999"))
    assert bench.told_off() == "Item 99999 is not known here."
    bench.do(bench.scan("Z2|07606"), bench.type("3"), bench.press("F1"), bench.scan("Z2|07605"), bench.type("2"))
    told = [(one["station"], one["item"], one["quantity"], one["purpose"]) for one in bench.records()]
    assert told == [("ER1", "07606", 3, "R"), ("ER1", "07605", 2, "L")]


def test_who_may_not_pick_is_refused():
    bench = Bench().loaded("cleo")
    for choice in ("Pick from list", "Pick as asked"):
        bench.choices(choice)
        assert bench.told_off() == "You may not pick."


@pytest.mark.req("P51")
def test_a_list_is_stale_four_hours_after_its_as_of_time():
    bench = Bench(files=FILES | {"picks.lst": FILES["picks.lst"].replace(AS_OF, "010526060000")}).loaded()
    bench = picking("ICU1", bench=bench)
    # as of 06:00:00, loaded a little after 07:00:00
    bench.wait(3 * HOUR_MS - 5000 - bench.clock.now_ms)
    bench.do(bench.scan("Z2|07605"))
    assert "Quantity 10_" in bench.text()
    # what was scanned before cannot be picked any more either
    bench.wait(3 * HOUR_MS - bench.clock.now_ms)
    bench.do(bench.press("ENTER"))
    assert bench.told_off() == "The list is stale: older than 4 h. Put the unit into its cradle."
    bench.choices("Pick from list")
    assert bench.told_off().startswith("The list is stale")
    bench.do(bench.pick(["ICU1"]))
    assert bench.refusals[-1].startswith("The list is stale") and bench.shows("Log off"), "who picks goes away again"
    assert bench.records() == [] and bench.unit.memory.sequence == 0


@pytest.mark.req("P51")
@pytest.mark.parametrize(("hours", "until_h"), [(1, 1), (4, 4), (24, 4)])
def test_a_site_may_want_a_list_to_be_stale_earlier_but_not_later(hours, until_h):
    bench = Bench(files=FILES | {"picks.lst": FILES["picks.lst"].replace("|4\n", f"|{hours}\n", 1)}).loaded()
    bench.wait(until_h * HOUR_MS - 5000 - bench.clock.now_ms)
    assert bench.unit.why_stale() is None
    bench.wait(5000)
    assert bench.unit.why_stale() == f"The list is stale: older than {until_h} h. Put the unit into its cradle."


@pytest.mark.req("P51", "P50")
def test_a_clock_that_is_set_back_does_not_make_a_list_younger():
    bench = Bench().loaded()
    bench.wait(4 * HOUR_MS)
    shift = 3 * HOUR_MS
    bench.host.time12 = lambda: bench.clock.now_ms and set_back(bench, shift)
    # the same list once more, an hour old by the host's clock now
    bench.files = {"picks.lst": FILES["picks.lst"] + "N|ER1|South|07605|Heparin|A1|1|R\n"}
    bench.cradled()
    assert bench.unit.now().hour == 8 and len(bench.unit.lists.picks.needs) == 5
    bench.choices("Pick from list")
    assert bench.told_off().startswith("The list is stale")
    # one that is as of later than now is of no known age
    bench.files = {"picks.lst": FILES["picks.lst"].replace("S1", "S2").replace(AS_OF, "010526110000")}
    bench.cradled()
    bench.choices("Pick from list")
    assert bench.told_off() == "Nobody knows how old the list is. Put the unit into its cradle."


def set_back(bench, ms):
    bench.clock.now_ms -= ms
    told = bench.clock.time12()
    bench.clock.now_ms += ms
    return told


@pytest.mark.req("P51")
@pytest.mark.parametrize(
    ("off_ms", "good"), [(0, True), (2 * HOUR_MS, True), (4 * HOUR_MS, False), (-1, False), (None, False)]
)
def test_a_list_ages_while_the_unit_is_off(off_ms, good):
    bench = Bench().loaded()
    _, age = from_text(bench.seat.saved, 10**9, off_ms)
    again = bench.restarted(off_ms)
    assert (again.unit.why_stale() is None) == good
    assert (age.age_ms(10**9) is None) == (off_ms in (None, -1))


@pytest.mark.req("P34", "P53")
def test_records_go_up_in_the_cradle_and_stay_until_the_host_has_them():
    bench = picking("ICU1")
    bench.do(bench.scan("Z2|07605"), bench.press("ENTER"), bench.press("CLEAR", "CLEAR", "CLEAR", "CLEAR", "CLEAR"))
    assert bench.text()[-1] == "1 to upload"
    bench.accepts = False
    bench.unit.last_session = None
    bench.cradled()
    assert bench.taken == [] and len(bench.records()) == 1
    bench.accepts = True
    bench.cradled()
    ((flag, data),) = bench.taken
    assert (flag, records.read_pick(data, hashed=True)["serial"]) == ("P", "AA00")
    assert bench.records() == [] and bench.text()[-1] == "All uploaded"


@pytest.mark.req("P35")
def test_what_was_picked_outlasts_a_power_loss_and_goes_on_with_somebody_else():
    bench = picking("ICU1")
    bench.do(bench.scan("Z2|07605"), bench.press("ENTER"))
    again = bench.restarted(MINUTE_MS)
    assert [one["serial"] for one in again.records()] == ["AA00"] and again.unit.user is None
    again.loaded("ben")
    assert [records.read_pick(data)["user"] for _, data in again.taken] == ["anna"]
    again = picking("ICU1", bench=again)
    assert shown(again) == [("ICU1", "07606")]
    again.do(again.scan("Z2|07606"), again.press("ENTER"))
    (record,) = again.records()
    assert (record["serial"], record["user"]) == ("AA01", "ben")


def test_it_is_kept_before_a_label_is_printed_or_anything_is_sent():
    bench = picking("ICU1")
    bench.do(bench.scan("Z2|07605"))
    bench.unit.key("ENTER", bench.clock.now_ms)
    names = [name for name, *_ in bench.unit.actions()]
    assert names[0] == "save" and "print" in names


def test_a_damaged_memory_is_not_taken_for_an_empty_one():
    saved = Bench().loaded().seat.saved
    for text in ("", "{}", saved[:-9], saved.replace('"version": 1', '"version": 2'), saved.replace("N|ICU1", "N|", 1)):
        with pytest.raises(ValueError, match="cannot be read"):
            from_text(text, 0, 0)


@pytest.mark.req("P55")
def test_serials_still_open_are_passed_over():
    listed = "".join(f"S|{serial('AA', n)}\n" for n in (0, 1, 3))
    bench = picking("ICU1", bench=Bench(files=FILES | {"serials.lst": listed}).loaded())
    bench.do(bench.scan("Z2|07605"), bench.press("ENTER"), bench.scan("Z2|07606"), bench.press("ENTER"))
    assert [one["serial"] for one in bench.records()] == ["AA02", "AA04"]


@pytest.mark.req("P55")
def test_serials_come_round_but_not_those_made_lately_and_none_when_all_are_open():
    memory = Bench().loaded().unit.memory
    made = [memory.new_serial(frozenset()) for _ in range(SEQUENCES)]
    assert len(set(made)) == SEQUENCES == 3844 and made[0] == "AA00" and made[-1] == "AAzz"
    # the next 3844 - 1024 are free again; those made last are not given although nobody lists them
    assert memory.new_serial(frozenset()) == "AA00"
    memory.sequence = SEQUENCES - KEPT + 1
    assert memory.new_serial(frozenset()) == "AA01"
    listed = "".join(f"S|{serial('AA', n)}\n" for n in range(SEQUENCES))
    bench = picking("ICU1", bench=Bench(files=FILES | {"serials.lst": listed}).loaded())
    bench.do(bench.scan("Z2|07605"), bench.press("ENTER"))
    assert bench.told_off() == "All serials of this unit are on open labels. Take another unit."
    assert bench.records() == [] and bench.seat.printed == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("picks.lst", "N|ICU1|North|07606|Saline|B1|6|R\n"),
        ("picks.lst", f"H|S2|{AS_OF}|0\n"),
        ("picks.lst", f"H|S2|{AS_OF}|4\nN|ICU1|North|07606|Saline|B1|0|R\n"),
        ("picks.lst", f"H|S2|{AS_OF}|4\nN|ICU1|North|07606|Saline|B1|6|X\n"),
        ("picks.lst", f"H|S2|{AS_OF}|4\nN|ICU1|North|07606|Saline|B1|6"),
        ("picks.lst", ""),
        ("users.lst", "U|anna|yes|0\n"),
        ("serials.lst", "S|AA0\n"),
        ("labels.lst", "L|AA00|ICU1|07605\n"),
        ("stations.lst", "T|ICU 1|North|0|0\n"),
        ("other.lst", "X|1\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(name, text):
    bench = Bench().loaded()
    before = bench.unit.lists.picks, bench.unit.lists.users, dict(bench.unit.memory.files)
    bench.files = {name: text}
    bench.do(bench.cradle(bench.line, bench.served))
    assert bench.refusals[-1].startswith(f"{name} was not taken: ")
    assert (bench.unit.lists.picks, bench.unit.lists.users, bench.unit.memory.files) == before


def test_a_new_list_ends_what_was_begun_with_the_old_one():
    bench = picking("ICU1")
    bench.files = {"picks.lst": FILES["picks.lst"].replace("S1", "S2")}
    bench.cradled()
    bench.do(bench.scan("Z2|07605"))
    assert bench.told_off() == "A new list has come. Begin again."
    assert bench.records() == [] and bench.shows("Log off")


@pytest.mark.req("P88")
def test_a_unit_asks_to_be_loaded_now():
    bench = Bench().loaded()
    asked = []
    told = bench.told
    bench.line._told = lambda event: (asked.append(event[0]), told(event))[1]
    bench.choices("Lists and labels", "Load lists now")
    assert bench.told_off().startswith("Put the unit into its cradle")
    bench.files = {"picks.lst": FILES["picks.lst"].replace("S1", "S2")}
    bench.cradled()
    assert "asks" in asked and bench.unit.lists.picks.snapshot == "S2"


@pytest.mark.req("P56")
def test_a_unit_that_leaves_the_site_forgets_it_once_all_is_uploaded():
    bench = picking("ICU1")
    bench.do(bench.scan("Z2|07605"), bench.press("ENTER"), bench.press(*["CLEAR"] * 5))
    bench.choices("Log off")
    bench.do(bench.press("F4"))
    assert bench.told_off().startswith("1 records wait")
    bench.cradled()
    # a request to be loaded waits too
    bench.unit.link.queue("L", b"")
    bench.do(bench.press("F4", "ENTER"))
    assert bench.told_off().startswith("1 records wait") and bench.unit.memory.address == "AA"
    bench.unit.last_session = None
    bench.cradled()
    bench.do(bench.press("F4", "CLEAR"))
    assert bench.unit.memory.address == "AA"
    bench.do(bench.press("F4", "ENTER"))
    assert bench.unit.memory.address is None and not bench.unit.lists.users
    memory, _ = from_text(bench.seat.saved, 0, 0)
    assert (memory.address, memory.files, memory.sequence) == (None, {}, 0)
    # the next site gives it another address
    bench.files = dict(FILES)
    bench.cradled()
    assert bench.unit.memory.address == "AB"
