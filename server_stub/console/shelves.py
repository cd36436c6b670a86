"""What pages and API show of stock: pockets with their levels, an item's use by day with its forecast."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine, func, select

from server_stub.ledger import schema
from server_stub.stock import schema as stock
from server_stub.stock.queries import stock_and_par

DAY_H = 24


def pockets(engine: Engine, stations: Iterable[str], *, show: str = "", item: str = "") -> list[dict[str, Any]]:
    """Pockets of these stations with their levels; `show` is empty, owed, below, or "" for all."""
    rows = [row for station in stations for row in stock_and_par(engine, station)]
    return [row for row in rows if _shown(row, show) and item in ("", row["item"])]


def _shown(row: dict[str, Any], show: str) -> bool:
    match show:
        case "owed":
            return bool(row["must_count"])
        case "empty":
            return not row["must_count"] and row["quantity"] == 0
        case "below":
            return bool(row["quantity"] < row["min"])
    return True


class Day(NamedTuple):
    """Use of one day; `day` counts from 1970 UTC, quantities in smallest units."""

    day: int
    removed: int
    returned: int
    wasted: int
    refilled: int


def use_by_day(engine: Engine, item: str, station: str = "") -> list[Day]:
    """Use of an item at a station, or at all, on every day from the first with any to the last."""
    use = schema.usage.c
    query = select(
        use.hour,
        *(func.sum(column) for column in (use.removed, use.returned, use.wasted, use.refilled)),
    ).where(use.item == item)
    if station:
        query = query.where(use.station == station)
    with engine.connect() as conn:
        return _days([tuple(row) for row in conn.execute(query.group_by(use.hour))])


def _days(hours: Iterable[Sequence[int]]) -> list[Day]:
    sums: dict[int, list[int]] = {}
    for hour, *amounts in hours:
        found = sums.setdefault(hour // DAY_H, [0, 0, 0, 0])
        for index, amount in enumerate(amounts):
            found[index] += int(amount)
    if not sums:
        return []
    return [Day(day, *sums.get(day, [0, 0, 0, 0])) for day in range(min(sums), max(sums) + 1)]


class Forecast(NamedTuple):
    """What was expected from `day` on, for the time until a restock, in dispensed units.

    `daily` is the mean a day, `days` how many days of use were known.
    """

    day: int
    daily: float
    mean: float
    p50: int
    p90: int
    p98: int
    days: int


def forecasts(engine: Engine, item: str, station: str) -> list[Forecast]:
    """The forecasts made for an item at a station, the oldest first."""
    made = stock.forecasts.c
    query = (
        select(made.day, made.daily, made.mean, made.p50, made.p90, made.p98, made.days)
        .where(made.item == item, made.station == station)
        .order_by(made.day)
    )
    with engine.connect() as conn:
        return [Forecast(*row) for row in conn.execute(query)]
