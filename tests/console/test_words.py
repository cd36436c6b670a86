"""What pages say of times that no calendar has."""

import pytest

from server_stub.console import words


@pytest.mark.parametrize("minute", [(1 << 32) - 2, 1 << 61])
def test_an_expiry_beyond_all_calendars_is_their_last_day(minute):
    assert words.minute(minute) == "9999-12-31 23:59"
    assert words.clock(minute * 60_000) == "9999-12-31 23:59:59"


def test_what_is_not_known_is_a_dash():
    assert (words.minute(0), words.clock(None)) == ("–", "–")
    assert (words.minute(29_000_000), words.clock(0)) == ("2025-02-19 21:20", "1970-01-01 00:00:00")
