"""Items of a station laid out in drawers and pockets, with levels from use.

Controlled items have drawers of their own, the first ones; items with heavy use get two pockets. The last drawer is the
return bin.
"""

from collections.abc import Iterator, Mapping, Sequence

from simulator.plan import Item, Pocket

MAX_ITEMS = 300
MAX_POCKETS = 500
BIN_DRAWER = 16
MAX_DRAWERS = 15
MAX_POCKETS_A_DRAWER = 40
# Units; the fixed floor of items that the first quarter of the calendar hardly uses.
FLOOR_MIN = 2
FLOOR_MAX = 6
HEAVY_MAX = 24


class PlanogramError(ValueError):
    """A station asks for more than a cabinet can hold."""


def levels(busiest_day_units: int) -> tuple[int, int]:
    """(min, max) in units: two of the busiest days that levels are drawn from, a third of it as the least."""
    top = max(FLOOR_MAX, 2 * busiest_day_units)
    return max(FLOOR_MIN, top // 3), top


def lay_out(station: str, items: Sequence[Item], busiest_day_units: Mapping[str, int]) -> tuple[Pocket, ...]:
    """Pockets for `items`, quantities in smallest units.

    Raises PlanogramError when the station would need more than 300 items or 15 drawers of 40 pockets.
    """
    if len(items) > MAX_ITEMS:
        raise PlanogramError(_too_much(station, f"{len(items)} items, a cabinet holds {MAX_ITEMS}"))
    shares = _shares(items, busiest_day_units)
    a_drawer = min(max(-(-len(shares) // (MAX_DRAWERS - 2)), 8), MAX_POCKETS_A_DRAWER)
    controlled = [share for share in shares if share[0].schedule]
    plain = [share for share in shares if not share[0].schedule]
    drawers = [*_drawers(controlled, a_drawer), *_drawers(plain, a_drawer)]
    if len(drawers) > MAX_DRAWERS:
        raise PlanogramError(
            _too_much(station, f"{len(drawers)} drawers, a cabinet has {MAX_DRAWERS} beside its return bin")
        )
    return tuple(
        _pocket(drawer, number, *share)
        for drawer, content in enumerate(drawers, 1)
        for number, share in enumerate(content, 1)
    )


def _too_much(station: str, what: str) -> str:
    return f"station {station} needs {what}; split its wards over two stations or replay fewer days"


def _shares(items: Sequence[Item], busiest: Mapping[str, int]) -> list[tuple[Item, int, int]]:
    """(item, min units, max units) of each pocket; second pockets come last, heaviest items first."""
    level = {item.item: levels(busiest.get(item.item, 0)) for item in items}
    heavy = sorted((i for i in items if level[i.item][1] >= HEAVY_MAX), key=lambda i: (-level[i.item][1], i.item))
    doubled = {item.item for item in heavy[: MAX_POCKETS - len(items)]}
    firsts = [_share(item, level[item.item], item.item in doubled, 1) for item in items]
    return firsts + [_share(item, level[item.item], True, 0) for item in heavy if item.item in doubled]


def _share(item: Item, level: tuple[int, int], halved: bool, extra: int) -> tuple[Item, int, int]:
    low, top = level
    return (item, (low + extra) // 2, (top + extra) // 2) if halved else (item, low, top)


def _drawers(shares: Sequence[tuple[Item, int, int]], size: int) -> Iterator[Sequence[tuple[Item, int, int]]]:
    return (shares[at : at + size] for at in range(0, len(shares), size))


def _pocket(drawer: int, number: int, item: Item, low: int, top: int) -> Pocket:
    return Pocket(
        place=f"D{drawer:02}-P{number:02}",
        drawer=drawer,
        pocket=number,
        item=item.item,
        min=low * item.scale,
        max=top * item.scale,
        capacity=2 * top * item.scale,
        start=top * item.scale,
    )
