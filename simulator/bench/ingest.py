"""Ingest at the centre, from a signed batch to its answer, against bare durable inserts of the same entries.

Both take turns in one run, slice by slice, so that what disturbs the one disturbs the other. Folding, which follows,
has its own figure.
"""

import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from firmware.wire import topics
from server_stub.centre import Arrived
from server_stub.site import config
from server_stub.site.home import Home
from simulator import site
from simulator.bench import limits, measure, shards, show
from simulator.bench.entries import Author
from simulator.bench.stores import Bare, Databases, Ingest, Row, databases
from simulator.plan import Plan, StationPlan

START_MS = 1_700_000_000_000
SLICES = 8


@dataclass(frozen=True)
class Case:
    """`entries` of all stations in batches of `pages`; one transaction commits `messages` batches. With `processes`,
    so many share the stations (PostgreSQL only)."""

    pages: int
    messages: int
    entries: int
    processes: int = 1


@dataclass(frozen=True)
class Sizes:
    """How much is measured; `count` is how often each bare limit is tried."""

    stations: int = 4
    cases: tuple[Case, ...] = (
        Case(64, 64, 204_800),
        Case(64, 64, 204_800, 2),
        Case(64, 1, 20_480),
        Case(8, 64, 32_768),
        Case(8, 1, 4_096),
        Case(1, 64, 8_192),
        Case(1, 1, 1_024),
    )
    count: int = 4_000


@dataclass(frozen=True)
class Group:
    """The same entries for both lanes: what one transaction commits."""

    messages: list[Arrived]
    rows: list[Row]


@dataclass
class Race:
    """Seconds that each lane has taken so far for `entries`, and folding what the centre's took in."""

    entries: int = 0
    ingest_s: float = 0.0
    bare_s: float = 0.0
    fold_s: float = 0.0

    def figures(self) -> dict[str, float]:
        """Entries a second of both, the fraction, and how soon all was folded."""
        ingest, bare = measure.rate(self.entries, self.ingest_s), measure.rate(self.entries, self.bare_s)
        folded = {"fold_per_s": measure.rate(self.entries, self.fold_s), "caught_up_s": measure.figure(self.fold_s)}
        return {"ingest_per_s": ingest, "bare_per_s": bare, "fraction": measure.ratio(ingest, bare), **folded}


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    sizes = sizes or Sizes()
    with tempfile.TemporaryDirectory(prefix="apotheca-bench-") as folder, databases() as (sqlite, served):
        home = make_home(Path(folder) / "home", sizes.stations)
        cases = []
        kinds: list[Databases] = [sqlite, served] if served else [sqlite]
        for database in kinds:
            for case in sizes.cases:
                if case.processes > 1 and database is sqlite:
                    continue
                console.print(
                    f"{database.name}: batches of {case.pages}, {case.messages} a commit, {case.processes} at once"
                )
                cases.append(_measure(home, database, case))
        console.print("the bare limits")
        bare = limits.run(home, sizes.count)
    single = _single(cases, bare.pop("single"))
    show.table(console, "Ingest, entries/s as a fraction of bare durable inserts", cases)
    show.table(console, "One entry a batch, against the slowest of its parts", single)
    show.table(console, "Bytes an entry on the wire, batches of 64", [bare["wire"]])
    return {"bench": "ingest", "stations": sizes.stations, "cases": cases, "single": single, **bare}


def make_home(root: Path, stations: int) -> Home:
    """A site with so many stations, S1 the first."""
    plans = tuple(StationPlan(f"S{n}", (f"W{n}",), (), ()) for n in range(1, stations + 1))
    site.make_home(root, Plan(START_MS, START_MS, (), plans))
    return Home(root)


def _measure(home: Home, database: Databases, case: Case) -> dict[str, Any]:
    shares = [_groups(home, case, share) for share in range(case.processes)]
    race = Race()
    # what was prepared is not what is measured: the collector of garbage need not look through it
    gc.freeze()
    if case.processes > 1:
        _run_shards(race, home, database, shares)
    else:
        with_lanes(home, database, lambda ingest, bare: _run(race, ingest, bare, shares[0]))
    gc.unfreeze()
    shape = {"database": database.name, "pages": case.pages, "messages": case.messages, "processes": case.processes}
    return {**shape, "entries": race.entries, **race.figures()}


def _single(cases: Sequence[dict[str, Any]], bare: dict[str, float]) -> list[dict[str, Any]]:
    """One entry a batch, as many a commit as there are, over the slowest of what has to be done for each."""
    rows = []
    for case in cases:
        if case["pages"] == 1 and case["messages"] > 1:
            parts = {**bare, "insert_per_s": case["bare_per_s"]}
            over = measure.ratio(case["ingest_per_s"], min(parts.values()))
            row = {"database": case["database"], "ingest_per_s": case["ingest_per_s"], **parts}
            rows.append({**row, "over_slowest": over})
    return rows


def with_lanes(home: Home, database: Databases, play: Callable[[Ingest, Bare], None]) -> None:
    """Open both lanes over fresh databases, `play(ingest, bare)`, and close them."""
    ingest, bare = Ingest(home, database.url()), Bare(database.url())
    try:
        play(ingest, bare)
    finally:
        bare.close()
        ingest.close()


def _run(race: Race, ingest: Ingest, bare: Bare, groups: Sequence[Group]) -> None:
    for first, beyond in measure.chunks(len(groups), -(-len(groups) // SLICES)):
        part = groups[first:beyond]
        began = time.perf_counter()
        answers = sum(ingest.take(group.messages) for group in part)
        between = time.perf_counter()
        race.entries += sum(bare.commit(group.rows) for group in part)
        race.ingest_s += between - began
        race.bare_s += time.perf_counter() - between
        assert answers == sum(len(group.messages) for group in part), "the centre refused a batch"
    began = time.perf_counter()
    ingest.fold()
    race.fold_s = time.perf_counter() - began


def _run_shards(race: Race, home: Home, database: Databases, shares: Sequence[Sequence[Group]]) -> None:
    """As `_run`, one lane after the other."""
    url = database.url()
    race.ingest_s = shards.run(home, url, [[group.messages for group in share] for share in shares])
    bare = Bare(database.url())
    began = time.perf_counter()
    race.entries = sum(bare.commit(group.rows) for share in shares for group in share)
    race.bare_s = time.perf_counter() - began
    bare.close()
    ingest = Ingest(home, url)
    began = time.perf_counter()
    ingest.fold()
    race.fold_s = time.perf_counter() - began
    ingest.close()


def _groups(home: Home, case: Case, share: int) -> list[Group]:
    """The batches of one process's stations in turn, grouped into transactions."""
    names = config.read(home)
    lanes = []
    for station in names.station[share :: case.processes]:
        author = Author.of(home, station, START_MS)
        author.write(-(-case.entries // len(names.station)))
        topic = topics.up(names.site.id, names.site.shard, station.id, "batch")
        lanes.append(
            [
                (Arrived(topic, raw), [(station.id, station.log, made.seq, made.page) for made in group])
                for raw, group in author.batches(case.pages)
            ]
        )
    turns = [pair for turn in zip(*lanes, strict=True) for pair in turn]
    return [
        Group([message for message, _ in turns[a:b]], [row for _, rows in turns[a:b] for row in rows])
        for a, b in measure.chunks(len(turns), case.messages)
    ]
