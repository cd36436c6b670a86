"""`apotheca bench par`: the nightly levels of a whole site, from demand in memory to (min, max) of each pocket.

The bare limit is reading the same demand once (a sum over it).
"""

import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console

from server_stub.stock.forecast import Floats, forecast
from server_stub.stock.history import DAYS
from server_stub.stock.planning import UpdateSettings, plan
from server_stub.stock.shelves import Item, Pocket, Shelf

SIZES = (1_000, 5_000, 10_000, 50_000)
A_STATION = 250
RUNS = 3


def run(console: Console) -> dict[str, Any]:
    """Seconds for each number of pockets, the best of three; stations have 250 pockets of one item each."""
    rows = []
    for pockets in SIZES:
        stations = [_station(seed) for seed in range(pockets // A_STATION)]
        seconds = _best(lambda stations=stations: [_night(shelf, demand) for shelf, demand in stations])  # type: ignore[misc]
        bare = _best(lambda stations=stations: [float(np.nansum(demand)) for _, demand in stations])  # type: ignore[misc]
        row = {"pockets": pockets, "seconds": round(seconds, 3), "us_per_pocket": round(1e6 * seconds / pockets, 1)}
        rows.append({**row, "bare_seconds": round(bare, 4)})
        console.print(f"{pockets:>7,} pockets  {seconds:7.3f} s  {row['us_per_pocket']:6.1f} us a pocket")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"bench": "par", "days": DAYS, "rows": rows, "peak_rss_mb": peak}


def _station(seed: int) -> tuple[Shelf, Floats]:
    rng = np.random.default_rng(seed)
    names = [f"I{n:04}" for n in range(A_STATION)]
    rate = rng.gamma(0.4, 2.0, A_STATION)[:, None]
    demand = rng.negative_binomial(1.2, 1.2 / (1.2 + rate), (A_STATION, DAYS)).astype(np.float64)
    pockets = {name: [Pocket(f"D01-P{n:03}", 1, n, name, 2, 6, 24, 2, 6)] for n, name in enumerate(names)}
    return Shelf({name: Item(name, 0, 1) for name in names}, pockets), demand


def _night(shelf: Shelf, demand: Floats) -> int:
    settings = UpdateSettings()
    items = sorted(shelf.pockets)
    expected = forecast(demand, settings.forecast)
    return len(plan(shelf, items, expected, np.ones(len(items), dtype=np.int64), {}, settings))


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
