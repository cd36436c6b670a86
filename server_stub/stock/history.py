"""What the forecast is made from, read for one station: demand by day, sizes of removals, levels set by people."""

import numpy as np
from sqlalchemy import ColumnElement, Connection, Table, and_, func, select

from server_stub.ledger import schema as ledger
from server_stub.stock import schema
from server_stub.stock.forecast import Floats, Ints
from server_stub.stock.par import usual
from server_stub.stock.planning import Hold

DAYS = 56
HOURS = 24


def day_of(hour: int, first_hour: int) -> int:
    """The day of an hour since 1970, for days that begin at `first_hour`."""
    return (hour - first_hour) // HOURS


def daily_demand(
    conn: Connection, station: str, scales: dict[str, int], before_day: int, first_hour: int
) -> tuple[list[str], Floats]:
    """(items, demand in dispensed units): a row an item, the DAYS days before `before_day`, NaN before its first."""
    items = sorted(scales)
    at = {item: row for row, item in enumerate(items)}
    made = np.full((len(items), DAYS), np.nan)
    firsts = _first_hours(conn, station)
    for item, hour in firsts.items():
        if item in at:
            made[at[item], max(0, day_of(hour, first_hour) - before_day + DAYS) :] = 0.0
    for table, column in ((ledger.usage, ledger.usage.c.removed), (schema.unmet, schema.unmet.c.quantity)):
        for item, day, amount in _by_day(conn, table, column, station, before_day, first_hour):
            column_at = day - before_day + DAYS
            if item in at and 0 <= column_at < DAYS:
                # a refusal may be all there is of a day before the item ever came
                made[at[item], column_at] = np.nan_to_num(made[at[item], column_at]) + amount / scales[item]
    return items, made


def _first_hours(conn: Connection, station: str) -> dict[str, int]:
    used = ledger.usage.c
    query = select(used.item, func.min(used.hour)).where(used.station == station).group_by(used.item)
    return {item: hour for item, hour in conn.execute(query)}


def _by_day(  # noqa: PLR0913, PLR0917 - one query
    conn: Connection, table: Table, column: ColumnElement[int], station: str, before_day: int, first_hour: int
) -> list[tuple[str, int, int]]:
    hour = table.c.hour
    since, until = (before_day - DAYS) * HOURS + first_hour, before_day * HOURS + first_hour
    query = select(table.c.item, hour, column).where(and_(table.c.station == station, hour >= since, hour < until))
    return [(item, day_of(at, first_hour), amount) for item, at, amount in conn.execute(query)]


def usual_sizes(conn: Connection, station: str, items: list[str], scales: dict[str, int]) -> Ints:
    """What one removal of each item usually takes, in dispensed units."""
    table = schema.removal_sizes.c
    found: dict[str, list[tuple[int, int]]] = {}
    for item, size, times in conn.execute(
        select(table.item, table.quantity, table.times).where(table.station == station)
    ):
        found.setdefault(item, []).append((size, times))
    return np.array([_usual(found.get(item, []), scales[item]) for item in items], dtype=np.int64)


def _usual(sizes: list[tuple[int, int]], scale: int) -> int:
    return usual([size / scale for size, _ in sizes], [times for _, times in sizes])


def holds(conn: Connection, station: str) -> dict[str, Hold]:
    """What people set for items of this station."""
    table = schema.par_holds.c
    query = select(table.item, table.held, table.floor).where(table.station == station)
    return {item: Hold(bool(held), floor) for item, held, floor in conn.execute(query)}
