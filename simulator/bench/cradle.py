"""POL/SELECT: the codec under MicroPython, and whole transfers, against the speed of the line, the limit of any."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from simulator.bench import cradle_line, measure, rig, show
from simulator.cradle_line import BITS_A_BYTE


@dataclass(frozen=True)
class Sizes:
    """Rounds of 20 frames of each sort; seconds that a transfer takes the bare line; (baud, MaxBlkSz) of the lines."""

    rounds: int = 50
    line_s: float = 3.0
    lines: tuple[tuple[int, int], ...] = tuple((baud, power) for baud in cradle_line.BAUDS for power in (6, 9, 12))


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    return asyncio.run(_run(console, sizes or Sizes()))


async def _run(console: Console, sizes: Sizes) -> dict[str, Any]:
    console.print("frames made and read under MicroPython")
    rows = [_rates(row) for row in await _codec(sizes.rounds)]
    for way in ("encode", "decode"):
        show.table(console, f"Codec: {way}", [{"frame": r["frame"], "bytes": r["frame_bytes"], **r[way]} for r in rows])
    console.print("a file down and records up over a line of real speed")
    line = await cradle_line.measured(sizes.lines, sizes.line_s)
    show.table(console, "Line", line)
    return {"bench": "cradle", "codec": rows, "line": line}


async def _codec(rounds: int) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = json.loads(await rig.output(await rig.start("polselect.py", str(rounds))))
    return said


def _rates(row: dict[str, Any]) -> dict[str, Any]:
    """Frames and bytes a second each way, and the bytes as a multiple of what the line carries."""
    ways = {way: _way(row["frame_bytes"], row[f"{way}_us"] / 1e6) for way in ("encode", "decode")}
    return {"frame": row["frame"], "frame_bytes": row["frame_bytes"], **ways}


def _way(size: int, seconds: float) -> dict[str, float]:
    bytes_per_s = measure.rate(size, seconds)
    over = {f"over_{baud}_baud": measure.ratio(bytes_per_s, baud / BITS_A_BYTE) for baud in cradle_line.BAUDS}
    return {"frames_per_s": measure.rate(1, seconds), "bytes_per_s": bytes_per_s, **over}
