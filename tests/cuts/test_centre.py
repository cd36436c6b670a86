"""The centre's database on SQLite, crashed at every operation of its file and with a disk that fails at its calls."""

import pytest

from tests.cuts import centre, full

pytestmark = pytest.mark.req("A12.a", "A13", "U1")


@pytest.fixture
def home(tmp_path):
    return centre.make_home(tmp_path / "home")


def test_a_crash_loses_nothing_that_was_committed(home):
    found = centre.crashes(home, 5, 1, share=11)
    assert found["images"] > 100
    assert (found["lost"], found["corrupt"]) == (0, 0)


def test_without_full_syncs_crashes_lose_what_was_committed(home):
    assert centre.crashes(home, 5, 0, "PRAGMA synchronous = NORMAL", share=5)["lost"] > 0


def test_a_disk_that_fails_loses_nothing_and_leaves_no_hole(home):
    assert full.all_of_centre(home, 150)["groups that failed"] > 4


@pytest.mark.deep
def test_every_crash_of_a_day_loses_nothing(home, record_property):
    found = centre.crashes(home, subsets=28)
    record_property("centre on SQLite, crash images", found)
    assert found["images"] > 45_000
    assert (found["lost"], found["corrupt"]) == (0, 0)


@pytest.mark.deep
def test_failures_of_calls_lose_nothing_and_leave_no_hole(home, record_property):
    found = full.all_of_centre(home, 4)
    record_property("centre on SQLite, disk full or failing", found)
    assert found["groups that failed"] > found["failures"]
