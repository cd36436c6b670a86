"""From a removal's entry to its verdict and alert, committed, against as many entries with nothing to verify."""

import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from firmware.journal import kinds
from firmware.wire import topics
from server_stub.centre import Arrived, Asked, Work
from server_stub.site import config
from server_stub.site.home import Home
from simulator import site
from simulator.bench import history, measure, show
from simulator.bench.entries import ITEM, Author
from simulator.bench.stores import Ingest, Sqlite
from simulator.plan import Plan, StationPlan

START_MS = 1_700_000_000_000
PAGES_A_REMOVAL = 4
BULK_PAGES = 64


@dataclass(frozen=True)
class Sizes:
    """Removals measured one a commit (`single`) and sixteen a commit (`bulk`), at each mark of entries held."""

    single: int = 200
    bulk: int = 800
    growth: tuple[int, ...] = (10_000, 100_000, 1_000_000)


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    sizes = sizes or Sizes()
    growth = []
    with tempfile.TemporaryDirectory(prefix="apotheca-bench-") as folder:
        home = _home(Path(folder) / "home")
        fresh = Sqlite(Path(folder))
        for entries in sizes.growth:
            console.print(f"sqlite: {entries} entries held")
            growth.append({"entries": entries, **_measure(home, fresh.url(), entries, sizes)})
    rows = [{name: row[name] for name in ("entries", "verification_ms", "slower")} for row in growth]
    show.table(console, "Verification of a removal, ms beyond ingest", rows)
    return {"bench": "verdict", "growth": growth}


def _home(root: Path) -> Home:
    plans = tuple(StationPlan(name, (f"Ward {name}",), (), ()) for name in ("R1", "F1"))
    site.make_home(root, Plan(START_MS, START_MS, (), plans))
    return Home(root)


def _measure(home: Home, url: str, entries: int, sizes: Sizes) -> dict[str, Any]:
    history.fill(url, entries, START_MS)
    ingest = Ingest(home, url)
    ingest.commit([Asked({"do": "advance", "args": {"utc_ms": START_MS}}, _heed)])
    removals, refills = _lanes(home, entries, sizes)
    single, plain, charted = [], [], []
    for number in range(sizes.single):
        single.append(_timed(ingest, [removals.pop(0)]))
        plain.append(_timed(ingest, [refills.pop(0)]))
        charted.append(_timed(ingest, [_charting(number, _patient(number, entries))]))
    bulk_s = sum(_timed(ingest, [message]) for message in removals)
    plain_s = sum(_timed(ingest, [message]) for message in refills)
    ingest.close()
    return {
        "removal": measure.spread(single),
        "refill": measure.spread(plain),
        "charting": measure.spread(charted),
        "removal_bulk_ms": measure.figure(1000 * bulk_s / sizes.bulk),
        "refill_bulk_ms": measure.figure(1000 * plain_s / sizes.bulk),
        "verification_ms": measure.figure(1000 * (bulk_s - plain_s) / sizes.bulk),
        "slower": measure.ratio(bulk_s, plain_s),
    }


def _lanes(home: Home, entries: int, sizes: Sizes) -> tuple[list[Arrived], list[Arrived]]:
    """Batches of one access each, then the bulk in full batches: with removals, and with refills."""
    names = config.read(home)
    lanes = []
    for station, outcome in zip(names.station, (kinds.REMOVE, kinds.REFILL), strict=True):
        author = Author.of(home, station, START_MS)
        author.outcome = outcome
        author.patients = lambda txn: _patient((txn - 1) // PAGES_A_REMOVAL, entries)
        author.write(sizes.single * PAGES_A_REMOVAL)
        batches = [raw for raw, _ in author.batches(PAGES_A_REMOVAL)]
        author.write(sizes.bulk * PAGES_A_REMOVAL)
        first = sizes.single * PAGES_A_REMOVAL
        batches += [raw for raw, _ in author.batches(BULK_PAGES, first)]
        topic = topics.up(names.site.id, names.site.shard, station.id, "batch")
        lanes.append([Arrived(topic, raw) for raw in batches])
    return lanes[0], lanes[1]


def _patient(number: int, entries: int) -> str:
    """Some patient of the history, the same for the same number."""
    return f"P{random.Random(number).randrange(history.patients(entries)):07}"


def _charting(number: int, patient: str) -> Asked:
    event = {
        "type": "administration",
        "id": f"emar-{number}",
        "utc_ms": START_MS + 1000 * PAGES_A_REMOVAL * (number + 1),
        "patient": patient,
        "order": "",
        "item": ITEM,
        "quantity": 2,
        "administered_utc_ms": START_MS,
        "status": "given",
    }
    return Asked({"do": "hospital_events", "args": {"events": [event], "key": ""}}, _heed)


def _timed(ingest: Ingest, work: Sequence[Work]) -> float:
    began = time.perf_counter()
    made = ingest.commit(work)
    took = time.perf_counter() - began
    assert made, "the centre had nothing to say"
    return took


def _heed(reply: dict[str, Any]) -> None:
    assert "code" not in reply and not reply.get("refused"), reply
