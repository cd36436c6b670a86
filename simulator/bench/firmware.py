"""The controller under MicroPython with its 384 KB heap and full tables: many transactions, room left, boot, what its
parts cost, and from touch to lock."""

import asyncio
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from firmware import schema
from server_stub.site.home import Home
from simulator.bench import measure, rig, show, touch
from simulator.bench.controllers import Draft, full_tables

SLOTS = 15  # of a sector
RING_SECTORS = 128
STOCKED = 50
ROOM = ("used_bytes", "free_bytes", "largest_free_bytes")
# what a transaction may take at most before the run is given up
ENOUGH_MS = 100
CORE = ("gate", "hungriest", "append")
LIMITS = ("sha256", "write")


@dataclass(frozen=True)
class Sizes:
    """Transactions and after how many the heap is looked at; ring sizes in sectors of 16 pages, in rising order, and
    boots of each; rounds of the small things; removals of `touch`."""

    transactions: int = 100_000
    every: int = 10_000
    sectors: tuple[int, ...] = (32, 512, 4096)
    boots: int = 3
    rounds: int = 30
    touches: touch.Sizes = field(default_factory=lambda: touch.Sizes(200, (schema.POCKETS.limit,)))


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    sizes = sizes or Sizes()
    result = asyncio.run(_run(console, sizes))
    result["touch"] = _touch(touch.run(console, sizes.touches))
    _show(console, result)
    return result


async def _run(console: Console, sizes: Sizes) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="apotheca-bench-") as name:
        folder = Path(name)
        home, code = rig.make_home(folder / "home"), rig.compiled(folder / "code")
        growth, heap = [], {}
        for sectors in sizes.sectors:
            console.print(f"boot with a ring of {sectors * SLOTS} pages, all of them used")
            heap = await _boot(home, code, sectors, sizes.boots)
            growth.append({"ring_pages": sectors * SLOTS, **_timings(heap), "used_bytes": heap["used_bytes"]})
        console.print("gate, hungriest pocket, append")
        core = await _core(folder, code, sizes.rounds)
        console.print(f"{sizes.transactions} transactions")
        transactions = await _transact(home.controller(rig.NAME), code, sizes)
    room = {"heap": rig.HEAP, **{key: int(heap[key]) for key in ROOM}}
    tables = {name.name: name.limit for name in (*schema.REFERENCE, schema.STOCK)}
    return {"bench": "firmware", "tables": tables, "heap": room, "growth": growth, "core": core, **transactions}


async def _boot(home: Home, code: Path, sectors: int, boots: int) -> dict[str, float]:
    """The quickest of a few boots of the same folder; each boot appends its own entries, as it always does."""
    folder = home.controller(rig.NAME)
    draft = _prepared(folder, sectors)
    draft.remove(max(0, sectors * SLOTS - draft.journal.seq + SLOTS), answered=True)
    draft.save()
    figures = [await _boot_once(home, code, folder) for _ in range(boots)]
    return min(figures, key=lambda boot: boot["boot_ms"])


def _prepared(folder: Path, sectors: int) -> Draft:
    """A controller with full tables and stock in every pocket, not yet saved."""
    for old in (folder / "tables").iterdir():
        old.unlink()
    draft = Draft(folder, sectors, rig.START_MS)
    tables = full_tables()
    draft.load(tables)
    draft.count([row[0] for row in tables["pockets"]], STOCKED)
    return draft


async def _boot_once(home: Home, code: Path, folder: Path) -> dict[str, float]:
    async with rig.station(home) as station:
        fd = station.wire.open_controller_end()
        process = await rig.module(code, "heap", str(folder), str(station.bus_path), str(fd), fds=[fd])
        figures: dict[str, float] = json.loads(await rig.output(process))
        return figures


def _timings(boot: dict[str, float]) -> dict[str, float]:
    return {"load_ms": measure.figure(boot["load_ms"]), "boot_ms": measure.figure(boot["boot_ms"])}


async def _core(folder: Path, code: Path, rounds: int) -> dict[str, Any]:
    """Microseconds of one of each, and of the firmware's as multiples of a hash and of a durable write."""
    process = await rig.module(code, "core", str(folder), str(RING_SECTORS), str(rounds))
    spent: dict[str, float] = json.loads(await rig.output(process, 600))
    out: dict[str, Any] = {f"{name}_us": measure.figure(spent[f"{name}_us"]) for name in LIMITS}
    for name in CORE:
        us = spent[f"{name}_us"]
        over = {f"over_{limit}": measure.ratio(us, spent[f"{limit}_us"]) for limit in LIMITS}
        out[name] = {"us": measure.figure(us), **over}
    return out


async def _transact(folder: Path, code: Path, sizes: Sizes) -> dict[str, Any]:
    _prepared(folder, RING_SECTORS).save()
    process = await rig.module(code, "transact", str(folder), str(sizes.transactions), str(sizes.every))
    said = await rig.output(process, rig.ENOUGH_S + sizes.transactions * ENOUGH_MS / 1000)
    *rows, last = [json.loads(line) for line in said.splitlines()]
    heap = [{"transactions": row["transactions"], "used_bytes": row["used_bytes"]} for row in rows]
    first, end = heap[0]["used_bytes"], heap[-1]["used_bytes"]
    mean_ms = measure.figure(sum(row["us"] for row in rows) / rows[-1]["transactions"] / 1000)
    summary = {"first_used_bytes": first, "last_used_bytes": end, "last_over_first": round(end / first, 4)}
    done = [{"what": what, "n": n} for what, n in sorted(last["done"].items())]
    return {"transactions": {**summary, "mean_ms": mean_ms, "entries": last["entries"]}, "done": done, "kept": heap}


def _touch(result: dict[str, Any]) -> dict[str, float]:
    """The slow end of `touch`, and what it is above the link alone."""
    touched, echo = result["growth"][-1]["touch"]["p99_ms"], result["echo"]["p99_ms"]
    return {"p99_ms": touched, "echo_p99_ms": echo, "above_ms": measure.figure(touched - echo)}


def _show(console: Console, result: dict[str, Any]) -> None:
    show.table(console, "Heap with full tables", [result["heap"]])
    show.table(console, "Boot with full tables and a full ring", result["growth"])
    show.table(console, "Heap in use after a collection", result["kept"])
    show.table(console, "Transactions", [result["transactions"]])
    show.table(console, "What was done", result["done"])
    core = result["core"]
    show.table(console, "One of each", [{"what": name, **core[name]} for name in CORE])
    show.table(console, "They are held against", [{f"{name}_us": core[f"{name}_us"] for name in LIMITS}])
    show.table(console, "From touch to energised lock, and the bare link there and back", [result["touch"]])
