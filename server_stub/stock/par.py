"""PAR levels: what an item should hold at a station, from its forecast, inside guard rails (A1.d, RD-A1, RD-A2).

`min` is the reorder point, `max` is filled up to. Pure; amounts are dispensed units until `split` gives each pocket
its share in smallest units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np

from server_stub.stock.forecast import Forecast, Ints, quantile


@dataclass(frozen=True)
class ParSettings:
    """`service` is the quantile of `min`, `most` that of `max`; `cover_days` of mean demand lie at least between them.

    In a day `max` at most grows by `step_up` of itself or `step_units`, whichever is more, and shrinks by `step_down`
    of itself, or one unit. An item known less than `young_days` never goes below the levels it came with.
    """

    service: float = 0.98
    most: float = 0.99
    cover_days: float = 1.0
    step_up: float = 1.0
    step_units: int = 6
    step_down: float = 0.2
    young_days: int = 14
    least_max: int = 4
    controlled_min: int = 2


class Bounds(NamedTuple):
    """What the levels of a set of items are bounded by, one row an item of a station.

    `usual` is what one removal usually takes, `floor` the least `min` somebody has set (0: none),
    `now_max` the max that stands, `first_min` and `first_max` are the planogram's.
    """

    capacity: Ints
    usual: Ints
    controlled: Ints
    floor: Ints
    now_max: Ints
    first_min: Ints
    first_max: Ints


class Levels(NamedTuple):
    """Wanted (min, max) of each item, and the code of what bounded its max (an index of BOUNDS)."""

    min: Ints
    max: Ints
    bound: Ints


BOUNDS = (
    "",
    "floor: one removal usually takes this much",
    "floor of an item that is controlled or set by hand",
    "little history: not below the planogram",
    "at most this much more in one day",
    "at most this much less in one day",
    "capacity of its pockets",
)


def levels(expected: Forecast, bounds: Bounds, settings: ParSettings | None = None) -> Levels:
    """The levels each item should have tomorrow."""
    settings = settings or ParSettings()
    low = quantile(expected.mean, expected.variance, settings.service)
    top = quantile(expected.mean, expected.variance, settings.most)
    top = np.maximum(top, low + np.ceil(settings.cover_days * expected.daily).astype(np.int64))
    bound = np.zeros(top.shape, dtype=np.int64)
    own = np.maximum(np.where(bounds.controlled > 0, settings.controlled_min, 0), bounds.floor)
    young = expected.days < settings.young_days
    low = np.maximum(np.maximum(low, bounds.usual), own)
    low = np.where(young, np.maximum(low, bounds.first_min), low)
    top, bound = _raised(top, np.maximum(low + bounds.usual, settings.least_max), bound, 1)
    top, bound = _raised(top, own + bounds.usual, bound, 2)
    top, bound = _raised(top, np.where(young, bounds.first_max, 0), bound, 3)
    top, bound = _stepped(top, bound, bounds.now_max, settings)
    top, bound = _lowered(top, bounds.capacity, bound, 6)
    return Levels(np.minimum(low, np.maximum(top - 1, 1)), np.maximum(top, 1), bound)


def _raised(top: Ints, least: Ints, bound: Ints, code: int) -> tuple[Ints, Ints]:
    return np.maximum(top, least), np.where(least > top, code, bound)


def _lowered(top: Ints, most: Ints, bound: Ints, code: int) -> tuple[Ints, Ints]:
    return np.minimum(top, most), np.where(most < top, code, bound)


def _stepped(top: Ints, bound: Ints, now: Ints, settings: ParSettings) -> tuple[Ints, Ints]:
    rise = np.maximum(np.ceil(now * settings.step_up), settings.step_units).astype(np.int64)
    fall = np.maximum(np.floor(now * settings.step_down), 1).astype(np.int64)
    top, bound = _lowered(top, now + rise, bound, 4)
    return _raised(top, now - fall, bound, 5)


def split(low: int, top: int, capacities: Sequence[int], scale: int) -> list[tuple[int, int]]:
    """(min, max) of each pocket in smallest units: whole dispensed units in the ratio of the capacities.

    Every pocket with room for a unit gets one, for a pocket's max is at least that; one without room gets (0, 0).
    """
    room = [capacity // scale for capacity in capacities]
    first = [min(1, each) for each in room]
    more = _shares(max(0, top - sum(first)), [each - one for each, one in zip(room, first, strict=True)])
    tops = [one + rest for one, rest in zip(first, more, strict=True)]
    lows = _shares(min(low, sum(tops)), tops)
    return [(a * scale, b * scale) for a, b in zip(lows, tops, strict=True)]


def _shares(amount: int, room: Sequence[int]) -> list[int]:
    """`amount` in whole units over pockets in the ratio of their `room`, never more than fits."""
    total = sum(room)
    if amount >= total:
        return list(room)
    shares = [amount * each // total for each in room]
    by_rest = sorted(range(len(room)), key=lambda n: (-(amount * room[n] % total), n))
    for n in by_rest[: amount - sum(shares)]:
        shares[n] += 1
    return shares


def reason(service: float, hours: float, days: int, daily: float, bound: int) -> str:
    """Why, in words: "p98 of 28 h demand, 14 days of use, mean 6.2/day"."""
    words = f"p{100 * service:g} of {hours:g} h demand, {days} days of use, mean {daily:.1f}/day"
    return f"{words}; {BOUNDS[bound]}" if bound else words


def usual(sizes: Sequence[float], times: Sequence[int], share: float = 0.9) -> int:
    """What a removal usually takes: the size that `share` of the removals do not exceed, rounded up; 1 without any."""
    left = share * sum(times)
    for size, count in sorted(zip(sizes, times, strict=True)):
        left -= count
        if left <= 0:
            return max(1, ceil(size))
    return 1
