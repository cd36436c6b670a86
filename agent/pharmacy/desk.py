"""What people ask of the running cradles: `run/STATION.cradle.sock` (docs/interfaces.md), JSON lines as at the panel
socket, and the commands that use it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from agent.panel import Outcome
from agent.pharmacy.book import Book
from agent.view import View
from firmware import codes
from firmware.cradle import addresses
from firmware.cradle.book import ASSIGNED
from firmware.schema import is_id


class CradleDesk:
    """`clear(address, actor)` takes an address back and gives a code; `read` reads a snapshot now."""

    def __init__(
        self,
        book: Book,
        view: View,
        clear: Callable[[str, str], Awaitable[int]],
        read: Callable[[], Awaitable[Outcome]],
    ) -> None:
        self._book, self.view, self._clear, self._read = book, view, clear, read

    async def do(self, name: str, args: dict[str, Any] | None = None, rid: int | None = None) -> Outcome:
        """Carry out one request; a bad one comes back as code 4002 with what is wrong."""
        args = args or {}
        if name == "units":
            return Outcome(codes.NONE, self.units())
        if name == "troubles":
            return Outcome(codes.NONE, [list(one) for one in self.view.troubles.items()])
        if name == "snapshot":
            return await self._read()
        address, actor = args.get("address"), args.get("actor")
        if name != "clear" or not addresses.is_address(address) or not is_id(actor):
            return Outcome(codes.BAD_PANEL_REQUEST, ["units, troubles, snapshot, or clear with address and actor"])
        return Outcome(await self._clear(str(address), str(actor)), [])

    def units(self) -> list[dict[str, Any]]:
        """Each unit that has an address, in the order in which they were given, with how its last session went."""
        given = []
        for address, state, _, _, seen in self._book.addresses.rows():
            if state == ASSIGNED:
                status = self._book.addresses.status(address)
                given.append(
                    {
                        "address": address,
                        "seen": seen,
                        "sessions": status.sessions,
                        "trouble": status.trouble,
                        "waiting": len(status.waiting),
                        "labels": self._book.count(address),
                    }
                )
        return given


async def ask(socket: Path, name: str, args: dict[str, Any]) -> Outcome:
    """One request to the running cradles; ConnectionError or FileNotFoundError if they do not run."""
    reader, writer = await asyncio.open_unix_connection(str(socket), limit=1 << 24)
    try:
        writer.write(json.dumps({"id": 1, "do": name, "args": args}).encode() + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line:
            raise ConnectionResetError("the cradles' process went away")
        reply = json.loads(line)
        return Outcome(reply["code"], reply["params"])
    finally:
        writer.close()
