"""What has arrived and waits: bounded by pausing the broker's client, handed on in groups."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

MAX_GROUP = 64
HIGH = 500
LOW = 100

T = TypeVar("T")


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

    async def woken(self) -> None:
        """Until there may be something to do."""
        await self._wake.wait()
        self._wake.clear()

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
