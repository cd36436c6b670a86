"""Benchmarks with tiny sizes: the JSON has the keys of docs/benchmarks.md and its figures are numbers. No timing."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

import simulator.bench
from simulator.bench import (
    cradle,
    drain,
    firmware,
    growth,
    ingest,
    link,
    measure,
    packet,
    par,
    plot,
    steady,
    touch,
    verdict,
    wear,
)
from simulator.cli import bench_app

DOC = Path(__file__).parents[2] / "docs" / "benchmarks.md"
TINY = {
    "ingest": (ingest, ingest.Sizes(2, (ingest.Case(1, 4, 8), ingest.Case(8, 2, 32, 2)), 16)),
    "growth": (growth, growth.Sizes(128, (640, 1_280))),
    "drain": (drain, drain.Sizes(2, 1, 120)),
    "steady": (steady, steady.Sizes(3, 86_400, 2.0, 0.5, 0.1)),
    "verdict": (verdict, verdict.Sizes(4, 64, (80, 800))),
    "touch": (touch, touch.Sizes(2, (2, 3))),
    "firmware": (firmware, firmware.Sizes(60, 20, (40,), 1, 1, touch.Sizes(2, (2,)))),
    "link": (link, link.Sizes(300)),
    "packet": (packet, packet.Sizes((40, 80))),
    "par": (par, (250, 1500)),
    "cradle": (cradle, cradle.Sizes(1, 0.1, ((115_200, 12),))),
}


ROOM_BYTES = 12_000  # in one piece, of a heap of 384 KB with full tables
# Of two measured times either may be the longer with tiny sizes; processor time is counted in ticks of 10 ms.
NOT_ABOVE_ZERO = {"above_ms", "verification_ms", "share", "broker_share"}


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
        inner = [one for key, one in value.items() if key not in NOT_ABOVE_ZERO]
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
    assert name != "firmware" or result["heap"]["largest_free_bytes"] >= ROOM_BYTES


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


def test_the_picture_of_growth_has_a_line_for_each_part_and_a_level_one_for_what_does_not_grow():
    rows = [{"entries": 10**n, "ingest_us": 10.0, "verify_us": float(10 ** (n - 3))} for n in (4, 5)]
    svg = ElementTree.fromstring(plot.picture(rows))
    name = "{http://www.w3.org/2000/svg}"
    words = [text.text for text in svg.iter(f"{name}text")]
    assert {"ingest", "verify", "10,000", "100,000"} <= set(words)
    *_, level, rising = [line.get("points").split() for line in svg.iter(f"{name}polyline")]
    heights = [[float(point.split(",")[1]) for point in line] for line in (level, rising)]
    assert heights[0][0] == heights[0][1] and heights[1][0] > heights[1][1]


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
