"""What console and API show of levels and forecasts: reads only, each from one snapshot of the database."""

from math import isnan
from typing import Any

from sqlalchemy import Engine, and_, func, select

from server_stub.ledger import schema as ledger
from server_stub.stock import schema
from server_stub.stock.history import daily_demand
from server_stub.stock.planning import UpdateSettings
from server_stub.stock.shelves import read_shelf

_I, _L, _C, _F = ledger.inventory.c, schema.par_levels.c, schema.commands.c, schema.forecasts.c


def stock_and_par(engine: Engine, station: str) -> list[dict[str, Any]]:
    """A row a pocket: what it holds, the levels that stand, those wanted with their reason and their command's state.

    Quantities in smallest units, `scale` of them are one dispensed unit; `wanted_...` is null where nothing was sent.
    """
    with engine.connect() as conn:
        shelf = read_shelf(conn, station)
        held = {row.place: row for row in conn.execute(select(ledger.inventory).where(_I.station == station))}
        joined = schema.par_levels.join(schema.commands, and_(_C.station == _L.station, _C.number == _L.number))
        columns = (_L.place, _L.wanted_min, _L.wanted_max, _L.reason, _L.number, _L.wanted_ms, _L.applied_ms)
        query = select(*columns, _C.state, _C.result).select_from(joined).where(_L.station == station)
        wanted = {row.place: dict(row._mapping) for row in conn.execute(query)}
        hold = schema.par_holds.c
        holds = {row.item: row for row in conn.execute(select(schema.par_holds).where(hold.station == station))}
    empty = dict.fromkeys(
        ("wanted_min", "wanted_max", "reason", "number", "wanted_ms", "applied_ms", "state", "result")
    )
    found = []
    for item, pockets in shelf.pockets.items():
        for pocket in pockets:
            now = held.get(pocket.place)
            row = {
                "station": station,
                "place": pocket.place,
                "item": item,
                "scale": shelf.items[item].scale if item in shelf.items else 1,
                "quantity": now.quantity if now else 0,
                "must_count": bool(now and now.must_count),
                "min": pocket.min,
                "max": pocket.max,
                "capacity": pocket.capacity,
                "held": bool(item in holds and holds[item].held),
                **empty,
            }
            found.append({**row, **wanted.get(pocket.place, {})})
    return sorted(found, key=lambda row: row["place"])


def band(engine: Engine, station: str, item: str, settings: UpdateSettings | None = None) -> dict[str, Any]:
    """Use and forecast of an item for drawing: dispensed units.

    `use` is [day, demand] of the days before today's update, `forecast` a row a day with mean, p50, p90, p98 of the
    demand in the protection time that begins with that day. Days are numbered from 1970 and begin at the update's hour.
    """
    settings = settings or UpdateSettings()
    with engine.connect() as conn:
        shelf = read_shelf(conn, station)
        where = and_(_F.station == station, _F.item == item)
        rows = [dict(row._mapping) for row in conn.execute(select(schema.forecasts).where(where).order_by(_F.day))]
        today = conn.scalar(select(func.max(_F.day)))
        if item not in shelf.items or today is None:
            return {"station": station, "item": item, "use": [], "forecast": rows}
        _, demand = daily_demand(conn, station, {item: shelf.items[item].scale}, today, settings.hour)
    first = today - demand.shape[1]
    use = [[first + n, float(units)] for n, units in enumerate(demand[0]) if not isnan(units)]
    return {"station": station, "item": item, "use": use, "forecast": rows}


def commands(engine: Engine, station: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """Commands, the newest first, with what became of them; refused ones carry the code of the station."""
    query = select(schema.commands).order_by(_C.issued_ms.desc(), _C.station, _C.number.desc()).limit(limit)
    with engine.connect() as conn:
        return [
            dict(row._mapping) for row in conn.execute(query if station is None else query.where(_C.station == station))
        ]
