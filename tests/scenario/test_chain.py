"""Through the whole real chain: MicroPython controllers, agents, broker, centre."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest

from firmware.journal import entry, kinds
from simulator.check import check
from tests.scenario.mini import DUE_MS, MINUTE_MS, START_MS, MiniDay
from tests.scenario.played import play


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
def test_the_check_finds_what_does_not_hold(one_removal):
    home, results = one_removal
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
    assert results.fates == {"cancelled": 2, "given": 22, "stock_out": 2}
    # 5 of one item took two pockets; two of each station are seeded
    assert results.removals["replayed"] == results.removals["ledger"] == 28
    found = results.findings
    assert found.alarms == 6
    assert found.kinds[kinds.ALARM_CLEARED] == 6
    assert found.kinds[kinds.WASTE] == found.kinds[kinds.RETURN] == 2
    assert found.kinds[kinds.INTERRUPTED] == 0


@pytest.mark.req("A3.c", "A4.c")
def test_what_the_centre_decided_in_a_small_day(small_day):
    _, results = small_day
    assert {name: n for name, n in results.verdicts.items() if n} == {
        "verified": 4,
        "returned": 2,
        "undocumented": 18,
        "no_order": 2,
        "not_admitted": 2,
    }
    said = results.as_json()
    assert said["seeded"] == {"no_order": {"made": 2, "found": 2}, "not_admitted": {"made": 2, "found": 2}}
    assert said["alerts"]["raised"] == sum(said["alerts"][name] for name in ("cleared", "expired", "open"))
    assert said["alerts"]["open"] == 4 and said["alerts"]["expired"] == 22
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

    assert decided(verdicts={**results.verdicts, "verified": 5}) == ["verdicts sum to 29, removals to 28"]
    missed = {**results.decided.seeded, "no_order": {"made": 2, "found": 1}}
    assert decided(seeded=missed) == ["of 2 removals seeded as no_order only 1 were found"]
    assert decided(needless=1) == ["1 alerts are open about removals that were ordered, or charted in time"]
    bad = replace(results.packets[0], ok=False, words=("dataset.ndjson is not what the manifest says",))
    assert words(packets=(bad,)) == ["dataset.ndjson is not what the manifest says"]


@pytest.mark.req("A12.a")
def test_killing_processes_loses_and_doubles_nothing(tmp_path):
    results = play(MiniDay().plan, tmp_path / "home", kills=1)
    assert results.wrong == []
    assert sorted(results.kills) == ["agent", "broker", "controller", "ingest"]
    assert results.fates == {"cancelled": 2, "given": 22, "stock_out": 2}


@pytest.mark.req("A12.a")
def test_a_cable_that_loses_changes_and_doubles_bytes(tmp_path):
    results = play(MiniDay(stations=1).plan, tmp_path / "home", wire_faults=0.0003)
    assert results.wrong == []
    assert results.fates == {"cancelled": 1, "given": 11, "stock_out": 1}
    assert sum(status["journal"]["entries"] for status in results.statuses.values()) == results.entries["ledger"]
