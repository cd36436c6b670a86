"""A slice of the real hospital through the whole chain, undisturbed and with kills, by the command of the demo."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DAYS = 6
KILLS = 3
# before pytest's own limit, which would not end the command
WITHIN_S = 280


def replay(tmp_path, data_dir, *options):
    """The JSON of `apotheca demo --data ... --exit`, which ended well."""
    out = tmp_path / "results.json"
    args = ["--data", str(data_dir), "--days", str(DAYS), "--exit", "--json", str(out), *options]
    command = [sys.executable, "-m", "apotheca", "--home", str(tmp_path / "home"), "demo", *args]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stderr)
    return json.loads(out.read_text())


def assert_nothing_lost(results):
    removals, entries = results["removals"], results["entries"]
    assert results["ledger_ok"] is True
    assert removals["replayed"] == removals["journals"] == removals["outboxes"] == removals["ledger"] > 500
    assert entries["journals"] == entries["outboxes"] == entries["ledger"] > 5000
    assert sum(results["fates"].values()) == 26_455
    assert results["stations"] >= 10


def assert_decided(results):
    assert sum(results["verdicts"].values()) == results["removals"]["ledger"]
    assert results["verdicts"]["pending"] == results["alerts_open_needlessly"] == 0
    for count in results["seeded"].values():
        assert count["made"] == count["found"] > 4
    assert results["restock_orders"] > 100 and results["par_updates_applied"] > 100
    assert [packet["ok"] for packet in results["packets"]] == [True]


@pytest.mark.real_data
@pytest.mark.req("A1", "A1.a", "A1.b", "A3.c", "A12.a", "P8", "P9", "P130")
def test_a_slice_of_the_real_hospital(tmp_path, data_dir):
    results = replay(tmp_path, data_dir)
    assert_nothing_lost(results)
    assert_decided(results)


@pytest.mark.real_data
@pytest.mark.req("A12.a", "A12.b", "P9")
def test_a_slice_with_processes_killed(tmp_path, data_dir):
    results = replay(tmp_path, data_dir, "--kill", str(KILLS), "--seed", "2")
    assert_nothing_lost(results)
    assert_decided(results)
