"""The steps of A21, each shown at the end of the whole chain: what the small day left in the centre's database."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import cbor2
import pytest

import verify_apotheca
from firmware.journal import entry, kinds
from firmware.wire import messages
from server_stub.site.home import Home


@pytest.fixture(scope="module")
def asked(small_day):
    """Rows of a query on the database of the small day."""
    home, _ = small_day
    with closing(sqlite3.connect(home / "centre.db")) as db:
        yield lambda query, *values: db.execute(query, values).fetchall()


def entries(asked, *wanted):
    """Entries of these kinds, decoded."""
    marks = ",".join("?" * len(wanted))
    pages = asked(f"SELECT page FROM entries WHERE kind IN ({marks}) ORDER BY id", *wanted)
    return [cbor2.loads(cbor2.loads(page)[0]) for (page,) in pages]


@pytest.mark.req("A21.a", "P12")
def test_a_dispensed_returned_and_remaining_reconcile(asked, small_day):
    _, results = small_day
    book = Counter()
    for removed, returned, refilled, station, item in asked(
        "SELECT removed, returned, refilled, station, item FROM usage"
    ):
        book[station, item] += refilled + returned - removed
    for fields in entries(asked, kinds.COUNT):
        book[fields[entry.F_STATION], fields[entry.F_ITEM]] += fields[entry.F_CHANGE]
    left = asked("SELECT station, item, SUM(quantity) FROM inventory GROUP BY station, item")
    assert left and {(station, item): quantity for station, item, quantity in left} == dict(book)
    assert sum(removed for (removed,) in asked("SELECT removed FROM usage")) > 0
    assert results.wrong == []  # among others: the centre's inventory is what is truly in the pockets


@pytest.mark.req("A21.b", "A21.c", "A1.d", "A1.g")
def test_b_and_c_levels_follow_use_and_the_cabinets_have_them(asked):
    applied = [f for f in entries(asked, kinds.COMMAND) if f[entry.F_EXT][1] == messages.COMMAND_PAR]
    assert applied and all(f[entry.F_EXT][2] == 0 for f in applied)
    rows = asked("SELECT wanted_min, wanted_max, applied_min, applied_max, reason FROM par_levels")
    assert rows and all(row[:2] == row[2:4] and row[4] for row in rows)


@pytest.mark.req("A21.d", "A3.c")
def test_d_each_removal_is_held_against_order_admission_and_charting(asked):
    removals = {(f[1], f[2], f[4]) for f in entries(asked, kinds.REMOVE)}
    judged = asked("SELECT station, log, seq FROM verdicts")
    assert len(judged) == len(removals) and set(judged) == removals


@pytest.mark.req("A21.e", "A3.e", "A21.h")
def test_e_and_h_what_does_not_match_is_told_and_its_end_is_in_the_log(asked):
    raised = {tuple(f[entry.F_EXT][:4]) for f in entries(asked, kinds.ALERT_RAISED)}
    ended = {tuple(f[entry.F_EXT][:4]) for f in entries(asked, kinds.ALERT_CLEARED)}
    expired = {tuple(f[entry.F_EXT][:3]) for f in entries(asked, kinds.UNDOCUMENTED_REMOVAL)}
    assert raised and ended and expired and ended <= raised
    assert expired == {one[:3] for one in raised if one[3] == 2} - {one[:3] for one in ended if one[3] == 2}


@pytest.mark.req("A21.i", "A15")
def test_i_the_packet_of_the_day_is_signed_and_verifies(small_day):
    home, results = small_day
    (packet,) = results.as_json()["packets"]
    assert verify_apotheca.check(Path(packet["path"]), Home(home).keys / "ca.crt").good
    with Path(packet["path"], "report.pdf").open("ab") as report:
        report.write(b" ")
    assert not verify_apotheca.check(Path(packet["path"]), Home(home).keys / "ca.crt").good
