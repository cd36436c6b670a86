"""Compliance packets: making and verifying one of 10^4, 3*10^4 and 10^5 entries (A14-A16).

The limit beside them is reading the same pages from the database and hashing the same chain, nothing else.
"""

import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2
from rich.console import Console
from sqlalchemy import select

import verify_apotheca
from firmware.journal import chain
from firmware.wire import topics
from server_stub.centre import Arrived
from server_stub.export import write_export
from server_stub.ledger import schema
from server_stub.ledger.schema import open_database
from server_stub.proof.packet import make_packet
from server_stub.proof.period import Period
from server_stub.proof.signatory import signatory
from server_stub.site import config, signers
from server_stub.site.home import Home
from simulator import site
from simulator.bench import measure, show
from simulator.bench.entries import Author
from simulator.bench.stores import Ingest
from simulator.plan import Plan, StationPlan

START_MS = 1_700_000_000_000
STATIONS = 4


@dataclass(frozen=True)
class Sizes:
    """Entries of all stations, in rising order; each is a site of its own. Batches hold `pages` entries."""

    marks: tuple[int, ...] = (10_000, 30_000, 100_000)
    pages: int = 8


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    sizes = sizes or Sizes()
    rows = []
    for entries in sizes.marks:
        console.print(f"a packet and an export of {entries:,} entries")
        with tempfile.TemporaryDirectory(prefix="apotheca-bench-") as folder:
            rows.append(_measure(Path(folder), entries, sizes.pages))
    show.table(console, "Packet, seconds", rows)
    return {"bench": "packet", "stations": STATIONS, "growth": rows}


def _measure(folder: Path, entries: int, pages: int) -> dict[str, Any]:
    home = _filled(folder / "home", entries, pages)
    now_ms = time.time_ns() // 1_000_000
    signer = signatory(home, signers.PHARMACIST)
    bare_s, _ = _timed(lambda: _bare(home))
    make_s, packet = _timed(
        lambda: make_packet(home, Period(0, START_MS + 1000 * entries * 2), signer, folder / "p", now_ms)
    )
    verify_s, checked = _timed(lambda: verify_apotheca.check(packet.path))
    export_s, _ = _timed(lambda: write_export(home, folder / "e", now_ms))
    verify_export_s, exported = _timed(lambda: verify_apotheca.check(folder / "e"))
    assert checked.good and exported.good, (checked.lines(), exported.lines())
    seconds = {"bare_s": bare_s, "make_s": make_s, "verify_s": verify_s}
    seconds |= {"export_s": export_s, "verify_export_s": verify_export_s}
    scale = 1024 if sys.platform == "linux" else 1024 * 1024
    figures = {name: measure.figure(value) for name, value in seconds.items()}
    peak_mb = measure.figure(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale)
    return {"entries": packet.entries, **figures, "make_over_bare": measure.ratio(make_s, bare_s), "peak_mb": peak_mb}


def _timed(call: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    result = call()
    return time.perf_counter() - began, result


def _filled(root: Path, entries: int, pages: int) -> Home:
    plans = tuple(StationPlan(f"S{n}", (f"W{n}",), (), ()) for n in range(1, STATIONS + 1))
    site.make_home(root, Plan(START_MS, START_MS, (), plans))
    home = Home(root)
    names = config.read(home)
    ingest = Ingest(home, config.database_url(home, names))
    for station in names.station:
        author = Author.of(home, station, START_MS)
        author.write(entries // STATIONS)
        topic = topics.up(names.site.id, names.site.shard, station.id, "batch")
        batches = [Arrived(topic, raw) for raw, _ in author.batches(pages)]
        for first, beyond in measure.chunks(len(batches), 64):
            ingest.commit(batches[first:beyond])
    ingest.close()
    return home


def _bare(home: Home) -> None:
    engine = open_database(config.database_url(home, config.read(home)))
    heads: dict[str, bytes] = {}
    table = schema.entries.c
    with engine.connect() as conn:
        for station, page in conn.execute(select(table.station, table.page).order_by(table.id)):
            heads[station] = chain.next_head(heads.get(station, b""), chain.leaf(cbor2.loads(page)[0]))
    engine.dispose()
