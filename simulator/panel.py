"""A user's hand on a kiosk's touch panel: the panel socket of docs/interfaces.md, patient and repeatable."""

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

from firmware import codes
from simulator.errors import RunFailed

PATIENCE_S = 90.0
FIRST_OWN_RID = 1 << 30


class Rebooted(Exception):
    """The controller restarted meanwhile: what was under way is interrupted; `state` says what was journaled."""

    def __init__(self, state: dict[str, Any]) -> None:
        super().__init__("the controller restarted")
        self.state = state


class NoAnswer(RunFailed):
    """The panel stayed away for longer than anyone waits."""


class Reply:
    """`code` (0 is done), its `params` and the `state` after it."""

    __slots__ = ("code", "params", "state")

    def __init__(self, message: dict[str, Any]) -> None:
        self.code: int = message["code"]
        self.params: list[Any] = message.get("params") or []
        self.state: dict[str, Any] = message.get("state") or {}


class Panel:
    """One connection to one agent's panel; it comes back by itself when agent, link or controller return."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._ids = itertools.count(1)
        self._rids = itertools.count(FIRST_OWN_RID)
        self._lock = asyncio.Lock()
        self.boot: int | None = None

    async def act(self, do: str, **args: Any) -> Reply:
        """A request to the controller, repeated under one request id until it is answered.

        Raises Rebooted if the controller restarted since the last answer (the request may or may not have been done),
        NoAnswer when nothing answers for PATIENCE_S.
        """
        reply = await self._until_answered({"do": do, "args": args, "rid": next(self._rids)})
        self.boot = reply.state.get("boot", self.boot)
        return reply

    async def look(self) -> Reply:
        """The controller's state now, whatever happened to it."""
        reply = await self._until_answered({"do": "state", "args": {}}, accept_reboot=True)
        self.boot = reply.state.get("boot", self.boot)
        return reply

    async def ask(self, do: str, **args: Any) -> Reply:
        """A request that the agent answers itself (`inventory`, `status`, `advance`)."""
        return await self._until_answered({"do": do, "args": args}, accept_reboot=True)

    async def close(self) -> None:
        """Hang up."""
        streams, self._streams = self._streams, None
        if streams:
            streams[1].close()

    async def _until_answered(self, request: dict[str, Any], accept_reboot: bool = False) -> Reply:
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        delays = itertools.chain((0.02, 0.05, 0.1), itertools.repeat(0.2))
        while True:
            reply = await self._once(request)
            if reply is not None and reply.code != codes.LINK_DOWN:
                if not accept_reboot and self.boot is not None and reply.state.get("boot", self.boot) != self.boot:
                    self.boot = reply.state["boot"]
                    raise Rebooted(reply.state)
                return reply
            if asyncio.get_running_loop().time() > deadline:
                raise NoAnswer(f"no answer on {self._path} to {request['do']} for {PATIENCE_S:.0f} s")
            await asyncio.sleep(next(delays))
            if not accept_reboot:
                await self._check_boot()

    async def _check_boot(self) -> None:
        """Before a repetition: a controller that has restarted must not be given the request again."""
        reply = await self._once({"do": "state", "args": {}})
        if reply is None or reply.code:
            return
        boot = reply.state.get("boot")
        if self.boot is not None and boot != self.boot:
            self.boot = boot
            raise Rebooted(reply.state)

    async def _once(self, request: dict[str, Any]) -> Reply | None:
        async with self._lock:
            try:
                reader, writer = self._streams = self._streams or await asyncio.open_unix_connection(
                    str(self._path), limit=1 << 20
                )
                number = next(self._ids)
                writer.write(json.dumps({**request, "id": number}).encode() + b"\n")
                while True:
                    message = json.loads(await reader.readline())
                    if message.get("id") == number:
                        return Reply(message)
            except (OSError, ValueError):
                await self.close()
                return None
