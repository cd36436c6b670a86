"""The journal of the pharmacy's computer: the cabinet's own firmware, in a MicroPython process that this one keeps.

Bus and link are here: a bus without chips, and a pty whose other end the process holds. It ends when this one does, and
a second one on the same files waits until the first is gone.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import tty
from collections.abc import Callable
from pathlib import Path

from agent.busd import Busd
from agent.cabinet.runner import micropython
from agent.clock import Clock

ROOT = Path(__file__).resolve().parents[2]
HEAP = "2M"
AGAIN_S = (0.1, 2.0)
HELD_S = 0.1
GRACE_S = 5.0

log = logging.getLogger("agent")


class NoChips:
    """There is nothing to drive and nothing to feel: what is written goes nowhere, what is read is 0."""

    def write(self, address: int, data: bytes) -> None:
        """Nothing happens."""

    def write_read(self, address: int, data: bytes, n: int) -> bytes:
        return bytes(n)


class NoLines:
    """No line ever changes."""

    def __init__(self) -> None:
        self.fd = os.eventfd(0)

    def set(self, line: int, value: int) -> None:
        """Nothing happens."""

    def get(self, line: int) -> int:
        return 1

    def edges(self) -> list[tuple[int, int]]:
        return []


class Journal:
    """`folder` is the station's `controller/`, `bus` where its socket will be; `link` is the agent's end of the cable.

    `told(up)` is called as the process starts and as it ends; the journal's time is that of `clock`.
    """

    def __init__(self, folder: Path, bus: Path, told: Callable[[bool], None], clock: Clock) -> None:
        self._folder, self._bus, self._told, self._clock = folder, bus, told, clock
        self._theirs, self._ours = os.openpty()
        tty.setraw(self._ours)
        os.set_blocking(self._theirs, False)
        self.link = Path(os.ttyname(self._ours))

    async def run(self) -> None:
        """Keep it running until cancelled; OSError if its files are not there."""
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        lines = NoLines()
        server = None
        try:
            await _claim(lock)
            self._bus.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            server = await Busd(NoChips(), lines, [], self._clock).serve(self._bus)
            await self._keep(lock)
        finally:
            if server:
                server.close()
                self._bus.unlink(missing_ok=True)
            asyncio.get_running_loop().remove_reader(lines.fd)
            for descriptor in (lock, lines.fd, self._theirs, self._ours):
                os.close(descriptor)

    async def _keep(self, lock: int) -> None:
        wait_s = AGAIN_S[0]
        while True:
            process = await self._started(lock)
            self._told(True)
            try:
                code = await process.wait()
            finally:
                await _ended(process)
            self._told(False)
            log.error("the journal's process ended with %s; it is started again", code)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, AGAIN_S[1])

    async def _started(self, lock: int) -> asyncio.subprocess.Process:
        # it holds the lock as long as it lives
        main = ROOT / "firmware" / "ports" / "unix_main.py"
        command = [micropython(), "-X", f"heapsize={HEAP}", str(main), str(self._folder), str(self._bus)]
        return await asyncio.create_subprocess_exec(
            *command,
            str(self._theirs),
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=[self._theirs, lock],
            env={**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"},
        )


async def _claim(lock: int) -> None:
    told = False
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                log.warning("another process holds this journal; waiting until it is gone")
            told = True
            await asyncio.sleep(HELD_S)


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(GRACE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
