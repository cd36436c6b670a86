"""The panel socket when its process ends."""

import asyncio
import logging
import socket
from pathlib import Path

import pytest

from agent.control import ControlServer
from agent.panel import Outcome
from agent.view import View


class Slow:
    """Answers nobody."""

    def __init__(self) -> None:
        self.view = View()
        self.asked = asyncio.Event()

    async def do(self, _name: str, _args: object = None, _rid: int | None = None) -> Outcome:
        self.asked.set()
        await asyncio.Event().wait()
        return Outcome(0, [])


@pytest.mark.parametrize("line", [b"", b'{"do": "state"}\n'])
def test_a_process_that_ends_says_nothing_of_who_is_connected(
    line: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)

    async def serve() -> None:
        panel = Slow()
        control = ControlServer(Path("s.sock"), panel)
        await control.start()
        client.connect("s.sock")
        client.sendall(b"no request\n" + line)
        await asyncio.get_running_loop().sock_recv(client, 1)
        if line:
            await panel.asked.wait()
        await control.close()

    with caplog.at_level(logging.ERROR, "asyncio"), socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        asyncio.run(serve())
    assert caplog.records == []
