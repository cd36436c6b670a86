"""What console and API show of the supply: orders, pick lists, on-hand figures by day. Reads only."""

from typing import Any, NamedTuple

from sqlalchemy import Engine, and_, select

from server_stub.stock import schema as stock
from server_stub.stock.shelves import read_shelf
from server_stub.supply import schema
from server_stub.supply.orders import EXPIRED, PUT_AWAY, SUPERSEDED
from server_stub.supply.pick import pick_list

WORDS = {None: "open", PUT_AWAY: "put away", EXPIRED: "expired after a day", SUPERSEDED: "no longer needed"}

_T, _C = schema.restock_orders.c, stock.closing_stock.c


class RestockOrder(NamedTuple):
    """An order of the centre for a station, smallest units; `closed_ms` None while it stands, then WORDS[reason]."""

    station: str
    number: int
    item: str
    quantity: int
    on_hand: int
    on_order: int
    par_min: int
    par_max: int
    opened_ms: int
    put_away: int
    closed_ms: int | None
    reason: int | None


def restock_orders(
    engine: Engine, *, standing: bool | None = None, limit: int = 200, station: str | None = None
) -> list[RestockOrder]:
    """Orders that stand, closed ones, or (None) both; the newest first."""
    query = select(*(_T[name] for name in RestockOrder._fields))
    if standing is not None:
        query = query.where(_T.closed_ms.is_(None) if standing else _T.closed_ms.is_not(None))
    if station is not None:
        query = query.where(_T.station == station)
    query = query.order_by(_T.opened_ms.desc(), _T.station, _T.number.desc()).limit(limit)
    with engine.connect() as conn:
        return [RestockOrder(*row) for row in conn.execute(query)]


def station_pick_list(engine: Engine, station: str) -> list[dict[str, Any]]:
    """As the intake request `pick_list`."""
    with engine.connect() as conn:
        return pick_list(conn, station, read_shelf(conn, station))


def daily_on_hand(engine: Engine, station: str, first_day: int, last_day: int) -> list[dict[str, Any]]:
    """On hand at the end of each day, by item (P15): smallest units; days since 1970, both included."""
    query = select(_C.place, _C.day, _C.item, _C.quantity).where(and_(_C.station == station, _C.day <= last_day))
    with engine.connect() as conn:
        closings = conn.execute(query.order_by(_C.day, _C.place)).all()
    held: dict[str, tuple[str, int]] = {}
    found = []
    at = 0
    for day in range(first_day, last_day + 1):
        while at < len(closings) and closings[at].day <= day:
            held[closings[at].place] = (closings[at].item, closings[at].quantity)
            at += 1
        totals: dict[str, int] = {}
        for item, quantity in held.values():
            totals[item] = totals.get(item, 0) + quantity
        found += [{"station": station, "day": day, "item": i, "quantity": q} for i, q in sorted(totals.items())]
    return found
