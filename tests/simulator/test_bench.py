"""Benchmarks with tiny sizes: the JSON has the keys of docs/benchmarks.md and its figures are numbers. No timing."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

import simulator.bench
from simulator.bench import cradle, firmware, ingest, link, measure, packet, par, touch, verdict, wear
from simulator.cli import bench_app

DOC = Path(__file__).parents[2] / "docs" / "benchmarks.md"
TINY = {
    "ingest": (ingest, ingest.Sizes(2, (ingest.Case(8, 1, 32), ingest.Case(1, 4, 8)), (64, 256))),
    "verdict": (verdict, verdict.Sizes(4, 64, (80, 800))),
    "touch": (touch, touch.Sizes(3, (4, 20))),
    "firmware": (firmware, firmware.Sizes(60, 20, (40,), 1, 1, touch.Sizes(3, (4,)))),
    "link": (link, link.Sizes(300)),
    "packet": (packet, packet.Sizes((40, 80))),
    "par": (par, (250, 1500)),
    "cradle": (cradle, cradle.Sizes(1, 0.1, ((115_200, 12),))),
}


DIFFERENCES = {"verification_ms"}  # of two measured times: with tiny sizes either may be the longer


def keys(value, path=""):
    """Every path of keys that leads to a figure or text; elements of an array share one."""
    if isinstance(value, dict):
        return {p for key, inner in value.items() for p in keys(inner, f"{path}.{key}" if path else key)}
    if isinstance(value, list):
        return {p for inner in value for p in keys(inner, f"{path}[]")}
    return {path}


def documented(name):
    section = DOC.read_text().split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))


def figures(value):
    if isinstance(value, dict):
        inner = [one for key, one in value.items() if key not in DIFFERENCES]
    else:
        inner = value if isinstance(value, list) else ()
    found = [value] if isinstance(value, (int, float)) else []
    return found + [figure for one in inner for figure in figures(one)]


@pytest.mark.parametrize("name", TINY)
def test_a_benchmark_gives_what_is_documented(name):
    bench, sizes = TINY[name]
    result = bench.run(Console(quiet=True), sizes)
    assert keys(result) == documented(name)
    assert result["bench"] == name
    assert min(figures(result)) > 0
    assert json.loads(json.dumps(result, allow_nan=False)) == result


@pytest.mark.parametrize("json_", ["-", "file"])
def test_standard_output_carries_the_json_alone(json_, monkeypatch, tmp_path):
    def fake(name, console):
        console.print("on the way")
        return {"bench": name, "ratio": 0.5}

    monkeypatch.setattr("simulator.cli.run_bench", fake)
    target = json_ if json_ == "-" else str(tmp_path / "out.json")
    result = CliRunner().invoke(bench_app, ["link", "--json", target])
    assert result.exit_code == 0
    text = result.stdout if json_ == "-" else Path(target).read_text()
    assert json.loads(text) == {"bench": "link", "ratio": 0.5}
    assert "on the way" in result.stderr
    assert json_ == "-" or not result.stdout


def test_an_unknown_benchmark_names_those_there_are():
    result = CliRunner().invoke(bench_app, ["nothing"])
    assert result.exit_code == 2
    assert all(name in result.stderr for name in simulator.bench.BENCHES)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_the_smallest_value_that_enough_do_not_exceed(values, share):
    found = measure.quantile(values, share)
    assert sum(value <= found for value in values) >= share * len(values) * (1 - 1e-9)
    assert sum(value < found for value in values) < share * len(values) * (1 + 1e-9)


def test_a_ratio_without_a_limit_is_zero():
    assert measure.ratio(3, 0) == 0
    assert measure.ratio(1, 3) == 0.3333
    assert measure.rate(10, 0) == 0
    assert measure.rate(10, 4) == 2.5


@given(st.integers(0, 500), st.integers(1, 100))
def test_chunks_cover_all_once(total, size):
    assert [n for first, beyond in measure.chunks(total, size) for n in range(first, beyond)] == list(range(total))
    assert all(0 < beyond - first <= size for first, beyond in measure.chunks(total, size))


@pytest.mark.req("A12.b")
def test_an_entry_costs_the_flash_no_more_than_it_may():
    done = wear.run(1500, sectors=16)
    assert done.programs / done.entries <= wear.PROGRAMS_TARGET
    assert done.erases / done.entries <= wear.ERASES_TARGET
    assert (done.programs, done.erases) == (1500 + 2 * 99, 99)  # sector 0 was opened when the ring began
