"""Delivering at a cabinet with a handheld as its display (P41 to P47): what it asks for is done, at its drawers too."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from agent.cradle.steps import BADGE, CONFIRM, EXPIRY, FIELDS, FOUND, PACKAGE, PIN, POCKET, QUANTITY
from firmware.wire import labels
from simulator import units
from simulator.handhelds import Handheld, NotShown, RealTime
from simulator.hands import Hands
from simulator.panel import Rebooted
from simulator.plan import StationPlan
from simulator.units import PROMPT, Stuck

TRIES = 3
MOST_NOTES = 5
_HOME, _READ, _SHUT = "Log off", "ENTER: go on", "Close the drawer."


class Delivery:
    """Somebody's `hands` with a `unit` at the cradle of a station, at `port`; `scales` are smallest units to one unit
    by item. What it refuses is put aside."""

    def __init__(
        self, hands: Hands, unit: Handheld, port: Path, station: StationPlan, scales: Mapping[str, int]
    ) -> None:
        self.hands, self.unit, self._port, self._station, self._scales = hands, unit, port, station, scales
        self._fingers = units.Hands(RealTime(), unit, hands.person.user, hands.person.pin)
        self._capacity = {pocket.place: pocket.capacity for pocket in station.pockets}
        self.left: list[str] = []
        self.put_aside: dict[str, str] = {}
        self._place, self._put, self._notes = "", 0, 0
        # a question may stay on the display until the next comes
        self._over = False
        person = hands.person
        self._answers: dict[str, Callable[[], Awaitable[None]]] = {
            BADGE: lambda: self._scan(person.badge),
            PIN: lambda: self._type(person.pin),
            PACKAGE: self._package,
            POCKET: self._pocket,
            FOUND: self._found,
            EXPIRY: lambda: self._type(""),
            QUANTITY: self._quantity,
            CONFIRM: lambda: self._press("ENTER"),
        }
        self._asked = {FIELDS[name][2]: answer for name, answer in self._answers.items()}

    async def deliver(self, bags: Sequence[str]) -> None:
        """Deliver these bags, by the codes of their labels; what breaks off is begun again."""
        self.left = list(bags)
        await self.unit.carry_out(self._fingers.log_on())
        for _ in range(TRIES):
            try:
                await self._link()
            except (NotShown, Rebooted, Stuck):
                await self._recover()
            if not self.left:
                break
        await self.unit.carry_out(self._fingers.log_off())

    async def _link(self) -> None:
        await self.unit.carry_out(self._fingers.choose("At a station"))
        self.unit.put_in(self._port)
        try:
            while not self._fingers.shows(_HOME):
                shown = self.unit.text()
                await self._answer(shown)
                await self.unit.until(lambda shown=shown: self.unit.text() != shown, "the station")  # type: ignore[misc]
        finally:
            self.unit.take_out()

    async def _recover(self) -> None:
        """Whatever it was: the drawer is shut, what must be counted is counted, the unit is where it began."""
        self.unit.unit.link.to_cradle(0)
        self.unit.unit.home()
        await self.unit.carry_out(self._fingers.end())
        await self.hands.recover()
        await self.hands.sign_off()

    async def _answer(self, shown: list[str]) -> None:
        if shown[-1] == _READ:
            await self._take_note(shown)
        elif self._fingers.shows(_SHUT):
            await self.hands.shut(_drawer(self._place))
        elif shown[PROMPT] == FIELDS[PACKAGE][2] or (shown[PROMPT] in self._asked and not self._over):
            await self._asked[shown[PROMPT]]()

    async def _take_note(self, shown: list[str]) -> None:
        words = " ".join(shown[:-1]).strip()
        delivered = words.startswith("Delivered")
        self._notes = 0 if delivered else self._notes + 1
        if delivered:
            self.left.pop(0)
            self._over = True
        self.hands.confirmed(delivered)
        self.hands.place.look()
        await self._press("ENTER")
        if self.left and (self._notes > MOST_NOTES or (not delivered and self._at_package())):
            self.put_aside[self.left.pop(0)] = words
        if self._notes > MOST_NOTES:
            raise NotShown(f"a handheld says again and again: {words}")

    def _at_package(self) -> bool:
        return self.unit.text()[PROMPT] == FIELDS[PACKAGE][2]

    async def _package(self) -> None:
        self._over = False
        if self.left:
            await self._scan(self.left[0])
        else:
            await self._press("CLEAR")

    async def _pocket(self) -> None:
        self._place = (await self.hands.panel.look()).state["place"]
        if not await self.hands.open_up(_drawer(self._place)):
            return await self._give_up("the drawer does not open")
        at = (_drawer(self._place), int(self._place[5:]))
        return await self._scan(labels.pocket(self._station.station, *at))

    async def _found(self) -> None:
        if self._held() % self._scale():
            return await self._give_up("a keypad of digits cannot say how many there are")
        return await self._type(str(self._held() // self._scale()))

    async def _quantity(self) -> None:
        if self.hands.owed_spot != self._place:
            await self._put_in()
        if not self._put:
            return await self._give_up("the pocket is full")
        # a display that asks again is told the same again
        return await self._type(str(self._put // self._scale()))

    async def _put_in(self) -> None:
        fits = min(labels.read(self.left[0])[2], self._capacity[self._place] - self._held())
        self._put = max(0, fits - fits % self._scale())
        if self._put:
            await self.hands.put_in(self._place, self._put)

    async def _give_up(self, why: str) -> None:
        self.put_aside[self.left.pop(0)] = why
        self._over = True
        await self._press("CLEAR")

    def _held(self) -> int:
        return self.hands.cabinet.contents[self._place]

    def _scale(self) -> int:
        return self._scales[labels.read(self.left[0])[1]]

    async def _scan(self, code: str) -> None:
        await self.unit.carry_out(self._fingers.scan(code))

    async def _type(self, text: str) -> None:
        await self.unit.carry_out(self._fingers.type(text))

    async def _press(self, key: str) -> None:
        await self.unit.carry_out(self._fingers.press(key))


def _drawer(place: str) -> int:
    return int(place[1:3])
