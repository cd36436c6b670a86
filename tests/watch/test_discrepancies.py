"""A count that does not come out opens a discrepancy; only what compensates it exactly closes it by itself."""

import pytest

from firmware import codes
from firmware.journal import kinds
from server_stub.fold import rebuild
from server_stub.ledger import schema as ledger
from server_stub.ledger.store import read_page
from server_stub.watch import queries, schema
from server_stub.watch.discrepancies import WITHIN_MS
from tests.stock.stock_site import Cabinet


def cabinet(bench):
    made = Cabinet(bench)
    for place, quantity in (("D01-P01", 10), ("D01-P02", 10), ("D02-P01", 6000)):
        made.refill(place, quantity)
    return made


def found(bench):
    rows = bench.rows(schema.discrepancies)
    return {row.seq: row for row in rows}


def still_open(bench):
    return sorted(seq for seq, row in found(bench).items() if row.resolved_ms is None)


@pytest.mark.req("A21.h")
def test_a_count_that_comes_out_opens_nothing_one_that_does_not_opens_one(bench):
    made = cabinet(bench)
    made.count("D01-P01", 10)
    seq = made.count("D01-P01", 9)
    (row,) = found(bench).values()
    assert (row.station, row.seq, row.item, row.place, row.change) == ("ICU1", seq, "ACET", "D01-P01", -1)
    assert row.counted_by == "u1"
    assert row.opened_ms == made.now
    assert still_open(bench) == [seq]
    bench.up("ICU1", "batch", made.script.batch(1, len(made.script.pages)))
    opened = [e for e in bench.rows(ledger.entries) if e.kind == kinds.DISCREPANCY_OPENED]
    assert len(opened) == 1, "once"


@pytest.mark.req("A8.b", "A24", "A21.g")
def test_the_opposite_count_of_the_pocket_resolves_both_with_a_note_that_names_it(bench):
    made = cabinet(bench)
    first = made.count("D02-P01", 5000)
    made.day(2)
    second = made.count("D02-P01", 6000)
    rows = found(bench)
    assert still_open(bench) == []
    assert (rows[first].by_station, rows[first].by_log, rows[first].by_seq) == ("ICU1", 1, second)
    assert rows[second].by_seq == first
    note = rows[first].note
    assert f"count ICU1 1/{second} of D02-P01 by u1, +1000" in note
    assert "likely a counting error" in note
    assert rows[first].person == ""
    entries = [read_page(e.page, b"").entry for e in bench.rows(ledger.entries) if e.kind == kinds.DISCREPANCY_RESOLVED]
    assert next((e.item, e.place, e.change, e.ext[2], e.ext[6]) for e in entries) == (
        "MORP", "D02-P01", -1000, first, note,
    )  # fmt: skip


def test_the_opposite_count_of_another_pocket_of_the_item_is_the_wrong_pocket(quick):
    made = cabinet(quick)
    made.count("D01-P01", 7)
    made.count("D01-P02", 13)
    assert still_open(quick) == []
    assert all("wrong pocket" in row.note for row in found(quick).values())


def test_the_same_pocket_goes_before_another(quick):
    made = cabinet(quick)
    other = made.count("D01-P02", 9)
    first = made.count("D01-P01", 9)
    second = made.count("D01-P01", 10)
    assert still_open(quick) == [other]
    assert found(quick)[first].by_seq == second


@pytest.mark.req("A24")
def test_a_surplus_return_resolves_what_was_taken_too_much(bench):
    made = cabinet(bench)
    taken = made.use("D01-P01", 1)
    missing = made.count("D01-P01", 7)
    back = made.bring_back("D01-P01", 3, taken)
    row = found(bench)[missing]
    assert row.by_seq == back
    assert f"return ICU1 1/{back} by u1" in row.note
    assert f"removal 1/{taken}" in row.note


def near_count(made, first, second):
    made.count(*first)
    made.count(*second)


NEAR = {
    "a surplus of one more": lambda made: (
        made.use("D01-P01", 1), made.count("D01-P01", 7), made.bring_back("D01-P01", 4, 4)
    ),
    "a surplus of one less": lambda made: (
        made.use("D01-P01", 1), made.count("D01-P01", 7), made.bring_back("D01-P01", 2, 4)
    ),
    "not exact": lambda made: near_count(made, ("D01-P01", 7), ("D01-P01", 9)),
    "same direction": lambda made: near_count(made, ("D01-P01", 9), ("D01-P01", 8)),
    "another item": lambda made: near_count(made, ("D02-P01", 5999), ("D01-P01", 11)),
    "a refill of as much": lambda made: (made.count("D01-P01", 8), made.refill("D01-P01", 2)),
    "a removal of as much": lambda made: (made.count("D01-P01", 12), made.use("D01-P01", 2)),
    "an ordinary return": lambda made: (
        made.use("D01-P01", 2), made.count("D01-P01", 6), made.bring_back("D01-P01", 2, 4)
    ),
    "a return that names no removal": lambda made: (made.count("D01-P01", 8), made.bring_back("D01-P01", 2, 0)),
    "a return of an unknown removal": lambda made: (made.count("D01-P01", 8), made.bring_back("D01-P01", 2, 99)),
}  # fmt: skip


@pytest.mark.req("A8.b")
@pytest.mark.parametrize("why", NEAR)
def test_near_misses_stay_open(quick, why):
    made = cabinet(quick)
    NEAR[why](made)
    rows = found(quick)
    assert still_open(quick) == sorted(rows)
    assert rows


@pytest.mark.parametrize(("late_ms", "closed"), [(0, True), (1, False)])
def test_within_three_days_and_not_a_moment_later(quick, late_ms, closed):
    made = cabinet(quick)
    made.count("D01-P01", 9)
    made.to(made.script.utc_ms + WITHIN_MS + late_ms - 1000)
    made.script.utc_ms = made.now
    made.count("D01-P01", 10)
    assert (still_open(quick) == []) == closed


def test_a_removal_after_the_count_explains_nothing(quick):
    made = cabinet(quick)
    missing = made.count("D01-P01", 8)
    taken = made.use("D01-P01", 1)
    made.bring_back("D01-P01", 3, taken)
    assert still_open(quick) == [missing]


def test_a_removal_from_another_pocket_explains_nothing(quick):
    made = cabinet(quick)
    taken = made.use("D01-P02", 1)
    missing = made.count("D01-P01", 8)
    made.bring_back("D01-P02", 3, taken)
    assert still_open(quick) == [missing]


def test_waste_counts_as_brought_back(quick):
    made = cabinet(quick)
    taken = made.use("D02-P01", 2000)
    made.append(kinds.WASTE, (0, taken, 500), item="MORP", txn=len(made.script.pages) + 1)
    missing = made.count("D02-P01", 3500)
    made.bring_back("D02-P01", 2000, taken)
    assert found(quick)[missing].resolved_ms is not None, "2000 out, 500 wasted, 2000 back: 500 too much"


def test_each_count_compensates_one_only(quick):
    made = cabinet(quick)
    made.count("D01-P01", 9)
    rest = made.count("D01-P01", 8)
    made.count("D01-P01", 9)
    assert still_open(quick) == [rest]


def test_another_station_compensates_nothing(quick):
    made = cabinet(quick)
    mine = made.count("D01-P01", 9)
    script = quick.station("ED1")
    script.utc_ms = made.now
    script.add(kinds.COUNT, (10,), item="ACET", place="D01-P01", stock=(10, 11), txn=1)
    quick.up("ED1", "batch", script.batch(1, 1))
    assert still_open(quick) == sorted([mine, 1])


@pytest.mark.req("A21.g", "A21.h")
def test_a_person_resolves_the_rest(bench):
    made = cabinet(bench)
    seq = made.count("D01-P01", 9)
    (row,) = queries.discrepancies(bench.engine, resolved=False)
    assert row[:3] == ("ICU1", 1, seq)
    wanted = {"station": "ICU1", "log": 1, "seq": seq, "person": "rph1", "reason": "tablet found broken"}
    assert bench.ask("resolve_discrepancy", **wanted, note="seen by two") == {}
    row = found(bench)[seq]
    assert (row.person, row.note, row.by_seq) == ("rph1", "tablet found broken: seen by two", 0)
    again = bench.ask("resolve_discrepancy", **wanted)
    assert again["code"] == codes.BAD_STOCK_REQUEST
    assert "resolved already" in again["message"]
    assert queries.discrepancies(bench.engine, resolved=False) == []
    (resolved,) = queries.discrepancies(bench.engine, resolved=True)
    assert resolved == queries.discrepancy(bench.engine, "ICU1", 1, seq)
    assert resolved.note == "tablet found broken: seen by two"


@pytest.mark.parametrize("bad", [{"seq": 999}, {"person": ""}, {"log": "1"}, {"reason": None}])
def test_a_resolution_that_means_nothing_is_refused(quick, bad):
    made = cabinet(quick)
    seq = made.count("D01-P01", 9)
    wanted = {"station": "ICU1", "log": 1, "seq": seq, "person": "rph1", "reason": "x", **bad}
    assert quick.ask("resolve_discrepancy", **wanted)["code"] in (codes.BAD_STOCK_REQUEST, codes.MALFORMED_EVENT)
    assert still_open(quick) == [seq]


def test_a_rebuild_is_the_same(bench):
    made = cabinet(bench)
    for place, counted in (("D01-P01", 9), ("D01-P01", 10), ("D02-P01", 5000), ("D01-P02", 12)):
        made.count(place, counted)
    with bench.engine.begin() as conn:
        before, after = rebuild(conn)
    assert before == after
    assert len(found(bench)) == 4
