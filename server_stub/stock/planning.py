"""From a station's forecast to the levels of its pockets. Pure: the daily update and the trial both plan here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from server_stub.stock.forecast import Forecast, ForecastSettings, Ints
from server_stub.stock.par import Bounds, Levels, ParSettings, levels, reason, split
from server_stub.stock.shelves import Shelf


@dataclass(frozen=True)
class UpdateSettings:
    """`hour` (0..23, hospital time) is when a day ends and the levels of the next are set, before the refills."""

    hour: int = 1
    forecast: ForecastSettings = field(default_factory=ForecastSettings)
    par: ParSettings = field(default_factory=ParSettings)


class Hold(NamedTuple):
    """What people set for an item: `held` keeps its levels as they are, `floor` is its least min in smallest units."""

    held: bool
    floor: int


class Wanted(NamedTuple):
    """Levels a pocket should have, in smallest units, and why."""

    place: str
    min: int
    max: int
    reason: str


def plan(  # noqa: PLR0913, PLR0917 - all that levels depend on
    shelf: Shelf,
    items: Sequence[str],
    expected: Forecast,
    sizes: Ints,
    people: Mapping[str, Hold],
    settings: UpdateSettings,
) -> list[tuple[Wanted, tuple[int, int]]]:
    """The wanted levels of each pocket whose item changes and is not held, and the (min, max) that stands.

    Row n of `expected` and `sizes` (units one removal usually takes) is `items[n]`.
    """
    made = levels(expected, _bounds(shelf, items, sizes, people), settings.par)
    found = []
    for n, item in enumerate(items):
        if item in people and people[item].held:
            continue
        scale, low, top = shelf.items[item].scale, int(made.min[n]), int(made.max[n])
        if shelf.level(item) == (low * scale, top * scale):
            continue
        words = _words(expected, made, n, settings)
        pockets = shelf.pockets[item]
        shares = split(low, top, [p.capacity for p in pockets], scale)
        for pocket, (least, most) in zip(pockets, shares, strict=True):
            if most:
                found.append((Wanted(pocket.place, least, most, words), (pocket.min, pocket.max)))
    return found


def _words(expected: Forecast, made: Levels, n: int, settings: UpdateSettings) -> str:
    hours = settings.forecast.protection_hours
    return reason(settings.par.most, hours, int(expected.days[n]), float(expected.daily[n]), int(made.bound[n]))


def _bounds(shelf: Shelf, items: Sequence[str], sizes: Ints, people: Mapping[str, Hold]) -> Bounds:
    def column(values: Sequence[int]) -> Ints:
        return np.array(values, dtype=np.int64)

    def total(name: str) -> Ints:
        sums = [
            sum(getattr(pocket, name) // shelf.items[item].scale for pocket in shelf.pockets[item]) for item in items
        ]
        return column(sums)

    floors = [-(-people[item].floor // shelf.items[item].scale) if item in people else 0 for item in items]
    return Bounds(
        capacity=total("capacity"),
        usual=sizes,
        controlled=column([int(shelf.items[item].schedule > 0) for item in items]),
        floor=column(floors),
        now_max=total("max"),
        first_min=total("first_min"),
        first_max=total("first_max"),
    )
