"""Records of the handhelds on their way into the journal: each once, confirmed to its unit only when it is durable.

The journal is what counts. `cradle.db` follows it; when the two may differ (at start, after a reply that did not come)
nothing is judged until what the outbox has beyond it is taken in.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from agent.actions import Reply
from agent.clock import Clock, SystemClock
from agent.outbox import Outbox
from agent.pharmacy.bells import Bells
from agent.pharmacy.book import Book
from agent.pharmacy.entries import Entry, of_page
from agent.pharmacy.records import Known, Refused, Rules, judge, kept, of_refusal
from firmware import codes
from firmware.journal import kinds
from firmware.requests.record import ASSIGNED, CLEARED
from firmware.wire import messages

OURS = (kinds.PICKED, kinds.CHECKED, kinds.UNIT_ADDRESS, kinds.CRADLE_REFUSED)
LOOK_S = 0.1
# the journal will say the same the next time
_FOR_GOOD = (codes.BAD_REQUEST, codes.TOO_LONG)

JOURNAL = "record"


class Desk(Protocol):
    """What is used of `agent.desk.Desk`."""

    async def ask(self, kind: int, args: list[Any], rid: int | None) -> Reply: ...
    async def fresh_status(self) -> dict[str, Any]: ...


class Intake:
    """The one way into the journal."""

    def __init__(  # noqa: PLR0913, PLR0917
        self, book: Book, outbox: Outbox, desk: Desk, rules: Rules, bells: Bells, clock: Clock | None = None
    ) -> None:
        self._unsaid: Entry | None = None
        self._book, self._outbox, self._desk, self._rules, self._bells = book, outbox, desk, rules, bells
        self._clock = clock or SystemClock()
        self._lock = asyncio.Lock()
        self._behind = True
        self._doubted: dict[str, tuple[str, bytes]] = {}

    async def record(self, address: str, flag: str, data: bytes) -> bool:
        """Take a record of a unit; True: it may forget it. False: not now, or not like this; it sends it again."""
        async with self._lock:
            await self._ready()
            judged = judge(flag, data, address, self._book, self._rules)
            if isinstance(judged, Known):
                return True
            if isinstance(judged, Entry):
                return await self._written(judged, flag, data, address)
            return await self._refused(judged, flag, data, address)

    async def assigned(self, address: str) -> bool:
        """A unit is about to get this address (P67): it is in the list for good first, and nobody else's."""
        async with self._lock:
            await self._catch_up()
            if self._book.is_given(address):
                return False
            if await self._write(Entry(kinds.UNIT_ADDRESS, "", "", (address, ASSIGNED))) == codes.NONE:
                return True
            # nobody uses it; it is given last
            self._book.addresses.clear(address)
            return False

    async def cleared(self, address: str, actor: str) -> int:
        """Take an address back (P56): its unit has left this site. A code; 0 is done."""
        async with self._lock:
            await self._catch_up()
            if not self._book.is_given(address):
                return codes.FOREIGN_UNIT
            return await self._write(Entry(kinds.UNIT_ADDRESS, actor, "", (address, CLEARED)))

    async def begin(self, reporting: tuple[int, int]) -> None:
        """Wait until everything that the journal has is in the book; say in it what is to be reported, now or with the
        next record that it takes."""
        async with self._lock:
            self._unsaid = Entry(kinds.PICKING_RULES, "", "", reporting)
            await self._ready()

    async def _ready(self) -> None:
        await self._catch_up()
        if self._unsaid and await self._write(self._unsaid) == codes.NONE:
            self._unsaid = None

    async def _refused(self, refused: Refused, flag: str, data: bytes, address: str) -> bool:
        """What the line may have changed is asked for once more; what comes again is kept, with the reason."""
        if refused.damaged and self._doubted.get(address) != (flag, data):
            self._doubted[address] = (flag, data)
            return False
        if self._book.has_refused(address, flag, kept(data)):
            return True
        self._bells.trouble(f"record of {address}", refused.code, kept(data))
        return await self._write(of_refusal(flag, data, address, refused.code)) == codes.NONE

    async def _written(self, entry: Entry, flag: str, data: bytes, address: str) -> bool:
        code = await self._write(entry)
        if code in _FOR_GOOD:
            return await self._refused(Refused(code), flag, data, address)
        if code == codes.NONE:
            self._bells.good(f"record of {address}")
        return code == codes.NONE

    async def _write(self, entry: Entry) -> int:
        self._behind = True
        reply = await self._desk.ask(messages.RECORD, [entry.kind, entry.actor, entry.item, list(entry.ext)], None)
        if reply.code == codes.NONE:
            self._book.apply(reply.params[0], replace(entry, utc_ms=self._clock.utc_ms()))
        # without an answer it may have been written or not
        self._behind = reply.code == codes.LINK_DOWN
        if reply.code in (codes.NONE, *_FOR_GOOD):
            self._bells.good(JOURNAL)
        else:
            self._bells.trouble(JOURNAL, reply.code, "nothing can be written; the handhelds keep what they have")
        return reply.code

    async def _catch_up(self) -> None:
        while self._behind:
            status = await self._desk.fresh_status()
            if status["link"] and status["entries"] >= status["journal"]["entries"]:
                for seq, entry in sorted(self._beyond(), key=lambda one: one[0]):
                    self._book.apply(seq, entry)
                self._behind = False
            else:
                await asyncio.sleep(LOOK_S)

    def _beyond(self) -> Sequence[tuple[int, Entry]]:
        known = self._book.seq
        pages = self._outbox.newest(max(0, self._outbox.log().seq - known), OURS)
        return [(seq, entry) for seq, entry in map(of_page, pages) if seq > known]
