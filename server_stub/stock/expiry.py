"""What expires where, what lies in the return bins, and where a lot is and went: reads only (P23, P25, U18, U19)."""

from typing import Any, NamedTuple

from sqlalchemy import Engine, Select, select

from server_stub.ledger import schema as ledger
from server_stub.stock import schema

_L, _B, _I = schema.lots.c, schema.bin_contents.c, ledger.inventory.c


class Lot(NamedTuple):
    """So much of a lot in a pocket; lot "" and expiry_min 0 (minutes since 1970) are unknown."""

    station: str
    place: str
    item: str
    lot: str
    expiry_min: int
    quantity: int


def expiring(engine: Engine, before_min: int, *, station: str | None = None, limit: int = 300) -> list[Lot]:
    """What expires before this minute, the earliest first: station, and in `place` drawer and pocket."""
    query = select(*(_L[name] for name in Lot._fields)).where(_L.expiry_min > 0, _L.expiry_min < before_min)
    if station is not None:
        query = query.where(_L.station == station)
    return _lots(engine, query.order_by(_L.expiry_min, _L.station, _L.place).limit(limit))


def pockets_of_lot(engine: Engine, lot: str) -> list[Lot]:
    """Every pocket that holds some of a lot."""
    query = select(*(_L[name] for name in Lot._fields)).where(_L.lot == lot)
    return _lots(engine, query.order_by(_L.station, _L.place, _L.expiry_min))


def _lots(engine: Engine, query: Select[Any]) -> list[Lot]:
    with engine.connect() as conn:
        return [Lot(*row) for row in conn.execute(query)]


class InBin(NamedTuple):
    """What a return bin holds of an item; smallest units."""

    station: str
    place: str
    item: str
    quantity: int
    utc_ms: int


def bins(engine: Engine, *, station: str | None = None, items: set[str] | None = None) -> list[InBin]:
    """What is in the return bins (of these items only)."""
    query = select(*(_B[name] for name in InBin._fields)).where(_B.quantity > 0)
    if station is not None:
        query = query.where(_B.station == station)
    if items is not None:
        query = query.where(_B.item.in_(items))
    with engine.connect() as conn:
        return [InBin(*row) for row in conn.execute(query.order_by(_B.station, _B.place, _B.item))]
