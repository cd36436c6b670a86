"""Hospital time, handed in: the computer's clock, or one that moves only when told (docs/interfaces.md, Time)."""

import time
from enum import StrEnum
from typing import Protocol


class Clock(Protocol):
    """What the agent needs of a clock of hospital time."""

    def utc_ms(self) -> int:
        """Hospital time now, milliseconds since 1970 (UTC)."""

    def mono_ms(self) -> float:
        """Milliseconds from some moment on that no setting of a clock changes."""


class ClockKind(StrEnum):
    """Where hospital time comes from."""

    system = "system"
    stepped = "stepped"


class SystemClock:
    """Hospital time is the computer's time."""

    def utc_ms(self) -> int:
        """Milliseconds since 1970 (UTC)."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> float:
        """Milliseconds since this computer started, or some other moment."""
        return time.monotonic() * 1000


class SteppedClock:
    """Hospital time that stands still until `advance`; it never goes back."""

    def __init__(self, utc_ms: int = 0) -> None:
        self._utc_ms = utc_ms

    def utc_ms(self) -> int:
        """Milliseconds since 1970 (UTC), as last told."""
        return self._utc_ms

    def mono_ms(self) -> float:
        """The same: it only goes on."""
        return self._utc_ms

    def advance(self, utc_ms: int) -> None:
        """Move on to `utc_ms`. The agent has no timers in hospital time, so nothing is due in between."""
        self._utc_ms = max(self._utc_ms, utc_ms)


def of(kind: ClockKind) -> Clock:
    """The clock of a process that was started with this `--clock`."""
    return SteppedClock() if kind is ClockKind.stepped else SystemClock()
