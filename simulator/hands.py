"""One person's hands at one cabinet: an access from request to closed drawer, and what she does when it breaks off.

The rule after an interruption: what is in hand goes back into the pocket, drawers are closed, pockets that must be
counted are counted, and then she tries again unless the journal already has what she did. What a refusal asks for (a
witness, a scan, a reason, an answer) she does, and asks again.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from firmware import codes
from firmware.journal import kinds
from simulator.cabinet.cabinet import Cabinet
from simulator.clock import Life
from simulator.errors import RunFailed
from simulator.panel import Panel, Rebooted, Reply
from simulator.plan import Person
from simulator.reach import Reach, lies_in_bin, spot_of
from simulator.tally import Tally

TRIES = 20
JOURNAL_ROOM_S = 120.0
ASKED_AGAIN = 6
MISCOUNTS, SCANNER_FAILS = 0.02, 0.04
# what the quantity of a confirmation is of: what was in the pocket
COUNTS = ("count", "recover", "unload")
COUNTED_FIRST = ("remove", "return", "refill")
LABELLED = ("refill", "load", "return")
BYPASS_ITEM, SCANNER = 1, 3
Move = Callable[[str, int], int | None]
# code of a refusal -> arguments that answer it
Answers = Mapping[int, Mapping[str, Any]]


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
    """Where a person stands, and her life there: who could be her witness, smallest units to one unit by place, and
    what looks after each access (`look`)."""

    life: Life
    panel: Panel
    cabinet: Cabinet
    colleagues: Sequence[Person] = ()
    units: Mapping[str, int] = field(default_factory=dict)
    look: Callable[[], None] = lambda: None


class Hands:
    """A person at the `panel` and `cabinet` of one station; everything she draws comes from `seed`."""

    def __init__(self, person: Person, place: Place, tally: Tally, seed: str) -> None:
        self.person, self.tally = person, tally
        self.place = place
        self.life, self.panel, self.cabinet = place.life, place.panel, place.cabinet
        self._rng = random.Random(seed)
        self._reach = Reach(place.cabinet)
        self._txn, self._at = 0, ""

    def of(self, other: Person) -> "Hands":
        """Somebody else at the same cabinet."""
        return Hands(other, self.place, self.tally, f"{self._rng.random()}")

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

    async def access(
        self, do: str, args: Mapping[str, Any], move: Move, wait_s: float = 0, answers: Answers | None = None
    ) -> Outcome:
        """One access. `move(place, quantity in pocket)` says how much leaves the pocket (negative: goes in) once the
        drawer is open, or None to cancel; the drawer stays open for `wait_s` more after the confirmation. Refusals for
        which there are `answers` are answered; others come back as the code and params."""
        given, asked = dict(args), Counter[int]()
        for _ in range(TRIES):
            self._txn = 0
            try:
                outcome = await self._access_once(do, given, move, wait_s)
                asked[outcome.code] += 1
                if asked[outcome.code] < ASKED_AGAIN and await self._answer(outcome.code, given, answers or {}):
                    continue
                if not await self._may_pass(outcome.code):
                    self.place.look()
                    return outcome
            except Rebooted as reboot:
                done = self._journaled(do, reboot.state)
                await self.recover()
                if done:
                    return done
        raise GaveUp(f"{self.life.place}: {do} {args} did not come about in {TRIES} tries")

    async def note(self, do: str, args: Mapping[str, Any], kind: int) -> int:
        """A request without an access (waste), done exactly once; its code."""
        given, asked = dict(args), 0
        for _ in range(TRIES):
            before = (await self.panel.look()).state.get("last") or {}
            try:
                reply = await self.panel.act(do, **given)
                asked += 1
                if asked < ASKED_AGAIN and await self._answer(reply.code, given, {}):
                    continue
                if not await self._may_pass(reply.code):
                    return reply.code
            except Rebooted as reboot:
                last = reboot.state.get("last") or {}
                await self.recover()
                if last.get("kind") == kind and last.get("txn") != before.get("txn"):
                    return 0
        raise GaveUp(f"{self.life.place}: {do} {args} did not come about in {TRIES} tries")

    async def tell(self, do: str, **args: Any) -> int:
        """A request that may be made twice (a place fails, a user is let in); its code."""
        for _ in range(TRIES):
            try:
                reply = await self.panel.act(do, **args)
                if not await self._may_pass(reply.code):
                    return reply.code
            except Rebooted:
                await self.recover()
        raise GaveUp(f"{self.life.place}: {do} {args} did not come about in {TRIES} tries")

    async def choose_pin(self, pin: str) -> int:
        """The first sign-on of somebody who was let in: she takes a PIN of her own; the code (0 = signed on)."""
        for _ in range(TRIES):
            try:
                code = await self._badge_and_pin()
                if code == codes.WRONG_PIN or (not code and self.person.pin == pin):
                    # the controller went down just after it had taken the new one
                    self.person = replace(self.person, pin=pin)
                    return await self._badge_and_pin() if code else 0
                code = code or (await self.panel.act("change_pin", old=self.person.pin, new=pin)).code
                self.person = replace(self.person, pin=self.person.pin if code else pin)
                return code
            except Rebooted:
                continue
        raise GaveUp(f"{self.life.place}: {self.person.user} got no PIN of her own")

    async def _answer(self, code: int, args: dict[str, Any], answers: Answers) -> bool:
        """Do what a refusal asks for; whether it is worth asking again."""
        if code == codes.WITNESS_NEEDED:
            return await self._ask_witness()
        if code == codes.SCAN_NEEDED and self._rng.random() < SCANNER_FAILS:
            reply = await self.panel.act("bypass", what=BYPASS_ITEM, reason=SCANNER, item=args["item"])
            return not reply.code
        args.update(answers.get(code, {}))
        return code in answers

    async def _ask_witness(self) -> bool:
        """A colleague enters badge and PIN for the next step."""
        colleagues = [person for person in self.place.colleagues if person.user != self.person.user]
        for colleague in self._rng.sample(colleagues, len(colleagues)):
            reply = await self.panel.act("witness", badge=colleague.badge, pin=colleague.pin)
            if not reply.code:
                return True
        return False

    async def open_up(self, drawer: int) -> bool:
        """Pull a drawer that something else than the panel has released; False if it does not come."""
        await self.pause(1, 2)
        pulled = await self._pull(drawer)
        self._reach.settle()
        return pulled

    @property
    def owed_spot(self) -> str:
        """Where something lies without a word of its confirmation, "" if nowhere."""
        return self._reach.owed_spot

    async def put_in(self, place: str, quantity: int) -> None:
        """Put something into an open pocket; it is owed until `confirmed`."""
        self._reach.move(place, -quantity)
        await self.pause(1, 2)

    def confirmed(self, done: bool) -> None:
        """What was put in is confirmed, or it is taken out again."""
        if done:
            self._reach.forget()
        else:
            self._reach.settle()

    async def shut(self, drawer: int) -> None:
        """Push a drawer in."""
        await self.pause(1, 2)
        self.cabinet.push(drawer)
        await self.pause(0.5, 1)

    async def count(self, place: str, wait_s: float = 0) -> Outcome:
        """Count a pocket and say what is truly in it."""
        return await self.access("count", {"place": place}, leave_all, wait_s)

    async def count_owed(self) -> None:
        """Count whatever the cabinet wants counted."""
        for place in (await self.panel.look()).state.get("must_count", ()):
            await self.count(place)

    async def recover(self) -> None:
        """After an interruption: put back, close, sign on, count what must be counted. Repeats if interrupted again."""
        self.tally.reboots += 1
        for _ in range(TRIES):
            try:
                self._reach.close_up()
                await self.pause(1, 3)
                await self._badge_and_pin()
                state = (await self.panel.look()).state
                owed = self._reach.owed_spot
                for place in {*state.get("must_count", ()), *([owed] if owed and not lies_in_bin(owed) else ())}:
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

    async def _access_once(self, do: str, args: Mapping[str, Any], move: Move, wait_s: float = 0) -> Outcome:
        reply = await self.panel.act(do, **args)
        if reply.code:
            return Outcome(reply.code, params=tuple(reply.params))
        self._txn, self._at, drawer, _, _, mode = reply.params
        await self.pause(1, 2)
        flap = do == "return" and not args["to"]
        if not await (self._lift(self._at) if flap else self._pull(drawer)):
            return await self._cancel(codes.DRAWER_FAILED)
        self._reach.settle()
        if do == "empty_bin":
            outcome = await self._empty(self._at)
        else:
            outcome = await self._at_pocket(do, args, move, mode)
        await self.pause(1 + wait_s, 2 + wait_s)
        if flap:
            self.cabinet.lower(self._at)
        else:
            self.cabinet.push(drawer)
        await self.pause(0.5, 1)
        return outcome

    async def _at_pocket(self, do: str, args: Mapping[str, Any], move: Move, mode: int) -> Outcome:
        place = self._at
        spot = spot_of(place, args["item"]) if do == "return" and not args["to"] else place
        held = self.cabinet.contents[spot]
        amount = move(place, held)
        if amount is None:
            return await self._cancel(0)
        amount = min(amount, held)
        await self.pause(1, 3)
        if amount:
            self._reach.move(spot, amount)
            await self.pause(1, 2)
        told = {"label": place} if do in LABELLED and spot == place else {}
        quantity = held if do in COUNTS else abs(amount)
        return await self._confirm({"quantity": quantity, **told}, held if mode and do in COUNTED_FIRST else None)

    async def _confirm(self, said: dict[str, Any], held: int | None) -> Outcome:
        """Say what was moved, and what was `held` before if it is counted: who is asked again counts again, rightly."""
        if held is not None:
            said["counted"] = self._miscounted(held)
        reply = await self.panel.act("confirm", **said)
        if reply.code == codes.COUNT_AGAIN:
            await self.pause(2, 5)
            reply = await self.panel.act("confirm", **{**said, "counted": held} if held is not None else said)
        if reply.code:
            self._reach.settle()
            await self._cancel(reply.code)
            return Outcome(reply.code)
        self._reach.forget()
        return Outcome(0, self._txn, self._at, said["quantity"])

    def _miscounted(self, held: int) -> int:
        return held + self.place.units.get(self._at, 1) if self._rng.random() < MISCOUNTS else held

    async def _empty(self, place: str) -> Outcome:
        """Take all out of the return bin, counting it item by item."""
        await self.pause(5, 15)
        counted: list[list[Any]] = self._reach.found(place)
        reply = await self.panel.act("confirm_bin", counted=counted)
        while reply.code == codes.COUNT_NEEDED:
            counted.append([reply.params[0], 0])
            reply = await self.panel.act("confirm_bin", counted=counted)
        if reply.code:
            await self._cancel(reply.code)
            return Outcome(reply.code)
        self._reach.take_all(place)
        return Outcome(0, self._txn, place, sum(int(n) for _, n in counted))

    async def _pull(self, drawer: int) -> bool:
        for _ in range(3):
            if not self.cabinet.drawers[drawer].latched or not self.cabinet.drawers[drawer].closed:
                self.cabinet.pull(drawer)
                return True
            await self.pause(0.5, 1)
        return False

    async def _lift(self, place: str) -> bool:
        """The return bin's flap."""
        for _ in range(3):
            if self.cabinet.driven(place):
                self.cabinet.lift(place)
                return True
            await self.pause(0.5, 1)
        return False

    async def _cancel(self, code: int) -> Outcome:
        await self.panel.act("cancel")
        return Outcome(code)

    def _journaled(self, do: str, state: dict[str, Any]) -> Outcome | None:
        """The outcome of the access under way if the journal has it after a restart."""
        last = state.get("last") or {}
        if not self._txn or last.get("txn") != self._txn or last.get("kind") not in kinds.OUTCOMES:
            return None
        if last["kind"] in (kinds.CANCELLED, kinds.INTERRUPTED):
            return None
        self._reach.forget()
        if do == "empty_bin":
            self._reach.take_all(self._at)
        return Outcome(0, self._txn, self._at, last["quantity"])

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
