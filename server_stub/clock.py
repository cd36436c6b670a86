"""Hospital time for the centre, handed in: the system's clock, or one that only moves when told."""

import time
from typing import Protocol


class Clock(Protocol):
    """Hospital time as UTC milliseconds since 1970."""

    def utc_ms(self) -> int:
        """The hospital's time now."""
        ...

    def utc_ms_ago(self, transport_ms: int) -> int:
        """The hospital's time so many milliseconds of the computer's clock ago."""
        ...


class SystemClock:
    """The computer's own clock."""

    def utc_ms(self) -> int:
        """The hospital's time now."""
        return time.time_ns() // 1_000_000

    def utc_ms_ago(self, transport_ms: int) -> int:
        """So much earlier: both are the computer's clock."""
        return self.utc_ms() - transport_ms


class SteppedClock:
    """A clock that moves only with `advance`; it never goes back."""

    def __init__(self, utc_ms: int = 0) -> None:
        self._utc_ms = utc_ms

    def utc_ms(self) -> int:
        """The hospital's time now."""
        return self._utc_ms

    def utc_ms_ago(self, _transport_ms: int) -> int:
        """The same: it stood still since."""
        return self._utc_ms

    def advance(self, utc_ms: int) -> None:
        """Move on to `utc_ms`; an earlier time changes nothing."""
        self._utc_ms = max(self._utc_ms, utc_ms)
