"""A technician at a cabinet: refill with lot and expiry, take out what expires, empty the return bin."""

from collections.abc import Mapping
from typing import Any

from firmware import pockets
from simulator.hands import Hands
from simulator.lots import expires_soon, lot_of, opening_lot
from simulator.plan import EmptyBin, Item, Outdates, Pocket, Refill, StationPlan
from simulator.tally import Tally

# columns of INVENTORY (docs/wire.md)
PLACE, ITEM, QUANTITY, MOST, STATE, EXPIRY = 0, 1, 2, 4, 6, 8


class Pharmacy:
    """Her work, with her hands."""

    def __init__(self, hands: Hands, station: StationPlan, tally: Tally, items: Mapping[str, Item]) -> None:
        self.hands, self.station, self.tally, self._items = hands, station, tally, items
        self._pockets: dict[str, Pocket] = {pocket.place: pocket for pocket in station.pockets}

    async def refill(self, action: Refill) -> None:
        """Fill every pocket up to its max, or for the opening up to its start."""
        rows = [row for row in await self._inventory() if row[STATE] != pockets.BIN]
        targets = {row[PLACE]: self._target(action, row[PLACE], row[MOST]) for row in rows}
        gaps: dict[str, list[int]] = {}
        for row in rows:
            if row[QUANTITY] < targets[row[PLACE]]:
                gaps.setdefault(row[ITEM], []).append(targets[row[PLACE]] - row[QUANTITY])
        for item, wanted in gaps.items():
            lot = self._lot(action, item)
            for _ in wanted:
                if not await self._refill_hungriest(targets, item, max(wanted), lot):
                    break

    async def take_outdates(self, action: Outdates) -> None:
        """Take everything out of pockets in which something expires within a day."""
        now_ms = self._now_ms()
        for row in await self._inventory():
            if row[STATE] in (pockets.USABLE, pockets.EXPIRED) and row[QUANTITY] and expires_soon(row[EXPIRY], now_ms):
                outcome = await self.hands.access("outdate", {"place": row[PLACE]}, lambda place, held: held)
                self.tally.note(outcome.code)

    async def empty_bin(self, action: EmptyBin) -> None:
        """Empty the return bin, if anything lies in it."""
        for place in sorted({row[PLACE] for row in await self._inventory() if row[STATE] == pockets.BIN}):
            outcome = await self.hands.access("empty_bin", {"place": place}, lambda place, held: 0)
            self.tally.note(outcome.code)

    async def _inventory(self) -> list[list[Any]]:
        return (await self.hands.panel.ask("inventory")).params

    def _now_ms(self) -> int:
        return self.hands.life.clock.now(self.station.station)

    def _lot(self, action: Refill, item: str) -> tuple[str | None, int | None]:
        """Lot and expiry of what has a package code; of anything else nobody knows them."""
        if not (item in self._items and self._items[item].code):
            return None, None
        now_ms = self._now_ms()
        return opening_lot(self.station.station, item, now_ms) if action.opening else lot_of(item, now_ms)

    def _target(self, action: Refill, place: str, most: int) -> int:
        return self._pockets[place].start if action.opening and place in self._pockets else most

    async def _refill_hungriest(
        self, targets: Mapping[str, int], item: str, quantity: int, lot: tuple[str | None, int | None]
    ) -> bool:
        """Fill the pocket that the controller chooses; False when there is nothing more to do for the item."""
        missing = 0

        def move(place: str, held: int) -> int | None:
            nonlocal missing
            missing = targets[place] - held
            return -min(missing, quantity) if missing > 0 else None

        code = self._items[item].code if item in self._items else ""
        args = {"item": item, "quantity": quantity, "lot": lot[0], "expiry": lot[1], "code": code or None}
        outcome = await self.hands.access("refill", args, move)
        self.tally.note(outcome.code)
        return not outcome.code and missing > 0
