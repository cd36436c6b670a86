"""The controller under MicroPython with its 384 KB heap: room left with full tables, boot, durable appends."""

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from firmware import schema
from server_stub.site.home import Home
from simulator import processes
from simulator.bench import measure, rig, show
from simulator.bench.controllers import Draft, full_tables

SECTOR_PAGES = 16
ROOM = ("used_bytes", "free_bytes", "largest_free_bytes")


@dataclass(frozen=True)
class Sizes:
    """Ring sizes in sectors of 16 pages, in rising order, boots of each, and how many entries are appended."""

    sectors: tuple[int, ...] = (32, 128, 512)
    boots: int = 3
    appends: int = 1500


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    return asyncio.run(_run(console, sizes or Sizes()))


async def _run(console: Console, sizes: Sizes) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="apotheca-bench-") as folder:
        home = rig.make_home(Path(folder) / "home")
        growth, heap = [], {}
        for sectors in sizes.sectors:
            console.print(f"boot with a ring of {sectors * SECTOR_PAGES} pages, all of them used")
            heap = await _boot(home, sectors, sizes.boots)
            growth.append({"ring_pages": sectors * SECTOR_PAGES, **_timings(heap), "used_bytes": heap["used_bytes"]})
        console.print(f"{sizes.appends} durable appends")
        appends = await _append(Path(folder), sizes.appends)
    room = {"heap": processes.HEAP, **{key: int(heap[key]) for key in ROOM}}
    show.table(console, "Heap with full tables", [room])
    show.table(console, "Boot with full tables and a full ring", growth)
    show.table(console, "Durable appends over bare page programs", [appends])
    limits = {name.name: name.limit for name in (*schema.REFERENCE, schema.STOCK)}
    return {"bench": "firmware", "tables": limits, "heap": room, "growth": growth, "append": appends}


async def _boot(home: Home, sectors: int, boots: int) -> dict[str, float]:
    """The quickest of a few boots of the same folder; each boot appends its own entries, as it always does."""
    folder = home.controller(rig.NAME)
    _prepare(folder, sectors)
    figures = [await _boot_once(home, folder) for _ in range(boots)]
    return min(figures, key=lambda boot: boot["boot_ms"])


def _prepare(folder: Path, sectors: int) -> None:
    for old in (folder / "tables").iterdir():
        old.unlink()
    draft = Draft(folder, sectors, rig.START_MS)
    tables = full_tables()
    draft.load(tables)
    draft.count([row[0] for row in tables["pockets"]], 50)
    draft.remove(max(0, sectors * SECTOR_PAGES - draft.journal.seq + SECTOR_PAGES), answered=True)
    draft.save()


async def _boot_once(home: Home, folder: Path) -> dict[str, float]:
    async with rig.station(home) as station:
        fd = station.wire.open_controller_end()
        process = await rig.start("heap.py", str(folder), str(station.bus_path), str(fd), fds=[fd])
        figures: dict[str, float] = json.loads(await rig.output(process))
        return figures


def _timings(boot: dict[str, float]) -> dict[str, float]:
    return {"load_ms": measure.figure(boot["load_ms"]), "boot_ms": measure.figure(boot["boot_ms"])}


async def _append(folder: Path, entries: int) -> dict[str, Any]:
    process = await rig.start("append.py", str(folder), "128", str(entries))
    done = json.loads(await rig.output(process))
    append, bare = (measure.rate(done["entries"], done[f"{which}_s"]) for which in ("append", "bare"))
    ratio = measure.ratio(append, bare)
    return {"entries": done["entries"], "append_per_s": append, "bare_per_s": bare, "fraction": ratio}
