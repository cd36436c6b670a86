"""Levels stay inside their guard rails whatever the forecast says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server_stub.stock.forecast import Forecast
from server_stub.stock.par import BOUNDS, Bounds, ParSettings, levels, reason, split, usual

SETTINGS = ParSettings()


def expected(mean, days=40):
    mean = np.array([float(mean)])
    return Forecast(mean, 3 * mean, mean, np.array([days]))


def bounds(**more):
    fields = {
        "capacity": 100,
        "usual": 1,
        "controlled": 0,
        "floor": 0,
        "now_max": 20,
        "first_min": 5,
        "first_max": 20,
        **more,
    }
    return Bounds(**{name: np.array([value], dtype=np.int64) for name, value in fields.items()})


def one(mean, days=40, **more):
    made = levels(expected(mean, days), bounds(**more), SETTINGS)
    return int(made.min[0]), int(made.max[0]), BOUNDS[int(made.bound[0])]


@pytest.mark.req("A1.d", "A21.b")
@settings(deadline=None)
@given(
    mean=st.floats(0, 80),
    days=st.integers(0, 60),
    capacity=st.integers(1, 120),
    now_max=st.integers(1, 120),
    usual=st.integers(1, 6),
    controlled=st.integers(0, 1),
    floor=st.integers(0, 10),
)
def test_levels_are_always_ones_the_firmware_takes(mean, days, capacity, now_max, usual, controlled, floor):
    made = one(
        mean, days, capacity=capacity, now_max=now_max, usual=usual, controlled=controlled, floor=floor
    )  # fmt: skip
    low, top, _ = made
    assert 1 <= low <= top <= capacity
    assert low < top or top == 1, "a pocket for one unit is refilled when it is empty"
    rise = max(now_max * SETTINGS.step_up, SETTINGS.step_units)
    assert top <= now_max + rise
    assert top >= min(capacity, now_max - max(1, int(now_max * SETTINGS.step_down)))


@settings(deadline=None)
@given(st.floats(0, 60), st.floats(0, 20))
def test_more_expected_demand_never_lowers_a_level(mean, more):
    less, greater = one(mean), one(mean + more)
    assert less[0] <= greater[0]
    assert less[1] <= greater[1]


@pytest.mark.req("A1.g")
def test_guard_rails_by_name():
    assert one(5, now_max=20) == (15, 20, BOUNDS[0]) or one(5)[2] == ""
    assert one(80, now_max=10)[1:] == (20, "at most this much more in one day")
    assert one(0, now_max=50)[1:] == (40, "at most this much less in one day")
    assert one(80, capacity=30, now_max=40)[1:] == (30, "capacity of its pockets")
    assert one(0, days=3, now_max=20)[1:] == (20, "little history: not below the planogram")
    low, top, why = one(0, usual=4, now_max=8)
    assert (low, top) == (4, 8)
    assert "one removal" in why
    assert one(0, controlled=1, now_max=3)[0] == SETTINGS.controlled_min
    assert one(0, floor=9, now_max=10)[:2] == (9, 10)


@settings(deadline=None)
@given(
    low=st.integers(0, 60),
    top=st.integers(1, 60),
    capacities=st.lists(st.integers(0, 30_000), min_size=1, max_size=5),
    scale=st.sampled_from([1, 1000]),
)
def test_shares_fit_their_pockets_and_sum_to_the_level(low, top, capacities, scale):
    shares = split(low, top, capacities, scale)
    room = sum(capacity // scale for capacity in capacities)
    with_room = sum(capacity >= scale for capacity in capacities)
    assert sum(share[1] for share in shares) == scale * min(max(top, with_room), room)
    assert sum(share[0] for share in shares) == scale * min(low, max(top, with_room), room)
    for (least, most), capacity in zip(shares, capacities, strict=True):
        assert 0 <= least <= most <= capacity
        assert most >= scale or capacity < scale
        assert least % scale == most % scale == 0


def test_what_a_removal_usually_takes():
    assert usual([], []) == 1
    assert usual([1, 2, 8], [90, 8, 2]) == 1
    assert usual([8, 1, 2], [2, 80, 18]) == 2
    assert usual([0.5], [3]) == 1


def test_the_reason_in_words():
    assert reason(0.98, 28, 14, 6.2, 0) == "p98 of 28 h demand, 14 days of use, mean 6.2/day"
    assert reason(0.995, 28, 3, 0.04, 6).endswith("mean 0.0/day; capacity of its pockets")
