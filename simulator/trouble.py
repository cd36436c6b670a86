"""What goes wrong at a cabinet: drawers that jam, are forced or stay open, a power cut, a theft; and counting."""

from collections.abc import Awaitable, Callable, Mapping

from simulator.hands import Hands, leave_all
from simulator.plan import Count, Item, Mishap, StationPlan, Theft
from simulator.tally import Tally

AJAR_S = 180.0
LOCK_FAILED = 2


class Trouble:
    """Somebody's hands where things go wrong; `cut_power` takes the power away from cabinet and controller."""

    def __init__(
        self,
        hands: Hands,
        station: StationPlan,
        tally: Tally,
        items: Mapping[str, Item],
        cut_power: Callable[[], object],
    ) -> None:
        self.hands, self.station, self.tally, self._items = hands, station, tally, items
        self._cut_power = cut_power

    async def mishap(self, action: Mishap) -> None:
        """As its kind says."""
        stories: dict[str, Callable[[int], Awaitable[None]]] = {
            "left_open": self._leave_open,
            "forced": self._force,
            "jammed": self._jam,
            "power_cut": self._lose_power,
        }
        await stories[action.what](action.drawer)

    async def count(self, action: Count) -> None:
        """Count one pocket, truthfully."""
        self.tally.note((await self.hands.count(action.place)).code)

    async def steal(self, action: Theft) -> None:
        """Say what was in the pocket, and keep one unit."""
        unit = next(self._items[p.item].scale for p in self.station.pockets if p.place == action.place)
        outcome = await self.hands.access("count", {"place": action.place}, lambda place, held: min(unit, held))
        self.tally.note(outcome.code)

    async def _leave_open(self, drawer: int) -> None:
        await self._count_in(drawer, AJAR_S)

    async def _force(self, drawer: int) -> None:
        self.hands.cabinet.pull(drawer, force=True)
        await self.hands.pause(5, 10)
        self.hands.cabinet.push(drawer)
        await self.hands.pause(1, 2)

    async def _jam(self, drawer: int) -> None:
        """It does not open: somebody takes it out of use, frees it, and has it counted before a colleague."""
        self.hands.cabinet.jam(drawer)
        await self._count_in(drawer)
        self.tally.note(await self.hands.tell("fail", place=f"D{drawer:02}", reason=LOCK_FAILED))
        self.hands.cabinet.jam(drawer, jammed=False)
        await self.hands.pause(60, 120)
        outcome = await self.hands.access("recover", {"place": f"D{drawer:02}"}, leave_all)
        self.tally.note(outcome.code)
        await self.hands.count_owed()

    async def _lose_power(self, drawer: int) -> None:
        """Once, with the drawer open."""
        cut = [self._cut_power]

        def move(place: str, held: int) -> int:
            if cut:
                self.tally.power_cuts += 1
                cut.pop()()
            return 0

        places = self._places(drawer)
        if places:
            self.tally.note((await self.hands.access("count", {"place": places[0]}, move)).code)

    async def _count_in(self, drawer: int, wait_s: float = 0) -> None:
        places = self._places(drawer)
        if places:
            outcome = await self.hands.count(places[0], wait_s)
            self.tally.note(outcome.code)

    def _places(self, drawer: int) -> list[str]:
        return [pocket.place for pocket in self.station.pockets if pocket.drawer == drawer]
