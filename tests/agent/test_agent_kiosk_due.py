"""What is due, late, too early or too soon; what of a removal is still open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.kiosk import due, record
from agent.kiosk.screens_removal import warnings

START = 29_000_000


def task(now, interval=240, flags=0, taken=None, stop=0xFFFFFFFF, policy=None):
    rows = [["O1", "P1", "MOR", 10, START, stop, interval, flags]]
    found = due.tasks(rows, "P1", START + now, policy or {}, {} if taken is None else {"O1": START + taken})
    return found[0] if found else None


@pytest.mark.req("F2")
@pytest.mark.parametrize(
    ("now", "taken", "state", "at"),
    [
        (-61, None, due.EARLY, 0),
        (-60, None, due.NOW, 0),
        (60, None, due.NOW, 0),
        (61, None, due.LATE, 0),
        (10, 5, due.EARLY, 240),
        (10, -60, due.EARLY, 240),
        (10, -61, due.NOW, 0),
        (180, None, due.NOW, 240),
        (180, 5, due.NOW, 240),
        (179, 5, due.EARLY, 240),
        (301, 5, due.LATE, 240),
    ],
)
def test_a_dose_is_due_around_its_time_and_done_once_taken(now, taken, state, at):
    found = task(now, taken=taken)
    assert (found.state, found.due_min) == (state, START + at)


@pytest.mark.req("F2")
@pytest.mark.parametrize(("taken", "soon"), [(None, False), (-31, False), (-30, False), (-29, True), (0, True)])
def test_a_dose_shortly_after_another_is_warned_of(taken, soon):
    found = task(0, taken=taken)
    assert found.too_soon is soon
    assert any("Too soon" in text for text in warnings(found)) is soon


@pytest.mark.req("F2")
def test_an_order_as_needed_is_never_late_and_its_interval_is_the_least_gap():
    found = task(1000, flags=due.PRN, taken=800)
    assert (found.state, found.due_min, found.too_soon) == (due.AS_NEEDED, None, True)
    assert not task(1041, flags=due.PRN, taken=800).too_soon


@pytest.mark.req("F2")
def test_a_single_dose_is_done_once_taken():
    assert task(5, interval=0).state == due.NOW
    assert (task(50, interval=0, taken=5).state, task(50, interval=0, taken=5).due_min) == (due.DONE, None)


def test_an_order_not_verified_is_shown_but_no_authority():
    found = task(0, flags=due.UNVERIFIED)
    assert found.state == due.WAITING
    assert due.active_for([found], "MOR") is None


def test_orders_over_or_far_ahead_are_not_shown():
    assert task(10, stop=START + 10) is None
    assert task(-241) is None
    assert task(-240) is not None


def test_the_policy_of_the_cabinet_holds():
    assert task(-61, policy={"early_min": 90}).state == due.NOW
    assert task(20, policy={"late_min": 10}).state == due.LATE


def test_the_most_urgent_comes_first_and_takes_the_removal():
    rows = [
        ["A", "P1", "MOR", 10, START, 0xFFFFFFFF, 0, 1],
        ["B", "P1", "MOR", 10, START - 100, 0xFFFFFFFF, 240, 0],
        ["C", "P1", "IBU", 1, START, 0xFFFFFFFF],
        ["D", "P2", "IBU", 1, START, 0xFFFFFFFF],
    ]
    found = due.tasks(rows, "P1", START, {}, {})
    assert [(one.order, one.state) for one in found] == [("B", due.LATE), ("C", due.NOW), ("A", due.AS_NEEDED)]
    assert due.active_for(found, "MOR").order == "B"


@given(st.integers(-240, 5000), st.integers(1, 2000), st.none() | st.integers(-60, 5000))
def test_the_dose_shown_is_the_nearest_not_taken(now, interval, taken):
    taken = None if taken is None or taken > now else taken
    found = task(now, interval=interval, taken=taken)
    assert (found.due_min - START) % interval == 0
    assert found.due_min >= START
    if taken is not None:
        assert found.due_min > START + taken - interval
    if found.state == due.EARLY:
        assert START + now < found.due_min - 60


def removal(txn, order, out):
    return record.Removal(txn, START * 60_000, "u1", "P1", order, "MOR", out, out)


@pytest.mark.req("U14", "F9")
def test_open_wastes_age_and_say_when_the_shift_is_over():
    rows = [removal(1, "O1", 15), removal(2, "O1", 10), removal(3, "", 50)]
    (waste,) = record.open_wastes(rows, {"O1": 10}, (START + 30) * 60_000)
    assert (waste.removal.txn, waste.quantity, waste.age_min, waste.late) == (1, 5, 30, False)
    assert record.open_wastes(rows, {"O1": 10}, (START + 30) * 60_000, 30)[0].late
