"""Hospital time as discrete events: stations overlap in real time while hospital time stays consistent.

An event happens at some places (a station, several, or all: a barrier). It runs when it is the earliest of each of its
places and none of them is busy, so events that share a place run strictly one after another in (time, order), and
those that share none may overlap. The globally earliest event is always startable: there is no deadlock.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

Act = Callable[[], Awaitable[None]]


@dataclass(order=True)
class Event:
    """One thing to happen; `cancel()` takes it back if it has not begun."""

    time_ms: int
    order: int
    places: tuple[str, ...] = field(compare=False)
    act: Act = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


async def _settled(_place: str) -> None:
    """The default `settle`: a place needs no time to come to rest."""


class Clock:
    """The scheduler. `settle(place)` is awaited after each event until the place is quiet again; at most `limit` events
    run at once, and none begins more than `window_ms` of hospital time after the earliest one outstanding."""

    def __init__(
        self,
        places: Iterable[str],
        start_ms: int,
        settle: Callable[[str], Awaitable[None]] = _settled,
        limit: int = 32,
        window_ms: int = 3_600_000,
    ) -> None:
        self._queues: dict[str, list[Event]] = {place: [] for place in places}
        self._now = dict.fromkeys(self._queues, start_ms)
        self._running: dict[str, Event] = {}
        self._tasks: dict[asyncio.Task[None], Event] = {}
        self._order = 0
        self._low = start_ms
        self._settle, self._limit, self._window_ms = settle, limit, window_ms
        self._changed = asyncio.Event()

    def now(self, place: str) -> int:
        """Hospital time at `place`, UTC ms: that of the event that runs there, or last ran there."""
        return self._now[place]

    def at(self, time_ms: int, where: str | Iterable[str] | None, act: Act) -> Event:
        """Schedule `act` at `time_ms` (never before the present of its places) at one place, several, or all (None)."""
        places = tuple(self._queues) if where is None else (where,) if isinstance(where, str) else tuple(where)
        self._order += 1
        event = Event(max([time_ms, *(self._now[p] for p in places)]), self._order, places, act)
        for place in places:
            heapq.heappush(self._queues[place], event)
        self._changed.set()
        return event

    def low(self) -> int:
        """No event before this time will begin any more, UTC ms; never falls."""
        times = [event.time_ms for event in self._running.values()]
        times += [head.time_ms for place in self._queues if (head := self._head(place))]
        self._low = max(self._low, min(times, default=self._low))
        return self._low

    def latest(self) -> int:
        """The furthest that any place has come, or what can not happen any more if that is later, UTC ms."""
        return max(self.low(), *self._now.values())

    async def run(self, until_ms: int) -> None:
        """Run all events up to and including `until_ms`; the first that fails ends the run with its error."""
        try:
            while True:
                self._changed.clear()
                self._begin(until_ms)
                if not self._tasks:
                    return
                await self._changed.wait()
                self._collect()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _head(self, place: str) -> Event | None:
        queue = self._queues[place]
        while queue and queue[0].cancelled:
            heapq.heappop(queue)
        return queue[0] if queue else None

    def _begin(self, until_ms: int) -> None:
        heads = {id(head): head for place in self._queues if place not in self._running and (head := self._head(place))}
        latest = min(until_ms, self.low() + self._window_ms)
        for event in sorted(heads.values()):
            if len(self._tasks) >= self._limit or event.time_ms > latest:
                return
            if all(p not in self._running and self._head(p) is event for p in event.places):
                self._start(event)

    def _start(self, event: Event) -> None:
        for place in event.places:
            heapq.heappop(self._queues[place])
            self._running[place] = event
            self._now[place] = event.time_ms
        task = asyncio.get_running_loop().create_task(self._perform(event))
        self._tasks[task] = event
        task.add_done_callback(lambda _: self._changed.set())

    async def _perform(self, event: Event) -> None:
        await event.act()
        for place in event.places:
            await self._settle(place)

    def _collect(self) -> None:
        for task in [t for t in self._tasks if t.done()]:
            for place in self._tasks.pop(task).places:
                del self._running[place]
            task.result()


class Life:
    """Someone at one place: code that sleeps in hospital time and runs only inside events of that place."""

    def __init__(self, clock: Clock, place: str) -> None:
        self.clock, self.place = clock, place
        self._task: asyncio.Task[None] | None = None
        self._parked: asyncio.Future[None]

    def begin(self, at_ms: int, story: Act) -> None:
        """Run `story` from `at_ms` on; it ends inside one of its events."""

        def wake() -> None:
            self._task = asyncio.ensure_future(story())

        self.clock.at(at_ms, self.place, lambda: self._resume(wake))

    async def sleep(self, ms: int) -> None:
        """Let `ms` of hospital time pass; other events of the place happen meanwhile."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.clock.at(self.clock.now(self.place) + ms, self.place, lambda: self._resume(lambda: woken.set_result(None)))
        self._parked.set_result(None)
        await woken

    async def _resume(self, wake: Callable[[], None]) -> None:
        self._parked = asyncio.get_running_loop().create_future()
        wake()
        assert self._task is not None
        try:
            await asyncio.wait({self._parked, self._task}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if self._task.done():
            self._task.result()
