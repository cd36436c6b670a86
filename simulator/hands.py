"""One person's hands at one cabinet: an access from request to closed drawer, and what she does when it breaks off.

The rule after an interruption: what is in hand goes back into the pocket, drawers are closed, pockets that must be
counted are counted, and then she tries again unless the journal already has what she did.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firmware import codes
from firmware.journal import kinds
from simulator.cabinet.cabinet import Cabinet, drawer_of
from simulator.clock import Life
from simulator.errors import RunFailed
from simulator.panel import Panel, Rebooted, Reply
from simulator.plan import Person
from simulator.tally import Tally

TRIES = 20
JOURNAL_ROOM_S = 120.0
Move = Callable[[str, int], int | None]


def leave_all(_place: str, _held: int) -> int:
    """A count moves nothing."""
    return 0


class GaveUp(RunFailed):
    """A person tried again and again; the message says what at which station."""


@dataclass(frozen=True)
class Outcome:
    """How an access ended: `code` 0 with its transaction, place and confirmed quantity, or why not."""

    code: int
    txn: int = 0
    place: str = ""
    quantity: int = 0
    params: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a person stands, and her life there."""

    life: Life
    panel: Panel
    cabinet: Cabinet


class Hands:
    """A person at the `panel` and `cabinet` of one station; everything she draws comes from `seed`."""

    def __init__(self, person: Person, place: Place, tally: Tally, seed: str) -> None:
        self.person, self.tally = person, tally
        self.life, self.panel, self.cabinet = place.life, place.panel, place.cabinet
        self._rng = random.Random(seed)
        self._owed: tuple[str, int] | None = None
        self._txn = 0

    async def pause(self, least_s: float, most_s: float) -> None:
        """Let a drawn number of seconds of hospital time pass."""
        await self.life.sleep(int(1000 * self._rng.uniform(least_s, most_s)))

    async def sign_on(self) -> int:
        """Badge and PIN; the code (0 = signed on). Pockets left uncounted by others are counted first."""
        state = (await self.panel.look()).state
        code = await self._badge_and_pin()
        if not code and state.get("must_count"):
            await self.recover()
        return code

    async def sign_off(self) -> None:
        """Leave; a restart of the controller meanwhile has signed her off as well."""
        try:
            await self.panel.act("sign_off")
        except Rebooted:
            await self.recover()

    async def access(self, do: str, args: dict[str, Any], move: Move, wait_s: float = 0) -> Outcome:
        """One access. `move(place, quantity in pocket)` says how much leaves the pocket (negative: goes in) once the
        drawer is open, or None to cancel; the drawer stays open for `wait_s` more after the confirmation. Refusals
        come back as the code and params."""
        for _ in range(TRIES):
            self._txn = 0
            try:
                outcome = await self._access_once(do, args, move, wait_s)
                if not await self._may_pass(outcome.code):
                    return outcome
            except Rebooted as reboot:
                done = self._journaled(reboot.state)
                await self.recover()
                if done:
                    return done
        raise GaveUp(f"{self.life.place}: {do} {args} did not come about in {TRIES} tries")

    async def note(self, do: str, args: dict[str, Any], kind: int) -> int:
        """A request without an access (waste), done exactly once; its code."""
        for _ in range(TRIES):
            before = (await self.panel.look()).state.get("last") or {}
            try:
                reply = await self.panel.act(do, **args)
                if not await self._may_pass(reply.code):
                    return reply.code
            except Rebooted as reboot:
                last = reboot.state.get("last") or {}
                await self.recover()
                if last.get("kind") == kind and last.get("txn") != before.get("txn"):
                    return 0
        raise GaveUp(f"{self.life.place}: {do} {args} did not come about in {TRIES} tries")

    async def ask_witness(self, colleague: Person) -> None:
        """A colleague enters badge and PIN for the next step; a power cut meanwhile is the asker's to clear up."""
        try:
            await self.panel.act("witness", badge=colleague.badge, pin=colleague.pin)
        except Rebooted:
            await self.recover()

    async def count(self, place: str, wait_s: float = 0) -> Outcome:
        """Count a pocket and say what is truly in it."""
        return await self.access("count", {"place": place}, leave_all, wait_s)

    async def recover(self) -> None:
        """After an interruption: put back, close, sign on, count what must be counted. Repeats if interrupted again."""
        self.tally.reboots += 1
        for _ in range(TRIES):
            try:
                self._close_up()
                await self.pause(1, 3)
                await self._badge_and_pin()
                state = (await self.panel.look()).state
                for place in {*state.get("must_count", ()), *([self._owed[0]] if self._owed else ())}:
                    await self._access_once("count", {"place": place}, leave_all)
                return
            except Rebooted:
                continue
        raise GaveUp(f"{self.life.place}: no recovery in {TRIES} tries")

    async def _badge_and_pin(self) -> int:
        for _ in range(TRIES):
            try:
                reply = await self.panel.act("sign_on", badge=self.person.badge, pin=self.person.pin)
            except Rebooted:
                continue
            if reply.code not in (codes.BUSY, codes.NOT_READY) and not await self._wait_for_room(reply.code):
                return reply.code
            await self.pause(1, 2)
        raise GaveUp(f"{self.life.place}: {self.person.user} cannot sign on")

    async def _access_once(self, do: str, args: dict[str, Any], move: Move, wait_s: float = 0) -> Outcome:
        reply = await self.panel.act(do, **args)
        if reply.code:
            return Outcome(reply.code, params=tuple(reply.params))
        self._txn, place, drawer, _, held = reply.params[:5]
        await self.pause(1, 2)
        if not await self._pull(drawer):
            return await self._cancel(codes.DRAWER_FAILED)
        self._settle_debt()
        amount = move(place, held)
        if amount is None:
            outcome = await self._cancel(0)
        else:
            outcome = await self._move_and_confirm(do, place, amount)
        await self.pause(1 + wait_s, 2 + wait_s)
        self.cabinet.push(drawer)
        await self.pause(0.5, 1)
        return outcome

    async def _move_and_confirm(self, do: str, place: str, amount: int) -> Outcome:
        await self.pause(1, 3)
        if amount:
            self.cabinet.put(place, -amount)
            self._owed = (place, amount)
            await self.pause(1, 2)
        quantity = self.cabinet.contents[place] if do == "count" else abs(amount)
        reply = await self.panel.act("confirm", quantity=quantity)
        if reply.code:
            self._settle_debt()
            await self._cancel(reply.code)
            return Outcome(reply.code)
        self._owed = None
        return Outcome(0, self._txn, place, quantity)

    async def _pull(self, drawer: int) -> bool:
        for _ in range(3):
            if not self.cabinet.drawers[drawer].latched or not self.cabinet.drawers[drawer].closed:
                self.cabinet.pull(drawer)
                return True
            await self.pause(0.5, 1)
        return False

    async def _cancel(self, code: int) -> Outcome:
        await self.panel.act("cancel")
        return Outcome(code)

    def _settle_debt(self) -> None:
        """Undo by hand what was moved without being confirmed, if that drawer is open."""
        if self._owed and not self.cabinet.drawers[drawer_of(self._owed[0])].closed:
            self.cabinet.put(*self._owed)
            self._owed = None

    def _close_up(self) -> None:
        self._settle_debt()
        for number, drawer in self.cabinet.drawers.items():
            if not drawer.closed:
                self.cabinet.push(number)

    def _journaled(self, state: dict[str, Any]) -> Outcome | None:
        """The outcome of the access under way if the journal has it after a restart."""
        last = state.get("last") or {}
        if not self._txn or last.get("txn") != self._txn or last.get("kind") not in kinds.OUTCOMES:
            return None
        if last["kind"] in (kinds.CANCELLED, kinds.INTERRUPTED):
            return None
        place, self._owed = self._owed[0] if self._owed else "", None
        return Outcome(0, self._txn, place, last["quantity"])

    async def _may_pass(self, code: int) -> bool:
        """Whether a refusal may have gone on a second try, after doing what it takes."""
        if code == codes.NOT_SIGNED_ON:
            return not await self._badge_and_pin()
        if code == codes.MUST_COUNT:
            await self.recover()
            return True
        return await self._wait_for_room(code)

    async def _wait_for_room(self, code: int) -> bool:
        """With a full journal: wait (real time) for the centre to answer; True if it is worth trying again."""
        if code != codes.JOURNAL_FULL:
            return False
        deadline = asyncio.get_running_loop().time() + JOURNAL_ROOM_S
        while asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.1)
            if await self._depth() == 0:
                return True
        return False

    async def _depth(self) -> int:
        reply: Reply = await self.panel.ask("status")
        return int(reply.params[0]["depth"]) if reply.params else -1
