"""Benchmarks of `apotheca bench NAME`: each is a module with `run(console) -> dict` whose result becomes JSON."""

from importlib import import_module
from typing import Any

from rich.console import Console

BENCHES = {
    "ingest": "simulator.bench.ingest",
    "verdict": "simulator.bench.verdict",
    "touch": "simulator.bench.touch",
    "firmware": "simulator.bench.firmware",
    "link": "simulator.bench.link",
    "par": "simulator.bench.par",
    "packet": "simulator.bench.packet",
    "growth": "simulator.bench.growth",
    "drain": "simulator.bench.drain",
    "steady": "simulator.bench.steady",
    "cradle": "simulator.bench.cradle",
}


def run(name: str, console: Console) -> dict[str, Any]:
    """Run one benchmark; `console` is for people (standard error). KeyError for an unknown name."""
    result: dict[str, Any] = import_module(BENCHES[name]).run(console)
    return result
