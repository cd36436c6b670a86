"""The real processes of a site: started, watched, restarted, ended. None outlives the simulator."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from agent.cabinet.runner import HEAP, micropython
from simulator.bytecode import compiled
from simulator.errors import RunFailed

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
PR_SET_PDEATHSIG = 1
HEALTHY_S = 5.0
LONGEST_DELAY_S = 2.0
FAILURES_IN_A_ROW = 12
GRACE_S = 15.0
LOOK_S = 1.0
_libc = ctypes.CDLL(None, use_errno=True)


class ProcessFailed(RunFailed):
    """A process keeps dying or does not get ready; the message names its log file."""


def _die_with_parent() -> None:
    """In the child, before exec: SIGTERM when the simulator's thread that started it ends (prctl(2))."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


@dataclass
class Command:
    """How to start one process. `inherit()` opens a descriptor that the child gets; its number is the last argument."""

    name: str
    argv: list[str]
    log: Path
    env: dict[str, str] = field(default_factory=dict)
    inherit: Callable[[], int] | None = None


class Keeper:
    """Keeps one process running until told to stop; restarts it with a back-off of at most 2 s."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.starts = 0
        self.failure: ProcessFailed | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep())

    def kill(self, child: str = "") -> bool:
        """SIGKILL (a fault) its whole group, or only the child whose command line has the word `child`; what dies is
        started again. False if there was nothing to kill."""
        if self.pid is None:
            return False
        if not child:
            os.killpg(self.pid, signal.SIGKILL)
            return True
        pids = [pid for pid in _children(self.pid) if child in _command_line(pid)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return bool(pids)

    async def stop(self) -> None:
        """End it for good: SIGTERM to its group, SIGKILL after a grace period."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), GRACE_S)
        except TimeoutError:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        in_a_row = 0
        while in_a_row < FAILURES_IN_A_ROW:
            began = loop.time()
            process = await self._spawn()
            code = await process.wait()
            in_a_row = 0 if loop.time() - began > HEALTHY_S or code == -signal.SIGKILL else in_a_row + 1
            await asyncio.sleep(min(LONGEST_DELAY_S, 0.05 * 2**in_a_row))
        self.failure = ProcessFailed(f"{self.command.name} keeps ending at once; see {self.command.log}")

    async def _spawn(self) -> asyncio.subprocess.Process:
        argv, fds = list(self.command.argv), []
        if self.command.inherit:
            fds.append(self.command.inherit())
            argv.append(str(fds[0]))
        try:
            with self.command.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *argv,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={**os.environ, **self.command.env},
                    pass_fds=fds,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
        finally:
            for fd in fds:
                os.close(fd)
        self.starts += 1
        return self._process


def apotheca(home: Path, name: str, *args: str) -> Command:
    """The command `apotheca --home HOME ARGS`, logging to run/NAME.log."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    argv = [sys.executable, "-m", "apotheca", "--home", str(home), *args]
    return Command(name, argv, home / "run" / f"{name}.log", {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"})


def controller(home: Path, station: str, bus: Path, inherit: Callable[[], int]) -> Command:
    """A station's controller process (docs/interfaces.md)."""
    name = f"{station}.controller"
    argv = [micropython(), "-X", f"heapsize={HEAP}", str(ROOT / "firmware" / "ports" / "unix_main.py")]
    argv += [str(home / "stations" / station / "controller"), str(bus)]
    return Command(name, argv, home / "run" / f"{name}.log", {"MICROPYPATH": f"{compiled()}:.frozen"}, inherit)


class Crew:
    """All processes of a run, by name."""

    def __init__(self) -> None:
        self.keepers: dict[str, Keeper] = {}

    def start(self, command: Command) -> Keeper:
        keeper = self.keepers[command.name] = Keeper(command)
        keeper.start()
        return keeper

    async def watch(self) -> None:
        """Wait for a process that gives up, and raise its ProcessFailed."""
        while True:
            await asyncio.sleep(LOOK_S)
            for keeper in self.keepers.values():
                if keeper.failure:
                    raise keeper.failure

    async def guard(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`; ProcessFailed as soon as a process gives up."""
        task, watch = asyncio.ensure_future(work), asyncio.ensure_future(self.watch())
        try:
            await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
            return await task
        finally:
            for one in (task, watch):
                one.cancel()
            await asyncio.gather(task, watch, return_exceptions=True)

    async def stop(self) -> None:
        """End all, the last started first in groups: agents and controllers, centre, broker."""
        await asyncio.gather(*(keeper.stop() for keeper in reversed(self.keepers.values())))


async def until(what: str, ready: Callable[[], Coroutine[Any, Any, bool]], timeout_s: float, log: Path) -> None:
    """Wait until `ready()`; ProcessFailed naming `what` and `log` after `timeout_s`."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not await ready():
        if asyncio.get_running_loop().time() > deadline:
            raise ProcessFailed(f"{what} not ready after {timeout_s:.0f} s; see {log}")
        await asyncio.sleep(0.05)


async def listening(path: Path) -> bool:
    """Whether a Unix socket accepts connections."""
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except OSError:
        return False
    writer.close()
    return True


async def port_open(host: str, port: int) -> bool:
    """Whether a TCP port accepts connections."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
