"""Periods of hospital time: half open, UTC (A14, A16.a)."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadPeriod(ValueError):
    """Not a period; the text says what to write instead."""


class Period(NamedTuple):
    """From `from_utc_ms` (included) to `to_utc_ms` (not included), milliseconds since 1970."""

    from_utc_ms: int
    to_utc_ms: int

    def holds(self, utc_ms: int) -> bool:
        """Is that moment in it?"""
        return self.from_utc_ms <= utc_ms < self.to_utc_ms

    @property
    def name(self) -> str:
        """For folders: both ends, to the second (or the millisecond if need be)."""
        return f"{_compact(self.from_utc_ms)}--{_compact(self.to_utc_ms)}"


def between(start: str, end: str) -> Period:
    """From `start` to `end`: ISO 8601 dates or date-times, UTC where no offset is given; raises BadPeriod."""
    period = Period(_read(start), _read(end))
    if period.from_utc_ms >= period.to_utc_ms:
        raise BadPeriod(f"the period {start} to {end} is empty: --from must be before --to")
    return period


def iso(utc_ms: int) -> str | None:
    """UTC in ISO 8601 to the millisecond; None beyond the year 9999, which only a broken clock can say."""
    try:
        return (EPOCH + timedelta(milliseconds=utc_ms)).isoformat(timespec="milliseconds")
    except OverflowError:
        return None


def _read(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadPeriod(f"{text!r} is no time: write 2026-01-31 or 2026-01-31T07:00:00 (UTC)") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment < EPOCH:
        raise BadPeriod(f"{text} is before 1970")
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _compact(utc_ms: int) -> str:
    moment = EPOCH + timedelta(milliseconds=utc_ms)
    return moment.strftime("%Y%m%dT%H%M%S") + (f".{utc_ms % 1000:03}" if utc_ms % 1000 else "") + "Z"
