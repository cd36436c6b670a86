"""What pages and API show of discrepancies, restock orders and PAR commands."""

from typing import NamedTuple

from sqlalchemy import Engine, and_, select

from server_stub.stock import schema as stock
from server_stub.supply import schema as supply
from server_stub.watch import schema as watch

Key = tuple[str, int, int]


class Discrepancy(NamedTuple):
    """A count whose `change` (smallest units) is not 0; `resolved_ms` None while open, `person` "" for by itself."""

    station: str
    log: int
    seq: int
    item: str
    place: str
    change: int
    counted_by: str
    counted_ms: int
    opened_ms: int | None
    resolved_ms: int | None
    person: str | None
    note: str | None


class RestockOrder(NamedTuple):
    """An order of the centre for a station, smallest units; `closed_ms` None while it stands."""

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


class ParCommand(NamedTuple):
    """A PAR command as sent and as the cabinet answered; `state` is sent, applied, refused or lost."""

    station: str
    number: int
    reason: str
    issued_ms: int
    state: str
    result: int
    done_ms: int | None


_D, _O, _C = watch.discrepancies.c, supply.restock_orders.c, stock.commands.c


def key(station: str, log: str, seq: str) -> Key | None:
    """The key of an entry from an address or a form; None if it is none."""
    numbers = [text for text in (log, seq) if text.isascii() and text.isdigit() and len(text) <= 15]
    return (station, int(log), int(seq)) if len(numbers) == 2 and station.isprintable() else None


def discrepancies(engine: Engine, *, resolved: bool | None, limit: int, station: str = "") -> list[Discrepancy]:
    """Open ones, resolved ones, or (None) both; the newest first."""
    query = select(*(_D[name] for name in Discrepancy._fields))
    if resolved is not None:
        query = query.where(_D.resolved_ms.is_not(None) if resolved else _D.resolved_ms.is_(None))
    if station:
        query = query.where(_D.station == station)
    query = query.order_by(_D.counted_ms.desc(), _D.station, _D.log.desc(), _D.seq.desc()).limit(limit)
    with engine.connect() as conn:
        return [Discrepancy(*row) for row in conn.execute(query)]


def discrepancy(engine: Engine, station: str, log: str, seq: str) -> Discrepancy | None:
    """One, by what an address says."""
    found = key(station, log, seq)
    if found is None:
        return None
    query = select(*(_D[name] for name in Discrepancy._fields))
    with engine.connect() as conn:
        row = conn.execute(query.where(and_(_D.station == found[0], _D.log == found[1], _D.seq == found[2]))).first()
    return Discrepancy(*row) if row else None


def restock_orders(engine: Engine, *, standing: bool | None, limit: int, station: str = "") -> list[RestockOrder]:
    """Orders that stand, closed ones, or (None) both; the newest first."""
    query = select(*(_O[name] for name in RestockOrder._fields))
    if standing is not None:
        query = query.where(_O.closed_ms.is_(None) if standing else _O.closed_ms.is_not(None))
    if station:
        query = query.where(_O.station == station)
    query = query.order_by(_O.opened_ms.desc(), _O.station, _O.number.desc()).limit(limit)
    with engine.connect() as conn:
        return [RestockOrder(*row) for row in conn.execute(query)]


def par_commands(engine: Engine, *, limit: int, station: str = "", state: str = "") -> list[ParCommand]:
    """PAR commands, the newest first."""
    query = select(*(_C[name] for name in ParCommand._fields))
    if station:
        query = query.where(_C.station == station)
    if state:
        query = query.where(_C.state == state)
    query = query.order_by(_C.issued_ms.desc(), _C.station, _C.number.desc()).limit(limit)
    with engine.connect() as conn:
        return [ParCommand(*row) for row in conn.execute(query)]
