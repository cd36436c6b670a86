"""docs/interfaces.md, Bounds: each queue named has the bound that its module has; callers of the panel and of the
centre beyond theirs are refused."""

import asyncio
import importlib
import json
from pathlib import Path

import pytest

from agent import control
from agent.panel import Panel
from agent.view import View
from firmware import codes
from server_stub.integration import intake

pytestmark = pytest.mark.req("U1")

ROOT = Path(__file__).resolve().parents[2]
SECTION = (ROOT / "docs" / "interfaces.md").read_text(encoding="utf-8").split("## Bounds")[1].split("\n## ")[0]
BOUNDS = {
    "firmware.ports.unix": ("EVENTS_QUEUED", 256),
    "firmware.inbox": ("REPLIES_KEPT", 8),
    "agent.requests": ("WAITING", 32),
    "agent.cradle.line": ("EVENTS", 256),
    "firmware.cradle.host": ("WAITING", 64),
    "firmware.cradle.uploads": ("QUEUED", 1024),
    "agent.control": ("CLIENTS", 32),
    "agent.pharmacy.snapshots": ("MOST_BYTES", 16_777_216),
    "agent.downlink": ("WAITING", 512),
    "agent.inventory": ("ROWS", 4096),
    "agent.outbox": ("KEPT_AFTER_ANSWER", 1000),
    "agent.mqtt": ("MAX_QUEUED", 200),
    "agent.notices": ("PARS", 512),
    "agent.cradle.talk": ("HELD_BACK", 16),
    "server_stub.inbox": ("HIGH", 500),
    "server_stub.ingest_main": ("MANY_WAIT", 2000),
    "server_stub.ledger.catch_up": ("MANY", 10_000),
    "server_stub.integration.intake": ("MAX_CLIENTS", 64),
    "server_stub.web_main": ("MAX_CONNECTIONS", 256),
    "server_stub.integration.mqtt": ("MAX_QUEUED", 20_000),
    "server_stub.ledger.store": ("EVIDENCE_PER_STATION", 500),
    "server_stub.integration.replies": ("KEPT", 10_000),
}


@pytest.mark.parametrize("module", BOUNDS)
def test_the_bound_is_the_one_written_down(module):
    name, bound = BOUNDS[module]
    file = module.replace(".", "/") + ".py"
    rows = [line for line in SECTION.splitlines() if f"`{file}`" in line]
    assert any(f"{bound:,}" in row for row in rows), file
    assert getattr(importlib.import_module(module), name) == bound


async def lines_of(path, count, request):
    """The first line that each of `count` connections gets, all open at once."""
    streams = [await asyncio.open_unix_connection(str(path)) for _ in range(count)]
    got = []
    for reader, writer in streams:
        writer.write(request)
        got.append(await reader.readline())
    for _, writer in streams:
        writer.close()
    return got


def test_callers_at_the_panel_beyond_the_bound_are_turned_away(tmp_path):
    class Desk:
        view = View()

    async def main():
        server = control.ControlServer(tmp_path / "panel.sock", Panel(Desk(), None))
        await server.start()
        try:
            return await lines_of(tmp_path / "panel.sock", control.CLIENTS + 1, b"{}\n")
        finally:
            await server.close()

    *served, last = asyncio.run(main())
    assert all(json.loads(line)["code"] == codes.BAD_PANEL_REQUEST for line in served)
    assert last == b""


def test_callers_of_the_centre_beyond_the_bound_are_told_to_come_again(tmp_path):
    async def answer(request):
        return {"done": request}

    async def main():
        async with await intake.serve(tmp_path / "intake.sock", answer):
            return await lines_of(tmp_path / "intake.sock", intake.MAX_CLIENTS + 1, b"1\n")

    *served, last = asyncio.run(main())
    assert all(json.loads(line) == {"done": 1} for line in served)
    assert json.loads(last)["code"] == codes.CENTRE_BUSY
