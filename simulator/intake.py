"""The centre's intake socket (docs/interfaces.md), as a patient client."""

import asyncio
import json
from pathlib import Path
from typing import Any

from simulator.errors import RunFailed

PATIENCE_S = 90.0


class IntakeRefused(RunFailed):
    """The centre answered with an error, or not at all; the message says which."""


class Intake:
    """One connection; a request is repeated until it is answered (all of them are idempotent)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._lock = asyncio.Lock()

    async def ask(self, do: str, **args: Any) -> dict[str, Any]:
        """The reply to one request; IntakeRefused if it is an error or none comes within PATIENCE_S."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            reply = await self._once({"do": do, "args": args})
            if reply is not None:
                break
            if asyncio.get_running_loop().time() > deadline:
                raise IntakeRefused(f"no answer on {self._path} to {do} for {PATIENCE_S:.0f} s")
            await asyncio.sleep(0.1)
        if reply.get("code"):
            raise IntakeRefused(f"the centre refuses {do}: {reply}")
        return reply

    async def close(self) -> None:
        """Hang up."""
        streams, self._streams = self._streams, None
        if streams:
            streams[1].close()

    async def _once(self, request: dict[str, Any]) -> dict[str, Any] | None:
        async with self._lock:
            try:
                self._streams = self._streams or await asyncio.open_unix_connection(str(self._path), limit=1 << 24)
                reader, writer = self._streams
                writer.write(json.dumps(request).encode() + b"\n")
                reply: dict[str, Any] = json.loads(await reader.readline())
                return reply
            except (OSError, ValueError):
                await self.close()
                return None
