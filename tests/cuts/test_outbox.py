"""The agent's outbox, crashed at every operation of its file and with a disk that fails at every call."""

import pytest

from tests.cuts import full, outbox

pytestmark = pytest.mark.req("A12.a", "U1")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "outbox.db"


def test_a_crash_loses_nothing_that_was_committed(path):
    found = outbox.crashes(path, 20, 4)
    assert found["images"] > 1000
    assert (found["lost"], found["corrupt"]) == (0, 0)


@pytest.mark.parametrize("level", ["NORMAL", "OFF"])
def test_without_full_syncs_crashes_lose_what_was_committed(path, level):
    assert outbox.crashes(path, 8, 0, f"PRAGMA synchronous = {level}")["lost"] > 20


def test_a_disk_that_fails_is_told_and_loses_nothing(path):
    found = full.all_of_outbox(path, 9)
    assert found["refused with a code"] >= found["failures"]


@pytest.mark.deep
def test_every_crash_of_a_long_life_loses_nothing(path, record_property):
    found = outbox.crashes(path, subsets=64)
    record_property("outbox, crash images", found)
    assert found["images"] > 50_000
    assert (found["lost"], found["corrupt"]) == (0, 0)


@pytest.mark.deep
def test_a_failure_of_every_call_is_told_and_loses_nothing(path, record_property):
    found = full.all_of_outbox(path)
    record_property("outbox, disk full or failing", found)
    assert found["failures"] == 4 * found["calls"]
