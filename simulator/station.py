"""One simulated station: its cabinet, bus, wire and panel, and the people who queue in front of it."""

import random
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

from simulator.cabinet.bus import Bus
from simulator.cabinet.cabinet import Cabinet
from simulator.clock import Clock, Life
from simulator.errors import RunFailed
from simulator.hands import Hands, Place
from simulator.panel import Panel
from simulator.people import Ask, Visitor
from simulator.plan import StationPlan, Visit
from simulator.tally import Tally
from simulator.wire import Faults, Wire

Before = Callable[[str], Awaitable[None]]


async def _nothing(_station: str) -> None:
    """Nothing has to happen before a visit."""


async def _no_centre(do: str, **_args: object) -> dict[str, object]:
    raise RunFailed(f"nobody answers {do}: this station was given no centre to ask")


class Station:
    """The world's side of one station. `before(station)` is awaited as a visit begins; technicians `ask` the centre."""

    def __init__(self, plan: StationPlan, run: Path, clock: Clock, tally: Tally, faults: Faults | None = None) -> None:
        self.plan, self.clock = plan, clock
        self.cabinet = Cabinet({pocket.place: 0 for pocket in plan.pockets})
        self.bus = Bus(plan.station, self.cabinet, clock)
        self.wire = Wire(faults)
        self.panel = Panel(run / f"{plan.station}.panel.sock")
        self.bus_path = run / f"{plan.station}.bus.sock"
        self.before: Before = _nothing
        self.ask: Ask = _no_centre
        self.visits_open = 0
        self._tally = tally
        self._people = {person.user: person for person in plan.people}
        self._queue: deque[Visit] = deque()
        self._busy = False
        self.bus.link_delivered = self.wire.delivered
        self.bus.on_power = self.wire.power

    async def open(self) -> None:
        """Listen on the bus socket and let the cable carry."""
        await self.bus.serve(self.bus_path)
        self.wire.plug_in()

    def close(self) -> None:
        """Take bus and cable away."""
        self.bus.close()
        self.wire.close()

    def expect(self, visit: Visit) -> None:
        """Someone will come."""
        self.visits_open += 1
        self.clock.at(visit.at_ms, self.plan.station, lambda: self._arrive(visit))

    def a_user(self) -> str:
        """Anyone with a badge here."""
        return self.plan.people[0].user

    async def _arrive(self, visit: Visit) -> None:
        self._queue.append(visit)
        if not self._busy:
            self._next()

    def _next(self) -> None:
        self._busy = bool(self._queue)
        if self._busy:
            visit = self._queue.popleft()
            life = Life(self.clock, self.plan.station)
            life.begin(self.clock.now(self.plan.station), lambda: self._receive(visit, life))

    async def _receive(self, visit: Visit, life: Life) -> None:
        await self.before(self.plan.station)
        seed = f"{visit.station}/{visit.at_ms}/{visit.user}"
        hands = Hands(self._people[visit.user], Place(life, self.panel, self.cabinet), self._tally, seed)
        await Visitor(hands, self.plan, self._tally, self.ask).work(visit)
        self.visits_open -= 1
        self._next()


def faults(seed: int, station: str, chance: float) -> Faults | None:
    """A fault model for a station's cable: `chance` a byte for each of loss, change, doubling; None for 0."""
    return Faults(random.Random(f"{seed}/wire/{station}"), chance, chance, chance) if chance else None
