"""Nurses and technicians: one visit to one cabinet, action by action."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from firmware import codes
from firmware.journal import kinds
from simulator.hands import Hands, Move, Outcome
from simulator.plan import Action, Mishap, Pocket, Refill, Remove, Return, StationPlan, Visit
from simulator.tally import REFUSED, STOCK_OUT, Taken, Tally

AJAR_S = 180.0


def _put_in(quantity: int) -> Move:
    return lambda place, held: -quantity


class Visitor:
    """Someone who works one visit with her hands."""

    def __init__(self, hands: Hands, station: StationPlan, tally: Tally) -> None:
        self.hands, self.station, self.tally = hands, station.station, tally
        self._colleagues = [person for person in station.people if person is not hands.person]
        self._pockets: dict[str, Pocket] = {pocket.place: pocket for pocket in station.pockets}

    async def work(self, visit: Visit) -> None:
        """Sign on, do each action, sign off."""
        code = await self.hands.sign_on()
        for action in visit.actions:
            if code:
                self._count_refused(action, code)
                continue
            await self.hands.pause(1, 3)
            await self._do(action)
        if not code:
            await self.hands.sign_off()

    async def _do(self, action: Action) -> None:
        if isinstance(action, Remove):
            await self._remove(action)
        elif isinstance(action, Return):
            await self._return(action)
        elif isinstance(action, Refill):
            await self._refill(action)
        else:
            await self._mishap(action)

    def _count_refused(self, action: Action, code: int) -> None:
        self.tally.note(code)
        if isinstance(action, Remove):
            self._note_fate(action, REFUSED)

    def _note_fate(self, action: Remove, fate: str) -> None:
        if action.record:
            self.tally.fates[fate] += 1

    async def _remove(self, action: Remove) -> None:
        needed, fate = action.quantity, action.fate
        asked = needed
        parts: list[Taken] = []
        while needed > 0:
            outcome = await self._remove_from_one_pocket(action, asked)
            if outcome.code == codes.NOT_ENOUGH and outcome.params[1] >= needed and 0 < outcome.params[0] < asked:
                asked = outcome.params[0]
                continue
            if outcome.code:
                fate = self._refusal(outcome)
                break
            if action.cancel:
                break
            parts.append(self._taken(action, outcome))
            needed -= outcome.quantity
            asked = needed
        else:
            await self._waste(parts)
        if action.record:
            self.tally.taken[action.record] = parts
        self._note_fate(action, fate)

    def _taken(self, action: Remove, outcome: Outcome) -> Taken:
        taken = Taken(action, outcome.txn, outcome.place, outcome.quantity)
        self.tally.replayed += 1
        if action.seeded:
            self.tally.seeded.setdefault(self.station, []).append(taken)
        return taken

    async def _remove_from_one_pocket(self, action: Remove, quantity: int) -> Outcome:
        args = {
            "patient": action.patient,
            "order": action.order,
            "item": action.item,
            "quantity": quantity,
            "administration_utc_ms": action.administration_utc_ms,
            "code": None,
        }
        return await self.hands.access("remove", args, lambda place, held: None if action.cancel else quantity)

    def _refusal(self, outcome: Outcome) -> str:
        self.tally.note(outcome.code)
        if outcome.code not in (codes.NOT_ENOUGH, codes.NO_POCKET):
            return REFUSED
        self.tally.stockouts += 1
        return STOCK_OUT

    async def _waste(self, parts: list[Taken]) -> None:
        if parts and parts[-1].action.waste:
            args = self._towards_removal(parts[-1], parts[-1].action.waste)
            code = await self.hands.note("waste", args, kinds.WASTE)
            for colleague in self._colleagues:
                if code != codes.WITNESS_NEEDED:
                    break
                await self.hands.ask_witness(colleague)
                code = await self.hands.note("waste", args, kinds.WASTE)
            self.tally.note(code)

    async def _return(self, action: Return) -> None:
        parts = self.tally.taken.pop(action.record, [])
        left = sum(part.quantity for part in parts) - (parts[0].action.waste if parts else 0)
        for taken in parts:
            quantity = min(taken.quantity, left)
            left -= quantity
            args = self._towards_removal(taken, quantity) | {"to": 1}
            outcome = await self.hands.access("return", args, _put_in(quantity))
            self.tally.note(outcome.code)

    def _towards_removal(self, taken: Taken, quantity: int) -> dict[str, Any]:
        action = taken.action
        return {
            "patient": action.patient,
            "order": action.order,
            "item": action.item,
            "quantity": quantity,
            "removed_txn": taken.txn,
        }

    async def _refill(self, action: Refill) -> None:
        rows = (await self.hands.panel.ask("inventory")).params
        targets = {place: self._target(action, place, most) for place, _, _, _, most, *_ in rows}
        gaps: dict[str, list[int]] = {}
        for place, item, quantity, *_ in rows:
            if quantity < targets[place]:
                gaps.setdefault(item, []).append(targets[place] - quantity)
        for item, wanted in gaps.items():
            for _ in wanted:
                if not await self._refill_hungriest(targets, item, max(wanted)):
                    break

    def _target(self, action: Refill, place: str, most: int) -> int:
        return self._pockets[place].start if action.opening and place in self._pockets else most

    async def _refill_hungriest(self, targets: Mapping[str, int], item: str, quantity: int) -> bool:
        """Fill the pocket that the controller chooses; False when there is nothing more to do for the item."""
        missing = 0

        def move(place: str, held: int) -> int | None:
            nonlocal missing
            missing = targets[place] - held
            return -min(missing, quantity) if missing > 0 else None

        args = {"item": item, "quantity": quantity, "lot": None, "expiry": None}
        outcome = await self.hands.access("refill", args, move)
        self.tally.note(outcome.code)
        return not outcome.code and missing > 0

    async def _mishap(self, action: Mishap) -> None:
        stories: dict[str, Callable[[int], Awaitable[None]]] = {
            "left_open": self._leave_open,
            "forced": self._force,
            "jammed": self._jam,
        }
        await stories[action.what](action.drawer)

    async def _leave_open(self, drawer: int) -> None:
        await self._count_in(drawer, AJAR_S)

    async def _force(self, drawer: int) -> None:
        self.hands.cabinet.pull(drawer, force=True)
        await self.hands.pause(5, 10)
        self.hands.cabinet.push(drawer)
        await self.hands.pause(1, 2)

    async def _jam(self, drawer: int) -> None:
        self.hands.cabinet.jam(drawer)
        await self._count_in(drawer)
        self.hands.cabinet.jam(drawer, jammed=False)
        await self.hands.pause(1, 2)

    async def _count_in(self, drawer: int, wait_s: float = 0) -> None:
        places = [pocket.place for pocket in self._pockets.values() if pocket.drawer == drawer]
        if places:
            outcome = await self.hands.count(places[0], wait_s)
            self.tally.note(outcome.code)
