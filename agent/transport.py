"""Transport time and chance, handed in: agent cores and shell ask here, so that they also run in virtual time.

Transport time is what heartbeat, linger, retry and back-off go by; no setting of a clock changes it.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that waits."""

    def cancel(self) -> None:
        """It is not to come any more."""


class Transport(Protocol):
    """What one agent needs of time and chance."""

    def now(self) -> float:
        """Seconds from some moment on."""

    def later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Call once, so many seconds from now."""

    def spread(self) -> float:
        """A number from 0 to 1, another each time."""

    def first_request_id(self) -> int:
        """Where the numbers of this run's requests begin: no other run's are near."""


class RealTransport:
    """The computer's monotonic clock and the running event loop."""

    def now(self) -> float:
        """Seconds from some moment on."""
        return time.monotonic()

    def later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Call once from the event loop."""
        return asyncio.get_running_loop().call_later(delay_s, call)

    def spread(self) -> float:
        """A number from 0 to 1."""
        return secrets.randbelow(1 << 24) / (1 << 24)

    def first_request_id(self) -> int:
        """A random number with room behind it."""
        return secrets.randbits(48) << 8
