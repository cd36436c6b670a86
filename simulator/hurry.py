"""An event loop whose clock runs faster: what takes a minute there takes a second here. I/O takes the time it takes.

The clock counts what the loop waits, but little of what it computes or is kept from computing: on a busy machine nobody
waits in vain because somebody else had no turn.
"""

import asyncio
import selectors
import time
from typing import Any

# real time that counts of a turn, and of a wait that something ended
TURN_S = 0.005


class _Clock(selectors.SelectSelector):
    """Waits to the microsecond (epoll would round up to whole milliseconds), and counts."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed
        self._now_s = 0.0
        self._seen_s = time.monotonic()

    def now(self) -> float:
        """Seconds of the fast clock."""
        self._count(TURN_S)
        return self._now_s

    def select(self, timeout: float | None = None) -> Any:
        self._count(TURN_S)
        wait_s = timeout / self._speed if timeout and timeout > 0 else timeout
        found = super().select(wait_s)
        # when it was that something came is not known
        self._count(TURN_S if found or wait_s is None else max(wait_s, 0))
        return found

    def _count(self, most_s: float) -> None:
        real_s = time.monotonic()
        self._now_s += min(real_s - self._seen_s, most_s) * self._speed
        self._seen_s = real_s


class HurriedLoop(asyncio.SelectorEventLoop):
    """`speed` seconds of this loop in each real one that it waits."""

    def __init__(self, speed: float) -> None:
        self._clock = _Clock(speed)
        super().__init__(self._clock)

    def time(self) -> float:
        """Seconds of this loop's clock."""
        return self._clock.now()
