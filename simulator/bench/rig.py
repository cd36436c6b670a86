"""One enrolled station with its cabinet, bus and wire, and MicroPython processes behind them; no centre."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from agent.cabinet.bytecode import compile_into
from agent.cabinet.runner import micropython
from server_stub.site.home import Home
from simulator import bytecode, site
from simulator.clock import Clock
from simulator.plan import Plan, StationPlan
from simulator.station import Station
from simulator.tally import Tally

START_MS = 1_700_000_000_000
NAME = "S1"
BOARD = Path(__file__).parent / "board"
ENOUGH_S = 300.0
HEAP = "384K"  # what a board has room for


class Failed(Exception):
    """A measured process ended badly; the message has what it said."""


def make_home(root: Path) -> Home:
    """A site with one station."""
    site.make_home(root, Plan(START_MS, START_MS, (), (StationPlan(NAME, ("W1",), (), ()),)))
    return Home(root)


@contextlib.asynccontextmanager
async def station(home: Home) -> AsyncIterator[Station]:
    """The world's side of the station, open."""
    plan = StationPlan(NAME, ("W1",), (), ())
    made = Station(plan, home.run, Clock([NAME], START_MS), Tally())
    await made.open()
    try:
        yield made
    finally:
        await made.panel.close()
        made.close()


def compiled(folder: Path) -> Path:
    """The firmware and the scripts of `board/` as bytecode, for `module`."""
    shutil.copytree(bytecode.compiled(), folder)
    compile_into(folder, BOARD, sorted(BOARD.glob("*.py")))
    return folder


async def module(code: Path, name: str, *args: str, fds: Sequence[int] = ()) -> asyncio.subprocess.Process:
    """A script of `board/` from the folder that `compiled` made, else as `start`."""
    return await _micropython(code, ["-m", name, *args], fds)


async def start(script: str, *args: str, fds: Sequence[int] = ()) -> asyncio.subprocess.Process:
    """A script of `board/` under MicroPython with the controller's heap; it inherits `fds`, which are closed here."""
    return await _micropython(bytecode.compiled(), [str(BOARD / script), *args], fds)


async def _micropython(code: Path, words: Sequence[str], fds: Sequence[int]) -> asyncio.subprocess.Process:
    argv = [micropython(), "-X", f"heapsize={HEAP}", *words]
    env = {**os.environ, "MICROPYPATH": f"{code}:.frozen"}
    pipe = asyncio.subprocess.PIPE
    try:
        # from there: an interpreter looks for modules in the folder it runs in first
        return await asyncio.create_subprocess_exec(*argv, cwd=code, env=env, stdout=pipe, stderr=pipe, pass_fds=fds)
    finally:
        for fd in fds:
            os.close(fd)


async def output(process: asyncio.subprocess.Process, enough_s: float = ENOUGH_S) -> str:
    """What it prints until it ends; Failed if it ends badly or takes longer."""
    try:
        out, err = await asyncio.wait_for(process.communicate(), enough_s)
    except TimeoutError:
        await end(process)
        raise Failed(f"no end after {enough_s:.0f} s") from None
    if process.returncode:
        raise Failed((out + err).decode(errors="replace"))
    return out.decode()


async def end(process: asyncio.subprocess.Process) -> None:
    """End a process that would go on."""
    if process.returncode is None:
        process.kill()
    await process.communicate()
