"""What people ask of the station, through kiosk page and panel socket: each answer waits here until it has come."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from agent.actions import Action, Reply
from agent.controller import Controller
from agent.downlink import Downlink
from agent.outbox import Outbox
from agent.transport import Transport
from agent.view import View
from firmware.journal import chain
from firmware.wire import cbor

INFO_WAIT_S = 3.0
INVENTORY_WAIT_S = 10.0
ENTRIES_AT_ONCE = 100


class Desk:
    """The station behind `agent.panel`; `run` carries out the actions of the cores."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts it stands before
        self,
        view: View,
        outbox: Outbox,
        controller: Controller,
        downlink: Downlink,
        run: Callable[[Iterable[Action]], None],
        transport: Transport,
    ) -> None:
        self.view = view
        self._now = transport.now
        self._outbox, self._controller, self._downlink, self._run = outbox, controller, downlink, run
        self._replies: dict[int, list[Callable[[Reply], None]]] = {}
        self._info_waiters: list[asyncio.Future[bool]] = []
        self._inventory_waiters: list[asyncio.Future[bool]] = []

    async def ask(self, kind: int, args: list[Any], rid: int | None) -> Reply:
        """Put a request to the controller; the reply comes within its limit, with code 4001 at worst."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.put(kind, args, rid, lambda reply: None if future.done() else future.set_result(reply))
        return await future

    def put(self, kind: int, args: list[Any], rid: int | None, then: Callable[[Reply], None]) -> None:
        """As `ask`, for who does not wait: `then` is called with the reply."""
        number, actions = self._controller.request(kind, args, self._now(), rid)
        self._replies.setdefault(number, []).append(then)
        self._run(actions)

    async def fresh_inventory(self) -> bool:
        """Read the inventory anew; False if the controller does not answer."""
        return await self._wait(self._inventory_waiters, self._controller.ask_inventory, INVENTORY_WAIT_S)

    def entries(self, after: int) -> list[list[Any]]:
        """Fields of the entries after this one (docs/journal.md section 2), bytes in hex; at most 100."""
        pages = self._outbox.pages(max(after + 1, self._outbox.first()), ENTRIES_AT_ONCE)
        return [_plain(cbor.decode(chain.parse_page(page)[0])) for page in pages]

    async def fresh_status(self) -> dict[str, Any]:
        """`status` of docs/interfaces.md, with the controller's counters asked for anew."""
        link = await self._wait(self._info_waiters, self._controller.ping, INFO_WAIT_S)
        stands, info, heard = self._outbox.log(), self._controller.info, self.view.centre_at
        names = {t: v for t, v in self._downlink.directory.items() if t not in self._downlink.applied}
        return {
            "entries": stands.entries,
            "removals": stands.removals,
            "depth": max(0, stands.seq - stands.answered),
            "answered": stands.answered,
            "tables": {**names, **self._downlink.applied},
            "journal": {"entries": info.entries if info else 0, "removals": info.removals if info else 0},
            "centre_age_ms": None if heard is None else int((self._now() - heard) * 1000),
            "link": link,
            "frames_dropped": {"agent": self.view.frames_dropped, "controller": info.frames_dropped if info else 0},
        }

    def replied(self, reply: Reply) -> None:
        """The controller's reply, to all who asked under its number."""
        for then in self._replies.pop(reply.rid, []):
            then(reply)

    def informed(self) -> None:
        """INFO has come."""
        _settle(self._info_waiters)

    def inventory_read(self) -> None:
        """The inventory in the view is new."""
        _settle(self._inventory_waiters)

    async def _wait(
        self, waiters: list[asyncio.Future[bool]], start: Callable[[float], Iterable[Action]], limit_s: float
    ) -> bool:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiters.append(future)
        self._run(start(self._now()))
        try:
            async with asyncio.timeout(limit_s):
                return await future
        except TimeoutError:
            waiters.remove(future)
            return False


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _settle(waiters: list[asyncio.Future[bool]]) -> None:
    for future in waiters:
        if not future.done():
            future.set_result(True)
    waiters.clear()
