"""Nurses and technicians: one visit to one cabinet, action by action."""

from collections.abc import Awaitable, Callable
from typing import Any

from firmware import codes, flags
from firmware.journal import kinds
from simulator.hands import Answers, Hands, Outcome
from simulator.pharmacy import Pharmacy
from simulator.plan import (
    Action,
    AddPatient,
    Count,
    EmptyBin,
    Item,
    LetIn,
    Mishap,
    Outdates,
    Refill,
    Remove,
    Return,
    StationPlan,
    Theft,
    Visit,
)
from simulator.tally import REFUSED, STOCK_OUT, Taken, Tally
from simulator.trouble import Trouble

# there is none of it to be had, whatever the cause
_NONE_LEFT = (codes.NOT_ENOUGH, codes.NO_POCKET, codes.EXPIRED_DRUG)
PARTIAL_DOSE = 1
TO_BIN, TO_POCKET = 0, 1
ALL_CLASSES = (1 << 32) - 1


class Visitor:
    """Someone who works one visit with her hands. `items` are those of the formulary, `cut_power` takes the mains away
    from this cabinet."""

    def __init__(
        self,
        hands: Hands,
        station: StationPlan,
        tally: Tally,
        items: dict[str, Item],
        cut_power: Callable[[], object] = lambda: None,
    ) -> None:
        self.hands, self.station, self.tally, self.items = hands, station, tally, items
        self._cut_power = cut_power
        pharmacy, trouble = Pharmacy(hands, station, tally, items), Trouble(hands, station, tally, items, cut_power)
        self._stories: dict[type, Callable[[Any], Awaitable[None]]] = {
            Remove: self._remove,
            Return: self._return,
            AddPatient: self._add_patient,
            Refill: pharmacy.refill,
            Outdates: pharmacy.take_outdates,
            EmptyBin: pharmacy.empty_bin,
            Count: trouble.count,
            Theft: trouble.steal,
            Mishap: trouble.mishap,
        }

    async def work(self, visit: Visit) -> None:
        """Sign on, do each action, sign off."""
        code = await self.hands.sign_on()
        await self._do_all(visit.actions, code)

    async def begin(self, own_pin: str, actions: tuple[Action, ...]) -> None:
        """The first visit of somebody who was let in: she chooses a PIN first."""
        await self._do_all(actions, await self.hands.choose_pin(own_pin))

    async def _do_all(self, actions: tuple[Action | LetIn, ...], code: int) -> None:
        for action in actions:
            if code:
                self._count_refused(action, code)
                continue
            await self.hands.pause(1, 3)
            if isinstance(action, LetIn):
                await self._let_in(action)
                return
            await self._stories[type(action)](action)
        if not code:
            await self.hands.sign_off()

    def _count_refused(self, action: Action | LetIn, code: int) -> None:
        self.tally.note(code)
        if isinstance(action, Remove):
            self._note_fate(action, REFUSED)

    def _note_fate(self, action: Remove, fate: str) -> None:
        if action.record:
            self.tally.fates[fate] += 1

    async def _let_in(self, action: LetIn) -> None:
        guest = action.guest
        row = {"badge": guest.badge, "user": guest.user, "roles": guest.roles, "classes": ALL_CLASSES}
        self.tally.note(await self.hands.tell("grant", **row, hours=action.hours, pin=guest.pin))
        await self.hands.sign_off()
        visitor = Visitor(self.hands.of(guest), self.station, self.tally, self.items, self._cut_power)
        await visitor.begin(action.own_pin, action.actions)

    async def _add_patient(self, action: AddPatient) -> None:
        self.tally.note(await self.hands.tell("add_patient", patient=action.patient, hours=action.hours))

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
            if outcome.quantity:
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
            self.tally.seeded.setdefault(self.station.station, []).append(taken)
        return taken

    async def _remove_from_one_pocket(self, action: Remove, quantity: int) -> Outcome:
        args = {
            "patient": action.patient,
            "order": action.order,
            "item": action.item,
            "quantity": quantity,
            "administration_utc_ms": action.administration_utc_ms,
            "code": None,
            "kit": action.kit,
        }
        answers: Answers = {
            codes.NO_ORDER: {"override": action.reason},
            codes.PROMPT_NEEDED: {"answer": 1},
            codes.SCAN_NEEDED: {"code": self._code(action.item)},
        }
        return await self.hands.access(
            "remove", args, lambda place, held: None if action.cancel else quantity, answers=answers
        )

    def _code(self, item: str) -> str | None:
        return (self.items[item].code or None) if item in self.items else None

    def _refusal(self, outcome: Outcome) -> str:
        self.tally.note(outcome.code)
        if outcome.code not in _NONE_LEFT:
            return REFUSED
        self.tally.stockouts += 1
        return STOCK_OUT

    async def _waste(self, parts: list[Taken]) -> None:
        if parts and parts[-1].action.waste:
            args = self._towards_removal(parts[-1], parts[-1].action.waste) | {"reason": PARTIAL_DOSE}
            self.tally.note(await self.hands.note("waste", args, kinds.WASTE))

    async def _return(self, action: Return) -> None:
        parts = self.tally.taken.pop(action.record, [])
        left = sum(part.quantity for part in parts) - (parts[0].action.waste if parts else 0)
        for taken in parts:
            quantity = min(taken.quantity, left)
            left -= quantity
            await self._bring_back(taken, quantity)

    async def _bring_back(self, taken: Taken, quantity: int) -> None:
        """To the return bin what may go nowhere else, and what finds no room in its pocket."""
        item = self.items.get(taken.action.item)
        only_bin = bool(self.station.bin_drawer and item and item.flags & flags.BIN_ONLY)
        code = await self._put(taken, quantity, TO_BIN if only_bin else TO_POCKET)
        if code in (codes.POCKET_FULL, codes.EXPIRED_DRUG) and self.station.bin_drawer and not only_bin:
            code = await self._put(taken, quantity, TO_BIN)
        self.tally.note(code)

    async def _put(self, taken: Taken, quantity: int, to: int) -> int:
        args = self._towards_removal(taken, quantity) | {"to": to, "code": self._code(taken.action.item)}
        return (await self.hands.access("return", args, lambda place, held: -quantity)).code

    def _towards_removal(self, taken: Taken, quantity: int) -> dict[str, Any]:
        action = taken.action
        return {
            "patient": action.patient,
            "order": action.order,
            "item": action.item,
            "quantity": quantity,
            "removed_txn": taken.txn,
        }
