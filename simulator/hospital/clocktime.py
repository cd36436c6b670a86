"""Hospital time in UTC milliseconds: days, shifts, and the one calendar on which every plan stands."""

from datetime import UTC, datetime

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
# Day 0 of every calendar: Monday 5 January 2026, 00:00 UTC.
DAY_0_MS = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) * 1000


def day_of(at_ms: int) -> int:
    """Number of the day of `at_ms`, 0 for the first of the calendar."""
    return (at_ms - DAY_0_MS) // DAY_MS


def shift_of(at_ms: int) -> tuple[int, bool]:
    """(number of the day on which the shift begins, whether it is the night's): 07:00 to 19:00 and 19:00 to 07:00."""
    day, within = divmod(at_ms - DAY_0_MS - 7 * HOUR_MS, DAY_MS)
    return day, within >= 12 * HOUR_MS
