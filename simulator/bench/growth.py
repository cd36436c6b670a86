"""Does an entry cost more the more are held? Taken in, folded and verified in a ledger that holds 10^5 to 10^7."""

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cbor2
from rich.console import Console
from sqlalchemy import select, text

from firmware.wire import topics
from server_stub.centre import Arrived
from server_stub.ledger import schema
from server_stub.ledger.batch import next_page
from server_stub.ledger.schema import open_database
from server_stub.site import config
from server_stub.site.home import Home
from simulator.bench import history, measure, show
from simulator.bench.entries import Author
from simulator.bench.ingest import START_MS, make_home
from simulator.bench.stores import Ingest, Sqlite

PAGES = 64
COMMIT = 64
_BATCHES = (
    "INSERT INTO batches (station, log, first_seq, last_seq, received_ms, raw) "
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
    "SELECT :station, 1, i * :pages - :pages + 1, i * :pages, 0, zeroblob(5500) FROM n"
)


@dataclass(frozen=True)
class Sizes:
    """`entries` more are measured at each of `held`."""

    entries: int = 20_480
    held: tuple[int, ...] = (100_000, 1_000_000, 10_000_000)


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    sizes = sizes or Sizes()
    growth = []
    with TemporaryDirectory(prefix="apotheca-bench-") as folder:
        home = make_home(Path(folder) / "home", 1)
        batches = _batches(home, sizes.entries)
        for held in sizes.held:
            console.print(f"sqlite: {held} entries held")
            with TemporaryDirectory(prefix="apotheca-bench-") as here:
                url = Sqlite(Path(here)).url()
                _fill(url, held)
                growth.append({"entries": held, **_measure(home, url, batches, sizes.entries)})
    show.table(console, "Microseconds an entry (sqlite, batches of 64, 64 a commit)", growth)
    return {"bench": "growth", "growth": growth}


def _batches(home: Home, entries: int) -> list[Arrived]:
    names = config.read(home)
    station = names.station[0]
    author = Author.of(home, station, START_MS)
    author.write(entries)
    topic = topics.up(names.site.id, names.site.shard, station.id, "batch")
    return [Arrived(topic, raw) for raw, _ in author.batches(PAGES)]


def _fill(url: str, held: int) -> None:
    history.fill(url, held, START_MS)
    engine = open_database(url)
    with engine.begin() as conn:
        conn.execute(text(_BATCHES), {"station": history.HISTORY, "count": held // PAGES, "pages": PAGES})
    engine.dispose()


def _measure(home: Home, url: str, batches: list[Arrived], entries: int) -> dict[str, float]:
    ingest = Ingest(home, url)
    took = {}
    groups = measure.chunks(len(batches), COMMIT)
    for what, work in (
        ("ingest", lambda: [ingest.take(batches[a:b]) for a, b in groups]),
        ("fold", ingest.fold),
        ("verify", lambda: _verify(url, entries)),
    ):
        began = time.perf_counter()
        work()
        took[f"{what}_us"] = measure.figure((time.perf_counter() - began) / entries * 1e6)
    ingest.close()
    return took


def _verify(url: str, entries: int) -> None:
    """Read what was taken in back and follow its chain."""
    engine = open_database(url)
    count, table = 0, schema.entries.c
    query = select(table.head, table.page).where(table.station == "S1").order_by(table.seq)
    with engine.connect() as conn:
        rows = iter(conn.execute(query.execution_options(yield_per=1000)))
        head, _ = next(rows)
        for count, (kept, data) in enumerate(rows, 2):  # noqa: B007 - the last count is wanted
            entry, disclosure, mac = cbor2.loads(data)
            head = next_page(entry, disclosure, mac, head).head
            assert head == kept, "the chain is broken"
    engine.dispose()
    assert count == entries, "not all that was taken in is there"
