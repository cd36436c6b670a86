"""The panel socket: JSON lines over a Unix socket that only its owner may use (docs/interfaces.md, Panel socket)."""

import asyncio
import json
from pathlib import Path
from typing import Any, Protocol

from agent.panel import Outcome
from agent.view import View
from firmware import codes

LINE_LIMIT_BYTES = 65536
CLIENTS = 32


class Answering(Protocol):
    """What is served: `agent.panel.Panel`, and the desk of the cradles."""

    @property
    def view(self) -> View: ...

    async def do(self, name: str, args: dict[str, Any] | None = None, rid: int | None = None) -> Outcome: ...


class ControlServer:
    """Serves a panel to scripted users; requests of one connection are done in turn."""

    def __init__(self, path: Path, panel: Answering) -> None:
        self._path, self._panel = path, panel
        self._server: asyncio.Server | None = None
        self._clients = 0

    async def start(self) -> None:
        """Listen; a socket left over from a killed agent is replaced."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=LINE_LIMIT_BYTES)
        self._path.chmod(0o600)

    async def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._clients >= CLIENTS:
            writer.close()
            return
        self._clients += 1
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._reply(line)).encode() + b"\n")
                await writer.drain()
        except (ValueError, ConnectionError, asyncio.CancelledError):
            # a line over the limit, a caller that went away, or the process ends: nothing to answer, and nobody waits
            # for this task (asyncio of Python 3.11 would log that it was cancelled)
            pass
        finally:
            self._clients -= 1
            writer.close()

    async def _reply(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            name, args, rid = str(request["do"]), dict(request.get("args", {})), request.get("rid")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            request = {"id": None}
            outcome = Outcome(codes.BAD_PANEL_REQUEST, ['send {"id": 1, "do": NAME, "args": {...}}'])
        else:
            outcome = await self._panel.do(name, args, rid)
        state = self._panel.view.state
        return {"id": request.get("id"), "code": outcome.code, "params": outcome.params, "state": state}
