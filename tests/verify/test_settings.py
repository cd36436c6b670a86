"""The documentation interval as entries carry it: one place says what it can be."""

import pytest
from pydantic import ValidationError

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.site import config
from server_stub.verify import schema, settings
from server_stub.verify.book import Book
from server_stub.verify.projection import Verification

BAD = ("", "0", "-5", "abc", "1.5", " 7", "٣", "10081", "9" * 30)


def said(text):
    ext = [settings.MINUTES, text]
    return Entry("centre", 1, 1, 1, 0, 0, 2, kinds.OPERATOR, "centre", *[None] * 6, 0, None, ext, "", "")


@pytest.mark.req("A4.a")
@pytest.mark.parametrize("text", BAD)
def test_what_is_no_interval_sets_nothing_and_stops_no_rebuild(quick, text):
    assert settings.minutes(text) is None
    book = Book()
    fold = Verification(book)
    for each in ("30", text):
        fold.apply(said(each))
    with quick.engine.begin() as conn:
        fold.flush(conn)
        assert book.interval_ms(conn) == 30 * 60_000
    assert [row.value for row in quick.rows(schema.verify_settings)] == [30]


def test_the_sites_setting_has_the_same_bounds():
    for minutes in (1, settings.LONGEST_MINUTES):
        assert settings.minutes(str(config.Verify(documentation_minutes=minutes).documentation_minutes)) == minutes
    for minutes in (0, settings.LONGEST_MINUTES + 1):
        with pytest.raises(ValidationError):
            config.Verify(documentation_minutes=minutes)
