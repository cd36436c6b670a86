"""The intake socket: JSON lines over a Unix socket, one reply a request, in order (docs/interfaces.md)."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from firmware import codes

MAX_LINE = 8 * 1024 * 1024
MAX_CLIENTS = 64

Handle = Callable[[Any], Awaitable[dict[str, Any]]]


async def serve(path: Path, handle: Handle) -> asyncio.Server:
    """Listen at `path` (mode 0600); `handle` gives the reply of one request."""
    path.unlink(missing_ok=True)
    clients = 0

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal clients
        clients += 1
        try:
            if clients > MAX_CLIENTS:
                return await _too_many(writer)
            await _conversation(reader, writer, handle)
        except (ConnectionError, ValueError, asyncio.IncompleteReadError):
            pass
        finally:
            clients -= 1
            writer.close()

    server = await asyncio.start_unix_server(client, path=str(path), limit=MAX_LINE)
    path.chmod(0o600)
    return server


async def _too_many(writer: asyncio.StreamWriter) -> None:
    reply = {"code": codes.CENTRE_BUSY, "message": "the centre has too much to do; send the same call again"}
    writer.write(json.dumps(reply).encode() + b"\n")
    await writer.drain()


async def _conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handle) -> None:
    while line := await reader.readline():
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            reply: dict[str, Any] = {"code": codes.MALFORMED_EVENT, "message": "not a line of JSON"}
        else:
            reply = await handle(request)
            if isinstance(request, dict) and "id" in request:
                reply = {"id": request["id"], **reply}
        writer.write(json.dumps(reply).encode() + b"\n")
        await writer.drain()


class IntakeAway(Exception):
    """Ingest does not answer; nothing was taken in, or whether it was is not known: ask again with the same key."""


async def ask(path: Path, request: dict[str, Any], timeout_s: float = 30.0) -> dict[str, Any]:
    """One request to ingest; raises IntakeAway."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _ask(path, request)
    except (TimeoutError, OSError, ValueError) as error:
        raise IntakeAway(f"the centre does not run here ({error}): start it with `apotheca server run`") from error


def runs(path: Path) -> bool:
    """Does somebody listen at the intake socket? Then the ledger has a writer."""
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.connect(str(path))
        except OSError:
            return False
    return True


async def _ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(str(path), limit=MAX_LINE)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        reply: dict[str, Any] = json.loads(await reader.readline())
        return reply
    finally:
        writer.close()
