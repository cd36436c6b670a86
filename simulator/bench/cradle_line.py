"""A file down and records up over a line of real speed, host and unit on pseudo-terminals, against the bare line."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from agent.cradle.line import Event, Line
from firmware.cradle.book import AddressBook
from firmware.cradle.host import Host
from firmware.cradle.terminal import Terminal
from simulator.bench import measure, rig
from simulator.cradle_line import BITS_A_BYTE, CradleLine

BAUDS = (9600, 115_200)
ADDRESS = "AA"
RECORD = b"ICU-EAST|AA%02d|10|112226120000|tech1|R|%05d|#00000000"
TIME = "112226120000"


async def measured(lines: Sequence[tuple[int, int]], seconds: float) -> list[dict[str, Any]]:
    """For each (baud, MaxBlkSz), what arrives in transfers that take the bare line about `seconds` each."""
    return [await _one(baud, power, seconds) for baud, power in lines]


async def _one(baud: int, power: int, seconds: float) -> dict[str, Any]:
    line_bytes_per_s = baud / BITS_A_BYTE
    size = int(line_bytes_per_s * seconds)
    records = [RECORD % (n % 62, n) for n in range(max(1, size // len(RECORD)))]
    ways = {"down": ([b"x" * size], []), "up": ([], records)}
    rates = {way: await _rate(baud, power, *load) for way, load in ways.items()}
    over = {f"{way}_over_line": measure.ratio(rate, line_bytes_per_s) for way, rate in rates.items()}
    sizes = {"baud": baud, "block_bytes": 1 << power, "line_bytes_per_s": line_bytes_per_s}
    return {**sizes, **{f"{way}_bytes_per_s": rate for way, rate in rates.items()}, **over}


async def _rate(baud: int, power: int, files: list[bytes], records: list[bytes]) -> float:
    """Bytes of files or records a second, from when the host knows of the unit until all is confirmed."""
    left, times, done = len(files) + len(records), [], asyncio.Event()

    async def told(event: Event) -> bool:
        nonlocal left
        left -= event[0] in ("record", "given")
        if event[0] == "present" or not left:
            times.append(time.perf_counter())
        if not left:
            done.set()
        return True

    async with _linked(baud, power, told) as (host, unit):
        for data in files:
            host.give(ADDRESS, [("file", "list", data)])
        for record in records:
            unit.queue("P", record)
        await asyncio.wait_for(done.wait(), rig.ENOUGH_S)
    return measure.rate(sum(map(len, files + records)), times[1] - times[0])


@contextlib.asynccontextmanager
async def _linked(baud: int, power: int, told: Any) -> AsyncIterator[tuple[Host, Terminal]]:
    book = AddressBook()
    book.assign(ADDRESS)
    host = Host("cradle", book, {"baud": baud, "power": power, "wait_ms": 500}, lambda: TIME)
    unit = Terminal(ADDRESS, lambda: (0, 0))

    async def heard(_: Event) -> None:
        return None

    async with CradleLine(1, baud) as line:
        ends = [Line(line.host.path, host, told, baud=baud), Line(line.units[0].path, unit, heard, baud=baud)]
        tasks = [asyncio.create_task(end.run()) for end in ends]
        try:
            yield host, unit
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
