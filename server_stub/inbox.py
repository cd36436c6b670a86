"""What has arrived and waits: bounded by pausing the broker's client, handed on in groups."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

MAX_GROUP = 64
HIGH = 500
LOW = 100

T = TypeVar("T")


class Pace:
    """At once if there was nothing for a while, else not more often than every `interval_s`."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._next_s = 0.0

    @property
    def left_s(self) -> float:
        """How long still to wait; 0: it is time."""
        return max(0.0, self._next_s - time.monotonic())

    def note(self) -> None:
        """It was done just now."""
        self._next_s = time.monotonic() + self._interval_s


class Inbox(Generic[T]):
    """A queue; `pause` is told True when too much waits and False when there is room again."""

    def __init__(self) -> None:
        self.pause: Callable[[bool], None] = lambda _paused: None
        self._waiting: deque[T] = deque()
        self._wake = asyncio.Event()
        self._paused = False
        self._held = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def first(self) -> T:
        """What is next."""
        return self._waiting[0]

    def put(self, work: T) -> None:
        """One more."""
        self._waiting.append(work)
        self.wake()
        self._decide()

    def wake(self) -> None:
        """Have whoever waits look, whatever for."""
        self._wake.set()

    async def woken(self, within_s: float | None = None) -> None:
        """Until there may be something to do, or so many seconds have passed."""
        # not wait_for: before Python 3.12 it could lose the cancellation that ends this process
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._wake.wait()
        self._wake.clear()

    async def gathered(self, pace: "Pace") -> None:
        """Until it is time again, or a whole group is there: one transaction costs much more than one message."""
        while len(self._waiting) < MAX_GROUP and pace.left_s > 0:
            await self.woken(pace.left_s)

    def hold(self, held: bool) -> None:
        """Take nothing more from the broker while `held`, however little waits here."""
        self._held = held
        self._decide()

    def group(self) -> list[T]:
        """What is done in one transaction next: what came first, and what came after it of the same kind."""
        group = [self._waiting.popleft()]
        while self._waiting and len(group) < MAX_GROUP and type(self._waiting[0]) is type(group[0]):
            group.append(self._waiting.popleft())
        self._decide()
        return group

    def _decide(self) -> None:
        full = self._held or len(self._waiting) >= (LOW if self._paused else HIGH)
        if full != self._paused:
            self._paused = full
            self.pause(full)
