"""The centre's snapshot: when it is read, what becomes of it on the line."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from agent.cradle.plain import plain
from agent.pharmacy import lists, snapshots, times
from agent.pharmacy.book import Book, BookError
from agent.pharmacy.ini import parse
from agent.pharmacy.snapshot import OpenLabel
from agent.pharmacy.tables import CHECKED, OVER, PICKED, Label
from tests.pharmacy.desktop import CHECK, PICK, Desktop

MINUTE_MS = 60_000
NINE = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp() * 1000)
JSON = (
    b"""{"snapshot": 4711, "as_of_utc_ms": %d,
 "stations": [{"station": "ICU1", "zone": "North|2", "ask_beginning_quantity": true, "ask_expiry": 0}],
 "needs": [{"station": "ICU1", "item": "07605", "quantity": 10, "load_or_refill": "R", "pick_area": "A3",
            "place": "D03-P07"},
           {"station": "ED1", "item": "1", "quantity": 2, "load_or_refill": "L"}],
 "items": [{"item": "07605", "name": "MAG OX | 400 \xc2\xb5g caf\xc3\xa9", "codes": ["0123", "4567"]}],
 "users": [{"user": "jd01", "may_pick": 1, "may_check": 0}],
 "open_labels": [{"label": "AB01", "station": "ICU1", "item": "07605", "quantity": 10, "picked_utc_ms": 5,
                  "state": "PICKED"}], "more": 1}"""
    % NINE
)


def label(name, state=PICKED):
    return Label(name, 5, "ICU1", "07605", 10, "R", "jd01", state)


@pytest.mark.req("P31", "P32", "P43", "U11")
def test_a_snapshot_becomes_lines():
    made = lists.of_snapshot(snapshots.opened(JSON), parse("STALE_LIST_HOURS=3"), UTC)
    assert made == {
        "picks.lst": b"H|4711|112226090000|3\n"
        b"N|ICU1|North/2|07605|MAG OX / 400 mcg cafe|A3|10|R|D03-P07\nN|ED1||1|1||2|L|\n",
        "stations.lst": b"T|ICU1|North/2|1|0\n",
        "items.lst": b"I|07605|MAG OX / 400 mcg cafe|0123,4567\n",
        "users.lst": b"U|jd01|1|0\n",
    }


@pytest.mark.req("P32")
@pytest.mark.parametrize(
    ("name", "shown"),
    [("5 µg", "5 mcg"), ("5 μL", "5 mcL"), ("Interferon 10⁶ IU", "Interferon 10? IU"), ("½ tablet", "? tablet"),
     ("10\u00a0mg", "10 mg"), ("Ångström|é", "Angstrom/e")],
)  # fmt: skip
def test_a_name_is_never_shown_with_another_number_or_unit(name, shown):
    assert plain(name) == shown


@pytest.mark.req("P35")
def test_any_unit_can_check_any_label_and_passes_over_its_own_serials():
    under_way = [label("CD01"), label("AB07", CHECKED), label("AB01")]
    made = lists.of_labels("AB", under_way)
    assert made["serials.lst"] == b"S|AB01\nS|AB07\n"
    assert made["labels.lst"] == b"L|AB01|ICU1|07605|10|R|jd01\nL|CD01|ICU1|07605|10|R|jd01\n"
    assert lists.of_labels("EF", under_way)["serials.lst"] == b""


@pytest.mark.req("P101")
def test_units_are_told_the_sites_settings():
    assert lists.of_settings(parse("CHECK_REPORTING=0"))["config.lst"] == (
        b"K|STALE_LIST_HOURS|4\nK|CHECK_REPORTING|0\nK|CHECKER_MAY_BE_PICKER|0\nK|REQUIRE_HASH|1\n"
    )


@pytest.mark.req("P52")
def test_the_centre_is_asked_as_often_as_the_site_says():
    hourly = parse("")
    assert snapshots.next_read_ms(hourly, UTC, None, None) == 0
    assert snapshots.next_read_ms(hourly, UTC, NINE, None) == NINE + 60 * MINUTE_MS
    assert snapshots.next_read_ms(parse("DOWNLOAD_FREQ_MIN=10"), UTC, NINE, None) == NINE + 10 * MINUTE_MS
    assert snapshots.next_read_ms(hourly, UTC, NINE, NINE + 5) == NINE + 5 + MINUTE_MS


@pytest.mark.req("P52")
def test_the_centre_is_asked_at_the_times_of_day():
    procar = parse("DOWNLOAD_FREQ_MIN=1440\nSNAPSHOT_TIMES=06:00,09:00,09:30")
    assert snapshots.next_read_ms(procar, UTC, NINE - 1, None) == NINE
    assert snapshots.next_read_ms(procar, UTC, NINE, None) == NINE + 30 * MINUTE_MS
    assert snapshots.next_read_ms(procar, UTC, NINE + 30 * MINUTE_MS, None) == NINE + 21 * 60 * MINUTE_MS
    east = timezone(timedelta(hours=2))
    assert snapshots.next_read_ms(procar, east, NINE, None) == NINE + 19 * 60 * MINUTE_MS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"quantity": 10', b'"quantity": 0'),
        (b'"ICU1"', b'"ICU 1"'),
        (b'"R"', b'"X"'),
        (b'"AB01"', b'"AB0"'),
        (b'"snapshot"', b'"snap"'),
        (b"}]", b"}"),
    ],
)
def test_what_is_no_snapshot_is_refused(old, new):
    assert old in JSON
    with pytest.raises(ValidationError):
        snapshots.opened(JSON.replace(old, new))


@pytest.mark.req("P50")
def test_times_of_the_line_are_local_and_the_ledgers_utc():
    east = timezone(timedelta(hours=2))
    assert times.said(NINE, UTC) == "112226090000" and times.said(NINE, east) == "112226110000"
    assert times.read("112226110000", east) == NINE == times.read("112226090000", UTC)
    assert times.said(times.read("010170000000", UTC), UTC) == "010170000000"
    for wrong in ("132226090000", "022926090000", "11222609000", "1122260900000", "11222609000x", "１12226090000"):
        with pytest.raises(ValueError, match=r"digits|month|day|range"):
            times.read(wrong, UTC)


def open_label(name, picked_utc_ms, state="PICKED"):
    return OpenLabel(label=name, station="ICU1", item="07605", quantity=10, picked_utc_ms=picked_utc_ms, state=state)


@pytest.mark.req("P35")
def test_what_the_centre_does_not_name_any_more_is_over_unless_it_has_not_heard_of_it(tmp_path):
    desktop = Desktop(tmp_path)
    desktop.record("AB", "P", PICK)
    picked_ms = desktop.book.labels()[0].picked_utc_ms
    desktop.book.keep_snapshot(JSON, [open_label("EF01", 5)], 0, NINE)
    assert {one.label for one in desktop.book.labels()} == {"AB01", "EF01"}
    desktop.book.keep_snapshot(JSON, [open_label("EF01", 5, "CHECKED_OK")], 1, NINE)
    (left,) = desktop.book.labels()
    assert (left.label, left.waits_for_check) == ("EF01", False)
    assert desktop.book.pick("AB01", picked_ms).state == OVER
    desktop.book.keep_snapshot(JSON, [], 1, NINE)
    assert desktop.book.labels() == [] and desktop.book.snapshot() == JSON
    desktop.book.close()


@pytest.mark.req("P64")
@pytest.mark.parametrize("damage", [b"nothing of SQLite's " * 100, b"SQLite format 3\0" + bytes(4096)])
def test_a_damaged_book_is_never_taken_for_an_empty_one(tmp_path, damage):
    (tmp_path / "cradle.db").write_bytes(damage)
    with pytest.raises(BookError, match=r"cradle\.db: .* Restore it from a copy"):
        Book(tmp_path / "cradle.db", 1)
    assert (tmp_path / "cradle.db").read_bytes() == damage


def test_a_new_log_is_read_from_its_beginning(tmp_path):
    desktop = Desktop(tmp_path)
    desktop.record("AB", "P", PICK)
    desktop.book.close()
    book = Book(tmp_path / "cradle.db", 2)
    assert book.seq == 0 and [one.label for one in book.labels()] == ["AB01"]
    book.close()


@pytest.mark.req("P55")
def test_labels_under_way_are_counted_by_the_unit_that_numbered_them(tmp_path):
    desktop = Desktop(tmp_path)
    desktop.record("AB", "P", PICK)
    desktop.record("CD", "C", CHECK)
    assert desktop.book.count("AB") == 1 and desktop.book.count("CD") == 0
    desktop.book.close()
