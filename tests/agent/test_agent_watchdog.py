"""The agent under systemd: it says it says that it is up while its loop turns, and is silent once it hangs."""

import asyncio
import configparser
import contextlib
import socket
from pathlib import Path

import pytest

from agent.watchdog import Watchdog

UNITS = Path(__file__).parents[2] / "hardware" / "systemd"


@contextlib.contextmanager
def listening(name):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        sock.setblocking(False)
        yield sock


def heard(sock):
    out = []
    with contextlib.suppress(BlockingIOError):
        while True:
            out.append(sock.recv(64).decode())
    return out


@pytest.mark.req("A18", "U1")
@pytest.mark.parametrize("abstract", [False, True])
def test_it_speaks_while_its_loop_turns_and_not_once_it_hangs(tmp_path, abstract):
    name = f"@{tmp_path.name}-{id(tmp_path)}" if abstract else str(tmp_path / "notify")

    async def live(sock):
        watchdog = Watchdog({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3"})
        task = asyncio.create_task(watchdog.run())
        said = []
        while said.count("WATCHDOG=1") < 5:
            await asyncio.sleep(0)
            said += heard(sock)
        assert said[0] == "READY=1" and set(said[1:]) == {"WATCHDOG=1"}
        heard(sock)
        for _ in range(1000):  # the loop does not turn here
            assert heard(sock) == []
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        watchdog.say("STOPPING=1")
        assert heard(sock) == ["STOPPING=1"]

    with listening(name) as sock:
        asyncio.run(live(sock))


def test_without_systemd_it_says_nothing_and_waits():
    async def live():
        task = asyncio.create_task(Watchdog({}).run())
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        Watchdog({"NOTIFY_SOCKET": "/nowhere/at/all"}).say("READY=1")

    asyncio.run(live())


@pytest.mark.req("A18", "U1")
def test_the_shipped_unit_asks_for_it_and_starts_the_agent_again():
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.read(UNITS / "apotheca-agent@.service")
    service = unit["Service"]
    assert (service["Type"], service["Restart"]) == ("notify", "always")
    assert 5 <= int(service["WatchdogSec"]) <= 60
    assert "agent run %i" in service["ExecStart"]
