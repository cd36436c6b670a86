"""A hospital whose cabinets come back after three days without the centre: all they kept, taken in and folded."""

import gc
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from firmware.wire import topics
from server_stub.centre import Arrived
from server_stub.ingest_main import MANY_WAIT
from server_stub.site import config
from server_stub.site.home import Home
from simulator.bench import crowd, measure, show
from simulator.bench.entries import Author
from simulator.bench.stores import Databases, Ingest, databases

PAGES = 64
COMMIT = 64


@dataclass(frozen=True)
class Sizes:
    """So many stations, away for so many hours at so many entries a day each (300 transactions of five)."""

    stations: int = 200
    hours: int = 72
    entries_a_day: int = 1_500


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    sizes = sizes or Sizes()
    rows = []
    with tempfile.TemporaryDirectory(prefix="apotheca-bench-") as folder, databases() as (sqlite, served):
        home = crowd.make_home(Path(folder) / "home", sizes.stations)
        backlog = _backlog(home, sizes.hours * sizes.entries_a_day // 24)
        gc.freeze()
        kinds: list[Databases] = [sqlite, served] if served else [sqlite]
        for database in kinds:
            console.print(f"{database.name}: {len(backlog)} batches of {sizes.stations} stations wait")
            rows.append({"database": database.name, **_drain(home, database, backlog)})
        gc.unfreeze()
    show.table(console, f"A backlog of {sizes.hours} h, drained", rows)
    return {"bench": "drain", "stations": sizes.stations, "hours": sizes.hours, "rows": rows}


def _backlog(home: Home, entries: int) -> list[tuple[int, Arrived]]:
    """How many entries are in each batch, and the batch; the stations take turns."""
    site = config.read(home)
    lanes = [_lane(site, author, entries) for author in crowd.authors(home)]
    return [pair for turn in zip(*lanes, strict=True) for pair in turn]


def _lane(site: config.SiteConfig, author: Author, entries: int) -> list[tuple[int, Arrived]]:
    author.write(entries)
    topic = topics.up(site.site.id, site.site.shard, author.station.id, "batch")
    lane = [(len(group), Arrived(topic, raw)) for raw, group in author.batches(PAGES)]
    author.made.clear()
    return lane


def _drain(home: Home, database: Databases, backlog: list[tuple[int, Arrived]]) -> dict[str, Any]:
    """As the process ingest does it: taking in comes first, until too much waits to be folded."""
    ingest = Ingest(home, database.url())
    began = time.perf_counter()
    for first, beyond in measure.chunks(len(backlog), COMMIT):
        ingest.take([message for _, message in backlog[first:beyond]])
        if ingest.waiting >= MANY_WAIT:
            ingest.fold(steps=1)
    durable_s = time.perf_counter() - began
    ingest.fold()
    folded_s = time.perf_counter() - began
    ingest.close()
    entries = sum(count for count, _ in backlog)
    return {
        "entries": entries,
        "durable_s": measure.figure(durable_s),
        "folded_s": measure.figure(folded_s),
        "after_s": measure.figure(folded_s - durable_s),
        "entries_per_s": measure.rate(entries, folded_s),
    }
