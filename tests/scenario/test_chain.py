"""Through the whole real chain: MicroPython controllers, agents, broker, centre."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest

from firmware import codes
from firmware.journal import entry, kinds
from firmware.wire import messages
from simulator.check import check
from simulator.deeds import DEEDS
from tests.scenario.mini import DUE_MS, MINUTE_MS, START_MS, MiniDay
from tests.scenario.played import play

# of two stations
FATES = {"cancelled": 2, "given": 22, "removed_returned": 2, "stock_out": 2}


@pytest.fixture(scope="module")
def one_removal(tmp_path_factory):
    home = tmp_path_factory.mktemp("one-removal") / "home"
    return home, play(MiniDay(stations=1, full=False).plan, home)


@pytest.mark.req("A1", "A1.a", "A1.b", "A12.a", "P130")
def test_one_removal_from_touch_to_ledger(one_removal):
    _, results = one_removal
    assert results.wrong == []
    assert results.removals == {"replayed": 1, "journals": 1, "outboxes": 1, "ledger": 1}
    assert results.fates == {"given": 1}
    for kind in (kinds.SIGN_ON, kinds.ACCESS, kinds.OPENED, kinds.REMOVE, kinds.CLOSED, kinds.SIGN_OFF):
        assert results.findings.kinds[kind] >= 1


@pytest.mark.req("P8", "P9")
def test_both_times_of_a_removal_are_in_the_ledger(one_removal):
    home, _ = one_removal
    with closing(sqlite3.connect(home / "centre.db")) as db:
        query = "SELECT page FROM entries WHERE station = 'S1' AND kind = ?"
        (page,) = db.execute(query, (kinds.REMOVE,)).fetchone()
    removal = cbor2.loads(cbor2.loads(page)[0])
    assert removal[entry.F_EXT][1] == DUE_MS
    assert START_MS + 30 * MINUTE_MS <= removal[entry.F_UTC_MS] < START_MS + 35 * MINUTE_MS


@pytest.mark.req("A12.b")
def test_the_check_finds_what_does_not_hold(one_removal, tmp_path):
    played, results = one_removal
    home = shutil.copytree(played, tmp_path / "home", ignore=shutil.ignore_patterns("*.sock"))
    contents = {"S1": {"D01-P01": 4, "D01-P02": 1, "D02-P01": 5000}}
    appended = {"S1": results.entries["journals"]}
    assert check(home, contents, appended).wrong == []
    assert check(home, {"S1": {**contents["S1"], "D01-P01": 5}}, appended).wrong == [
        "S1: D01-P01 holds 5, the ledger 4"
    ]
    assert len(check(home, contents, {"S1": appended["S1"] + 1}).wrong) == 1
    with closing(sqlite3.connect(home / "centre.db")) as db:
        db.execute("UPDATE inventory SET quantity = quantity + 1 WHERE place = 'D01-P01'")
        db.commit()
        assert check(home, contents, appended).wrong == ["S1: the centre's inventory is not what its ledger adds up to"]
        db.execute("UPDATE inventory SET quantity = quantity - 1 WHERE place = 'D01-P01'")
        (removal,) = db.execute("SELECT seq FROM entries WHERE station = 'S1' AND kind = ?", (kinds.REMOVE,)).fetchone()
        db.execute("DELETE FROM entries WHERE station = 'S1' AND seq = ?", (removal,))
        db.commit()
    wrong = check(home, contents, appended).wrong
    assert f"S1: entry {removal + 1} out of order" in wrong
    assert f"S1: entry {removal + 1} breaks the chain" in wrong
    assert f"S1: entry {removal} is not in the ledger as the ring has it" in wrong


@pytest.mark.req("A1.a", "A12.b", "P46")
def test_a_small_day_with_everything_in_it(small_day):
    _, results = small_day
    assert results.wrong == []
    assert results.fates == FATES
    # 5 of one item took two pockets; two of each station are seeded; each has a kit and an override; one has a guest,
    # somebody without a name and a critical override
    assert results.removals["replayed"] == results.removals["ledger"] == 37
    found = results.findings
    # a drawer stays open, is forced, jams, and is found open after the power cut
    assert found.alarms == found.kinds[kinds.ALARM_CLEARED] == 8
    assert found.kinds[kinds.WASTE] == found.kinds[kinds.RETURN] == found.kinds[kinds.RETURN_BIN] == 2
    # the power cut of each station
    assert found.kinds[kinds.INTERRUPTED] == 2


@pytest.mark.req("F4", "F8", "F10", "F12", "U12")
def test_a_small_day_is_counted_by_kind_everywhere(small_day):
    _, results = small_day
    said = results.as_json()
    assert {name: said[name]["ledger"] for name in DEEDS} == {
        "wastes": 2,
        "returns": 2,
        "return_bin": 2,
        # a seeded one, heparin and the kit at each; at one somebody without a name, and a critical override
        "overrides": 8,
        "counts": 12,
        "discrepancies": 2,
        "jams": 2,
        "power_cuts": 2,
    }
    for name in DEEDS:
        assert set(said[name]) == {"journals", "outboxes", "ledger", "console"}
        assert len(set(said[name].values())) == 1, name


@pytest.mark.req("P31", "P35", "P36", "P41", "P46")
def test_a_cabinet_is_restocked_by_handheld_and_all_count_the_same_labels(small_day):
    home, results = small_day
    labels = results.as_json()["labels"]
    # of four bags one had too few in it and got a new label, one was torn
    assert {name: counts["projection"] for name, counts in labels.items()} == {
        "picked": 4,
        "checked": 4,
        "delivered": 3,
        "voided": 1,
        "superseded": 1,
        "open": 0,
    }
    for name, counts in labels.items():
        assert set(counts) == {"journals", "outboxes", "ledger", "projection", "console"}
        told = {count for where, count in counts.items() if where != "console" or count is not None}
        assert len(told) == 1, name
    assert {name for name, counts in labels.items() if counts["console"] is None} == {"picked", "delivered"}
    # in the cabinet what came by a label is a refill of the same transaction, and the person who brought it had picked
    # it; somebody else had checked it
    delivered = entries_of(home, "S2", kinds.DELIVERED)
    refilled = {one[entry.F_TXN]: one for one in entries_of(home, "S2", kinds.REFILL)}
    assert [refilled[one[entry.F_TXN]][entry.F_CHANGE] for one in delivered] == [
        one[entry.F_CHANGE] for one in delivered
    ]
    picked, checked = entries_of(home, "PHARM", kinds.PICKED), entries_of(home, "PHARM", kinds.CHECKED)
    assert {one[entry.F_ACTOR] for one in (*delivered, *picked)} == {"PT2"}
    assert {one[entry.F_ACTOR] for one in checked} == {"PT1"}
    # at hospital time, before the visit
    assert {one[entry.F_EXT][1] // MINUTE_MS for one in picked} == {START_MS // MINUTE_MS + 110}
    assert all(START_MS < one[entry.F_UTC_MS] < results.plan.end_ms for one in (*picked, *checked))


@pytest.mark.req("A12.b", "P46")
def test_labels_that_are_not_the_same_everywhere_fail_the_run(small_day):
    _, results = small_day
    told = {**results.decided.labels, "console": {**results.decided.labels["console"], "open": 1}}
    (wrong,) = replace(results, decided=replace(results.decided, labels=told)).wrong
    assert wrong.startswith("labels open differ:") and "'console': 1" in wrong


def entries_of(home, station, *wanted):
    with closing(sqlite3.connect(home / "centre.db")) as db:
        query = "SELECT page FROM entries WHERE station = ? ORDER BY seq"
        entries = [cbor2.loads(cbor2.loads(page)[0]) for (page,) in db.execute(query, (station,))]
    return [one for one in entries if one[entry.F_KIND] in wanted]


@pytest.mark.req("F12", "A8")
def test_a_theft_is_found_by_the_next_count_which_names_who_was_there(small_day):
    home, _ = small_day
    for number in (1, 2):
        (found,) = [
            one
            for one in entries_of(home, f"S{number}", kinds.COUNT, kinds.DISCREPANCY)
            if one[entry.F_CHANGE] and one[entry.F_PLACE] == "D02-P01"
        ]
        assert (found[entry.F_CHANGE], found[entry.F_ACTOR]) == (-1000, f"CN{number}")
        assert found[entry.F_EXT][1] == f"RN{number}"


@pytest.mark.req("F4", "F15", "F41")
def test_overrides_say_why_and_what_was_answered(small_day):
    home, _ = small_day
    removed = entries_of(home, "S1", kinds.REMOVE)
    overridden = [(one[entry.F_ITEM], *one[entry.F_EXT][5:7]) for one in removed if one[entry.F_EXT][5]]
    assert overridden == [
        ("HEPA5I", 1, ""),
        ("ROCU50I", 4, "RSI"),
        ("ACET500", 1, ""),
        ("ACET500", 1, ""),
        ("MORP4I", 1, ""),
    ]
    answers = [(one[entry.F_ITEM], one[entry.F_EXT]) for one in entries_of(home, "S1", kinds.ATTESTATION)]
    assert answers == [("HEPA5I", [3, 1]), ("ROCU50I", [1, 1])]
    denied = {one[entry.F_EXT][1] for one in entries_of(home, "S1", kinds.DENIED)}
    assert codes.NOT_IN_KIT in denied


@pytest.mark.req("F8", "F10", "F11")
def test_what_two_people_do_names_both(small_day):
    home, _ = small_day
    together = entries_of(home, "S1", kinds.WASTE, kinds.RETURN_BIN, kinds.BIN_EMPTIED, kinds.RECOVERED)
    assert {one[entry.F_KIND] for one in together} == {
        kinds.WASTE,
        kinds.RETURN_BIN,
        kinds.BIN_EMPTIED,
        kinds.RECOVERED,
    }
    assert all(one[entry.F_WITNESS] not in (None, one[entry.F_ACTOR]) for one in together)


@pytest.mark.req("F16", "F17", "F5")
def test_guest_nameless_patient_and_critical_override(small_day):
    home, _ = small_day
    assert len(entries_of(home, "S1", kinds.TEMP_USER)) == len(entries_of(home, "S1", kinds.PIN_CHANGED)) == 1
    (taken,) = [one for one in entries_of(home, "S1", kinds.REMOVE) if one[entry.F_ACTOR] == "AG1"]
    assert taken[entry.F_ITEM] == "ACET500"
    (ended,) = entries_of(home, "S1", kinds.PROVISIONAL_ENDED)
    assert ended[entry.F_EXT] == [2]
    with closing(sqlite3.connect(home / "centre.db")) as db:
        assert db.execute('SELECT patient, "into" FROM provisional').fetchall() == [("TMP1", "P1")]
        query = "SELECT count(*) FROM removals WHERE patient = 'TMP1'"
        assert db.execute(query).fetchone() == (0,)
    commands = [one[entry.F_EXT][1:3] for one in entries_of(home, "S1", kinds.COMMAND)]
    assert [messages.COMMAND_CRITICAL_OVERRIDE, 0] in commands and [messages.COMMAND_END_PROVISIONAL, 0] in commands


@pytest.mark.req("P12", "P23", "F26")
def test_refills_say_lot_and_expiry(small_day):
    home, _ = small_day
    refills = entries_of(home, "S1", kinds.REFILL)
    assert refills and all(lot and expiry and code for _, lot, expiry, code, *_ in (r[entry.F_EXT] for r in refills))
    removed = [one[entry.F_EXT][3] for one in entries_of(home, "S1", kinds.REMOVE)]
    assert all(removed)


@pytest.mark.req("A3.c", "A4.c")
def test_what_the_centre_decided_in_a_small_day(small_day):
    _, results = small_day
    assert {name: n for name, n in results.verdicts.items() if n} == {
        "verified": 4,
        "returned": 4,
        "undocumented": 27,
        "not_admitted": 2,
    }
    said = results.as_json()
    assert said["seeded"] == {"no_order": {"made": 2, "found": 2}, "not_admitted": {"made": 2, "found": 2}}
    assert said["alerts"]["raised"] == sum(said["alerts"][name] for name in ("cleared", "expired", "open"))
    assert said["alerts"]["open"] == 2 and said["alerts"]["expired"] == 29
    assert said["stockouts"] == 2 and said["charted_late"] == said["alerts_open_needlessly"] == 0
    (packet,) = said["packets"]
    assert packet["ok"] and Path(packet["path"], "report.pdf").is_file()


@pytest.mark.req("A1.e")
def test_restock_orders_close_with_the_refill_and_levels_follow_use(small_day):
    home, results = small_day
    with closing(sqlite3.connect(home / "centre.db")) as db:
        orders = db.execute("SELECT on_hand, par_min, closed_ms, put_away FROM restock_orders").fetchall()
    assert len(orders) == results.as_json()["restock_orders"]
    assert all(on_hand < par_min for on_hand, par_min, _, _ in orders)
    assert any(closed_ms and put_away for _, _, closed_ms, put_away in orders)
    assert results.decided.overdue == []
    assert results.as_json()["par_updates_applied"] > 0


@pytest.mark.req("A3.c", "A14")
def test_a_wrong_sum_a_miss_or_a_bad_packet_fails_the_run(small_day):
    _, results = small_day

    def words(**changes):
        return replace(results, **changes).wrong

    def decided(**changes):
        return words(decided=replace(results.decided, **changes))

    assert decided(verdicts={**results.verdicts, "verified": 5}) == ["verdicts sum to 38, removals to 37"]
    missed = {**results.decided.seeded, "no_order": {"made": 2, "found": 1}}
    assert decided(seeded=missed) == ["of 2 removals seeded as no_order only 1 were found"]
    assert decided(needless=1) == ["1 alerts are open about removals that were ordered, or charted in time"]
    assert decided(shown={**results.decided.shown, "wastes": 1}) == [
        "wastes differ: {'journals': 2, 'outboxes': 2, 'ledger': 2, 'console': 1}"
    ]
    assert words(tally=replace(results.tally, power_cuts=1)) == [
        "controllers restarted by themselves; see run/*.controller.log"
    ]
    bad = replace(results.packets[0], ok=False, words=("dataset.ndjson is not what the manifest says",))
    assert words(packets=(bad,)) == ["dataset.ndjson is not what the manifest says"]


@pytest.mark.req("A12.a")
def test_killing_processes_loses_and_doubles_nothing(tmp_path):
    results = play(MiniDay().plan, tmp_path / "home", kills=1)
    assert results.wrong == []
    assert sorted(results.kills) == ["agent", "broker", "controller", "ingest", "sequencer"]
    assert results.fates == FATES


@pytest.mark.req("A12.a")
def test_a_cable_that_loses_changes_and_doubles_bytes(tmp_path):
    results = play(MiniDay(stations=1).plan, tmp_path / "home", wire_faults=0.0003)
    assert results.wrong == []
    assert results.fates == {name: count // 2 for name, count in FATES.items()}
    assert sum(status["journal"]["entries"] for status in results.statuses.values()) == results.entries["ledger"]
