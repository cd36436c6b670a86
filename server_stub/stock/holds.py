"""What people set for items of stations: levels that stay as they are, the least min (A1.g, RD-A2). Reads only."""

from typing import NamedTuple

from sqlalchemy import Engine, select

from server_stub.stock import schema

_H = schema.par_holds.c


class ParHold(NamedTuple):
    """`held`: the item keeps its levels; `floor` is the least min otherwise (smallest units, 0: none)."""

    station: str
    item: str
    held: bool
    floor: int
    person: str
    reason: str
    utc_ms: int


def par_holds(engine: Engine, *, station: str | None = None, item: str | None = None) -> list[ParHold]:
    """What was set last for each item, also where that was to follow the forecast again."""
    query = select(*(_H[name] for name in ParHold._fields)).order_by(_H.station, _H.item)
    for column, value in ((_H.station, station), (_H.item, item)):
        if value is not None:
            query = query.where(column == value)
    with engine.connect() as conn:
        return [ParHold(*row)._replace(held=bool(row.held)) for row in conn.execute(query)]
