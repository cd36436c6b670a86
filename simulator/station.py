"""One simulated station: its cabinet, bus, wire and panel, and the people who queue in front of it."""

import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from simulator.cabinet.bus import Bus
from simulator.cabinet.cabinet import Cabinet, bin_wiring
from simulator.clock import Clock, Life
from simulator.errors import RunFailed
from simulator.hands import Hands, Place
from simulator.panel import Panel
from simulator.people import Visitor
from simulator.pharmacy import Ask
from simulator.plan import Item, StationPlan, Visit
from simulator.reach import spot_of
from simulator.tally import Tally
from simulator.wire import Faults, Wire

Before = Callable[[str], Awaitable[None]]
First = Callable[[Visit, Hands], Awaitable[None]]


async def _nothing(_station: str) -> None:
    """Nothing has to happen before a visit."""


async def _nothing_first(_visit: Visit, _hands: Hands) -> None:
    """A visit is what its plan says."""


async def _no_centre(do: str, **_args: object) -> dict[str, object]:
    raise RunFailed(f"nobody answers {do}: this station was given no centre to ask")


class Station:
    """The world's side of one station. `before(station)` is awaited as a visit begins, then `first` with the visitor's
    hands; `look` is called after each access; technicians `ask` the centre; `cut_power` takes the power of cabinet and
    controller away. `items` are the formulary's."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        plan: StationPlan,
        run: Path,
        clock: Clock,
        tally: Tally,
        faults: Faults | None = None,
        items: Iterable[Item] = (),
    ) -> None:
        self.plan, self.clock = plan, clock
        wiring = (bin_wiring(plan.bin_drawer),) if plan.bin_drawer else ()
        self.cabinet = Cabinet(dict.fromkeys(_spots(plan), 0), wiring)
        self.look: Callable[[], None] = lambda: None
        self.cut_power: Callable[[], object] = lambda: None
        self._items = {item.item: item for item in items}
        self._units = {p.place: self._items[p.item].scale for p in plan.pockets if p.item in self._items}
        self.bus = Bus(plan.station, self.cabinet, clock)
        self.wire = Wire(faults)
        self.panel = Panel(run / f"{plan.station}.panel.sock")
        self.bus_path = run / f"{plan.station}.bus.sock"
        self.before: Before = _nothing
        self.first: First = _nothing_first
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
        place = Place(life, self.panel, self.cabinet, self.plan.people, self._units, self.look)
        hands = Hands(self._people[visit.user], place, self._tally, seed)
        await self.first(visit, hands)
        await Visitor(hands, self.plan, self._tally, self._items, self.ask, self.cut_power).work(visit)
        self.visits_open -= 1
        self._next()


def _spots(plan: StationPlan) -> Iterable[str]:
    """Each pocket, and each item in the return bin."""
    yield from (pocket.place for pocket in plan.pockets)
    if plan.bin_drawer:
        place = f"D{plan.bin_drawer:02}-P01"
        yield from (spot_of(place, item) for item in sorted({pocket.item for pocket in plan.pockets}))


def faults(seed: int, station: str, chance: float) -> Faults | None:
    """A fault model for a station's cable: `chance` a byte for each of loss, change, doubling; None for 0."""
    return Faults(random.Random(f"{seed}/wire/{station}"), chance, chance, chance) if chance else None
