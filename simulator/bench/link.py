"""Pages from a controller's ring to the agent's outbox over the link, against a bare copy of the same bytes.

The controller (MicroPython) and the agent are the real processes, the cable is the simulator's. The bare copy sends the
same frames from MicroPython over the same kind of cable to a reader that only counts; `codec` makes and checks them.
"""

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from struct import pack
from typing import Any

from rich.console import Console

from firmware.journal.flash import SLOTS
from firmware.wire import cbor, frame, messages
from server_stub.site.home import Home
from simulator import processes
from simulator.bench import measure, rig, show
from simulator.bench.controllers import Draft
from simulator.wire import Wire

LOOK_S = 0.005
PATIENCE_S = 300.0
READ_BYTES = 65536
MARKS = 4
SPARE_SECTORS = 4


@dataclass(frozen=True)
class Sizes:
    """Pages that wait in the ring."""

    pages: int = 10_000


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    return asyncio.run(_run(console, (sizes or Sizes()).pages))


async def _run(console: Console, count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="apotheca-bench-") as folder:
        home = rig.make_home(Path(folder) / "home")
        pages = _fill(home, count)
        frames = [_framed(seq, page) for seq, page in enumerate(pages, 1)]
        size = sum(map(len, frames))
        console.print(f"{count} pages, {size} bytes framed: controller to outbox")
        times = await _stream(home, count)
        seconds = {"outbox": times[-1][1] - times[0][1]}
        for mode, pieces in {"codec": pages, "copy": frames}.items():
            console.print(f"the same bytes: {mode}")
            file = Path(folder) / mode
            file.write_bytes(b"".join(pack("<H", len(piece)) + piece for piece in pieces))
            seconds[mode] = await _pump(mode, file, size)
    share = (times[-1][0] - times[0][0]) / count
    rates = {mode: _rates(took, count * part, size * part) for mode, took, part in _parts(seconds, share)}
    growth = _growth(times)
    show.table(console, "Link", [{"lane": mode, **figures} for mode, figures in rates.items()])
    show.table(console, "Growth: pages that have arrived, pages/s since the mark before", growth)
    fractions = {mode: measure.ratio(rates["outbox"]["bytes_per_s"], rates[mode]["bytes_per_s"]) for mode in rates}
    over = {"outbox_over_copy": fractions["copy"], "outbox_over_codec": fractions["codec"]}
    return {"bench": "link", "pages": count, "bytes": size, **rates, **over, "growth": growth}


def _parts(seconds: dict[str, float], share: float) -> list[tuple[str, float, float]]:
    """Lanes with their seconds and the share of all pages in them: the outbox's clock starts with its first pages."""
    return [(mode, took, share if mode == "outbox" else 1.0) for mode, took in seconds.items()]


def _rates(seconds: float, pages: float, size: float) -> dict[str, float]:
    return {"pages_per_s": measure.rate(pages, seconds), "bytes_per_s": measure.rate(size, seconds)}


def _growth(times: list[tuple[int, float]]) -> list[dict[str, float]]:
    """Pages a second from each quarter of the backlog to the next."""
    first, last = times[0][0], times[-1][0]
    marks = [next(t for t in times if t[0] >= first + (last - first) * n / MARKS) for n in range(MARKS + 1)]
    # two marks in one look at the outbox are one
    steps = [(a, b) for a, b in pairwise(marks) if b[0] > a[0]]
    return [{"pages": b[0], "pages_per_s": measure.rate(b[0] - a[0], b[1] - a[1])} for a, b in steps]


def _fill(home: Home, count: int) -> list[bytes]:
    """A ring with `count` pages that the centre has not answered; gives them."""
    draft = Draft(home.controller(rig.NAME), -(-count // SLOTS) + SPARE_SECTORS, rig.START_MS)
    draft.remove(count, answered=False)
    draft.save()
    return [draft.journal.page(seq) for seq in range(1, count + 1)]


def _framed(seq: int, page: bytes) -> bytes:
    return bytes(frame.encode(cbor.encode([messages.PAGE, seq, page])))


async def _stream(home: Home, count: int) -> list[tuple[int, float]]:
    """(pages in the outbox, seconds) each time that there are more, until all `count` are there."""
    async with rig.station(home) as station:
        crew = processes.Crew()
        agent = ["agent", "run", rig.NAME, "--link", station.wire.agent.path, "--clock", "stepped"]
        crew.start(processes.controller(home.root, rig.NAME, station.bus_path, station.wire.open_controller_end))
        crew.start(processes.apotheca(home.root, f"{rig.NAME}.agent", *agent))
        try:
            return await crew.guard(_watch(home.station(rig.NAME) / "outbox.db", count))
        finally:
            await crew.stop()


async def _watch(outbox: Path, count: int) -> list[tuple[int, float]]:
    seen: list[tuple[int, float]] = []
    deadline = time.perf_counter() + PATIENCE_S
    while not seen or seen[-1][0] < count:
        taken = _taken(outbox)
        if taken > (seen[-1][0] if seen else 0):
            seen.append((taken, time.perf_counter()))
        if time.perf_counter() > deadline:
            raise rig.Failed(f"{taken} of {count} pages after {PATIENCE_S:.0f} s")
        await asyncio.sleep(LOOK_S)
    return seen


def _taken(outbox: Path) -> int:
    """The last page in the outbox, 0 while there is none."""
    if not outbox.exists():
        return 0
    conn = sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)
    try:
        row = conn.execute("SELECT seq FROM log").fetchone()
    except sqlite3.OperationalError:
        return 0
    finally:
        conn.close()
    return row[0] if row else 0


async def _pump(mode: str, file: Path, size: int) -> float:
    """Seconds until all bytes have come out of the cable (with `codec`: have been checked)."""
    wire = Wire()
    wire.plug_in()
    wire.power(True)
    try:
        fd = wire.open_controller_end()
        process = await rig.start("pump.py", mode, str(file), str(fd), fds=[fd])
        assert process.stdout
        await asyncio.wait_for(process.stdout.readline(), rig.ENOUGH_S)
        decoder = frame.Decoder()
        check: Callable[[bytes], Any] = decoder.feed if mode == "codec" else len
        began = time.perf_counter()
        os.write(wire.agent.slave, b"\0")
        async with asyncio.TaskGroup() as both:
            drained = both.create_task(_drain(wire.agent.slave, size, check))
            both.create_task(rig.output(process))
    finally:
        wire.close()
    return drained.result() - began


async def _drain(fd: int, size: int, check: Callable[[bytes], Any]) -> float:
    """Read `size` bytes from `fd`; when the last of them came."""
    loop, left, done = asyncio.get_running_loop(), size, asyncio.Event()

    def readable() -> None:
        nonlocal left
        data = os.read(fd, READ_BYTES)
        check(data)
        left -= len(data)
        if left <= 0:
            done.set()

    loop.add_reader(fd, readable)
    try:
        await asyncio.wait_for(done.wait(), PATIENCE_S)
    finally:
        loop.remove_reader(fd)
    return time.perf_counter()
