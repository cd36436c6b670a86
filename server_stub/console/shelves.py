"""What pages and API show of stock: pockets with their levels, an item's use by day with its forecast."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import cbor2
from sqlalchemy import Connection, Engine, and_, func, select

from server_stub.ledger import schema
from server_stub.stock import schema as stock

DAY_H = 24


def pockets(engine: Engine, *, station: str = "", show: str = "") -> list[dict[str, Any]]:
    """Pockets with `par_min`, `par_max` and the `reason` of the levels the cabinet applied, else the planogram's.

    `show` is empty, owed, below, or "" for all.
    """
    held, levels = schema.inventory, stock.par_levels.c
    joined = held.outerjoin(stock.par_levels, and_(held.c.station == levels.station, held.c.place == levels.place))
    query = (
        select(held, levels.applied_min, levels.applied_max, levels.wanted_min, levels.wanted_max, levels.reason)
        .select_from(joined)
        .order_by(held.c.station, held.c.place)
    )
    if station:
        query = query.where(held.c.station == station)
    with engine.connect() as conn:
        planogram = _planogram(conn, station)
        rows = [_pocket(dict(row._mapping), planogram) for row in conn.execute(query)]
    return [row for row in rows if _shown(row, show)]


def _planogram(conn: Connection, station: str) -> dict[tuple[str, str], list[Any]]:
    rows = schema.reference_rows.c
    query = select(rows.station, rows.key, rows.row).where(rows.table == "pockets", rows.row.is_not(None))
    if station:
        query = query.where(rows.station == station)
    return {(at, place): cbor2.loads(data) for at, place, data in conn.execute(query)}


def _pocket(row: dict[str, Any], planogram: dict[tuple[str, str], list[Any]]) -> dict[str, Any]:
    plan = planogram.get((row["station"], row["place"]), [None] * 7)
    low, top = row.pop("applied_min"), row.pop("applied_max")
    applied = low is not None
    return {
        **row,
        "must_count": bool(row["must_count"]),
        "par_min": low if applied else plan[4],
        "par_max": top if applied else plan[5],
        "capacity": plan[6],
        "reason": (row["reason"] or "") if applied else "",
    }


def _shown(row: dict[str, Any], show: str) -> bool:
    match show:
        case "owed":
            return bool(row["must_count"])
        case "empty":
            return not row["must_count"] and row["quantity"] == 0
        case "below":
            return row["par_min"] is not None and row["quantity"] < row["par_min"]
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
        return _days(conn.execute(query.group_by(use.hour)).tuples())


def _days(hours: Iterable[tuple[int, ...]]) -> list[Day]:
    sums: dict[int, list[int]] = {}
    for hour, *amounts in hours:
        found = sums.setdefault(hour // DAY_H, [0, 0, 0, 0])
        for index, amount in enumerate(amounts):
            found[index] += int(amount)
    if not sums:
        return []
    return [Day(day, *sums.get(day, [0, 0, 0, 0])) for day in range(min(sums), max(sums) + 1)]


class Forecast(NamedTuple):
    """What was expected from `day` on, for the protection time, in dispensed units; `daily` is the mean a day."""

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
