"""What handhelds upload, each once in the journal: repetitions, refusals, crashes, replies that never came."""

import asyncio
from datetime import UTC

import pytest

from agent.pharmacy import times
from agent.pharmacy.ini import parse
from agent.pharmacy.records import Rules
from firmware import codes
from firmware.cradle import records
from firmware.journal import kinds
from tests.pharmacy.desktop import CHECK, FIXED, PICK, TIME, Desktop

PICKED_MS = times.read(TIME, UTC)
CHECKED_MS = times.read("112226100000", UTC)


@pytest.fixture
def desktop(tmp_path):
    made = Desktop(tmp_path)
    yield made
    made.book.close()


@pytest.mark.req("P34", "P35", "P40", "P91", "P92")
def test_a_pick_and_its_check_by_another_unit_are_entries(desktop):
    assert desktop.record("AB", "P", PICK) and desktop.record("CD", "C", CHECK)
    assert desktop.log.said() == [
        (kinds.PICKED, "jd01", "07605", ["AB01", PICKED_MS, "ICU1", 10, "R", "AB"]),
        (kinds.CHECKED, "rp02", "07605", ["AB01", CHECKED_MS, 10, 0, "", "CD"]),
    ]
    (label,) = desktop.book.labels()
    assert (label.label, label.quantity, label.waits_for_check) == ("AB01", 10, False)


@pytest.mark.req("P53")
def test_a_record_that_comes_again_is_confirmed_and_not_written(desktop):
    for _ in range(2):
        assert desktop.record("AB", "P", PICK) and desktop.record("CD", "C", FIXED)
    assert len(desktop.log.pages) == 2


@pytest.mark.parametrize("fault", ["crash", "lost"])
def test_between_journal_and_confirmation_anything_may_happen(tmp_path, fault, monkeypatch):
    desktop = Desktop(tmp_path)
    if fault == "lost":
        desktop.log.fail = "lost"
        assert not desktop.record("AB", "P", PICK)
    else:
        monkeypatch.setattr(desktop.book, "apply", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            desktop.record("AB", "P", PICK)
        desktop = desktop.again()
    assert len(desktop.log.pages) == 1
    assert desktop.record("AB", "P", PICK)
    assert len(desktop.log.pages) == 1 and [one.label for one in desktop.book.labels()] == ["AB01"]
    desktop.book.close()


def test_what_the_journal_does_not_take_stays_in_the_unit(desktop):
    desktop.log.fail = codes.JOURNAL_FULL
    assert not desktop.record("AB", "P", PICK)
    assert desktop.view.troubles == {"record": codes.JOURNAL_FULL} and desktop.log.pages == []
    assert desktop.record("AB", "P", PICK)
    assert desktop.view.troubles == {} and len(desktop.log.pages) == 1


def test_what_is_too_long_for_a_page_is_kept_as_refused(desktop):
    desktop.log.fail = codes.TOO_LONG
    assert desktop.record("AB", "P", PICK)
    assert desktop.log.said() == [(kinds.CRADLE_REFUSED, "", None, [codes.TOO_LONG, "AB", "P", PICK.decode()])]


@pytest.mark.req("P55")
def test_a_serial_is_not_used_again_while_its_label_is_open(desktop):
    """RD-P9b."""
    assert desktop.record("AB", "P", PICK)
    later = records.pick("ICU1", "AB01", 10, "112226093001", "jd01", "R", "07605")
    assert desktop.record("AB", "P", later)
    assert desktop.refused() == [codes.LABEL_STILL_OPEN]
    assert [one.picked_utc_ms for one in desktop.book.labels()] == [PICKED_MS]
    void = records.check("07605", "AB01", 10, "112226100000", "rp02", "R", "EXPIRED", "")
    assert desktop.record("CD", "C", void) and desktop.book.labels() == []
    again = records.pick("ICU1", "AB01", 10, "112226110000", "jd01", "R", "07605")
    assert desktop.record("AB", "P", again) and len(desktop.book.labels()) == 1


def _check(**other):
    said = {"item": "07605", "serial": "AB01", "quantity": 8, "time": "112226100000", "user": "rp02", "purpose": "R"}
    return records.check(**(said | {"status": "OK", "new_serial": ""} | other))


@pytest.mark.req("P37", "P38", "P39")
@pytest.mark.parametrize(
    ("address", "flag", "data", "code"),
    [
        ("CD", "P", records.pick("ICU1", "AB02", 10, TIME, "jd01", "R", "07605"), codes.FOREIGN_SERIAL),
        ("AB", "P", records.pick("ICU1", "AB02", 0, TIME, "jd01", "R", "07605"), codes.BAD_RECORD),
        ("AB", "P", records.pick("ICU 1", "AB02", 1, TIME, "jd01", "R", "07605"), codes.BAD_RECORD),
        ("AB", "P", records.pick("ICU1", "AB02", 1, TIME, "jd01", "X", "07605"), codes.BAD_RECORD),
        ("AB", "P", records.pick("ICU1", "AB0", 1, TIME, "jd01", "R", "07605"), codes.BAD_RECORD),
        ("AB", "P", records.pick("ICU1", "AB02", 9999999999, TIME, "jd01", "R", "07605"), codes.BAD_RECORD),
        ("AB", "P", records.pick("ICU1", "AB02", 1, TIME, "j d", "R", "07605"), codes.BAD_RECORD),
        ("CD", "C", _check(status="QTY"), codes.NO_NEW_LABEL),
        ("CD", "C", _check(new_serial="CD01"), codes.NO_NEW_LABEL),
        ("CD", "C", _check(status="QTY", new_serial="AB01"), codes.NO_NEW_LABEL),
        ("CD", "C", _check(status="QTY", new_serial="EF01"), codes.FOREIGN_SERIAL),
        ("AB", "C", _check(status="QTY", new_serial="AB09"), codes.LABEL_STILL_OPEN),
        ("CD", "C", _check(item="07606"), codes.BAD_RECORD),
        ("CD", "C", _check(user="jd01"), codes.CHECKER_IS_PICKER),
        ("CD", "X", b"something else", codes.BAD_RECORD),
    ],
)
def test_a_record_that_no_one_may_write_is_kept_with_its_reason(desktop, address, flag, data, code):
    assert desktop.record("AB", "P", PICK)
    assert desktop.record("AB", "P", records.pick("ICU1", "AB09", 1, TIME, "jd01", "R", "07605"))
    before = desktop.book.labels()
    for _ in range(2):
        assert desktop.record(address, flag, data)
    refused = [(code, address, flag, data.decode())]
    assert [tuple(ext) for _, _, _, ext in desktop.log.said(kinds.CRADLE_REFUSED)] == refused
    assert desktop.book.labels() == before and desktop.view.troubles == {f"record of {address}": code}


@pytest.mark.req("P95")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (PICK[:-1] + b"0", codes.BAD_RECORD_HASH),
        (PICK.replace(b"|10|", b"|11|"), codes.BAD_RECORD_HASH),
        (PICK[:-10], codes.BAD_RECORD_HASH),
        (records.pick("ICU1", "AB01", 10, "133226093000", "jd01", "R"), codes.BAD_RECORD),
        (b"\xff\x00", codes.BAD_RECORD),
    ],
)
def test_what_the_line_may_have_changed_is_asked_for_once_more(desktop, data, code):
    assert not desktop.record("AB", "P", data) and desktop.log.pages == []
    assert desktop.record("AB", "P", PICK)
    assert desktop.refused() == [] and len(desktop.book.labels()) == 1
    assert not desktop.record("CD", "P", data)
    assert desktop.record("CD", "P", data) and desktop.refused() == [code]


def test_records_of_foreign_units_may_be_without_hash(tmp_path):
    desktop = Desktop(tmp_path, rules=Rules(require_hash=False, zone=UTC))
    assert desktop.record("AB", "P", b"ICU1|AB01|10|112226093000|jd01|R")
    assert desktop.record("AB", "C", b"07605|AB01|10|112226100000|rp02|R|OK")
    assert [said[:3] for said in desktop.log.said()] == [(kinds.PICKED, "jd01", None), (kinds.CHECKED, "rp02", "07605")]
    assert not desktop.record("AB", "P", PICK[:-1] + b"0")
    desktop.book.close()


@pytest.mark.req("P38")
def test_a_corrected_quantity_goes_on_under_a_new_label(desktop):
    assert desktop.record("AB", "P", PICK) and desktop.record("CD", "C", FIXED)
    (label,) = desktop.book.labels()
    assert (label.label, label.quantity, label.station, label.waits_for_check) == ("CD00", 8, "ICU1", False)
    assert desktop.book.under_way("AB01") is None
    assert [(one.label, one.new_label, one.quantity) for one in desktop.book.unprinted()] == [("AB01", "CD00", 8)]


def test_who_picked_may_check_where_the_site_says_so(tmp_path):
    desktop = Desktop(tmp_path, rules=Rules(checker_may_be_picker=True, zone=UTC))
    assert desktop.record("AB", "P", PICK) and desktop.record("AB", "C", _check(user="jd01", quantity=10))
    assert desktop.refused() == []
    desktop.book.close()


@pytest.mark.req("P98", "P101")
def test_what_is_to_be_reported_is_said_at_the_start_and_never_lost(desktop):
    off = parse("CHECK_REPORTING = 0").reporting()
    desktop.log.fail = codes.JOURNAL_FULL
    asyncio.run(desktop.intake.begin(off))
    assert desktop.log.said() == []
    assert desktop.record("AB", "P", PICK)
    assert desktop.log.said(kinds.PICKING_RULES) == [(kinds.PICKING_RULES, "", None, [0, 1])]
    assert desktop.record("CD", "C", CHECK)
    assert len(desktop.log.said(kinds.PICKING_RULES)) == 1


@pytest.mark.req("P54", "P64", "P67")
def test_an_address_is_given_once_and_for_good(desktop):
    assert asyncio.run(desktop.intake.assigned("AA")) and not asyncio.run(desktop.intake.assigned("AA"))
    assert desktop.log.said() == [(kinds.UNIT_ADDRESS, "", None, ["AA", 1])]
    after = desktop.again()
    assert after.book.addresses.knows("AA") and after.book.addresses.next_free() == "AB"
    after.book.close()


@pytest.mark.req("P64", "P68")
def test_an_address_that_could_not_be_written_is_nobodys(desktop):
    desktop.book.addresses.assign("AA")
    desktop.log.fail = codes.JOURNAL_FULL
    assert not asyncio.run(desktop.intake.assigned("AA"))
    assert not desktop.book.addresses.knows("AA") and not desktop.book.is_given("AA")


@pytest.mark.req("P56")
def test_an_address_is_cleared_by_somebody(desktop):
    assert asyncio.run(desktop.intake.assigned("AA"))
    assert asyncio.run(desktop.intake.cleared("AB", "pharm1")) == codes.FOREIGN_UNIT
    assert asyncio.run(desktop.intake.cleared("AA", "pharm1")) == codes.NONE
    assert desktop.log.said()[-1] == (kinds.UNIT_ADDRESS, "pharm1", None, ["AA", 2])
    after = desktop.again()
    assert not after.book.addresses.knows("AA") and after.book.addresses.next_free() == "AB"
    after.book.close()


@pytest.mark.req("P64")
def test_the_status_of_each_unit_outlasts_a_restart(desktop):
    for address in ("AA", "AB"):
        assert asyncio.run(desktop.intake.assigned(address))
    status = desktop.book.addresses.status("AB")
    status.seen, status.sessions, status.trouble, status.next_block = "112226093000", 3, "silent", 7
    desktop.book.save("AB")
    after = desktop.again()
    kept = after.book.addresses.status("AB")
    assert (kept.seen, kept.sessions, kept.trouble, kept.next_block) == ("112226093000", 3, "silent", 7)
    assert after.book.addresses.status("AA").sessions == 0
    after.book.close()


@pytest.mark.req("P53")
def test_a_refused_record_that_comes_again_after_a_snapshot_is_not_written_again(desktop):
    foreign = records.pick("ICU1", "CD01", 10, TIME, "jd01", "R", "07605")
    assert desktop.record("AB", "P", foreign) and desktop.refused() == [codes.FOREIGN_SERIAL]
    desktop.book.keep_snapshot(b"{}", [], 0, CHECKED_MS)
    assert desktop.record("AB", "P", foreign) and desktop.refused() == [codes.FOREIGN_SERIAL]
