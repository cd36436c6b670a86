"""What console and API show of stock, levels and forecasts: reads only, each from one snapshot of the database."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, and_, func, select

from server_stub.ledger import schema as ledger
from server_stub.stock import schema
from server_stub.stock.history import HOURS
from server_stub.stock.shelves import Pocket, Shelf, read_shelves

_I, _L, _C, _F = ledger.inventory.c, schema.par_levels.c, schema.commands.c, schema.forecasts.c
_S = schema.lots.c
_FIRST = select(_S.station, _S.place, _S.lot, _S.expiry_min).where(_S.number == 0)
_WANTED = ("wanted_min", "wanted_max", "reason", "number", "wanted_ms", "applied_ms", "state", "result")

_Place = tuple[str, str]


def pockets(engine: Engine, stations: Iterable[str], *, show: str = "", item: str = "") -> list[dict[str, Any]]:
    """Pockets of these stations with their levels; `show` is empty, owed, below, or "" for all."""
    return [row for row in stock_and_par(engine, stations) if _shown(row, show) and item in ("", row["item"])]


def _shown(row: dict[str, Any], show: str) -> bool:
    match show:
        case "owed":
            return bool(row["must_count"])
        case "empty":
            return not row["must_count"] and row["quantity"] == 0
        case "below":
            return bool(row["quantity"] < row["min"])
    return True


def stock_and_par(engine: Engine, stations: Iterable[str]) -> list[dict[str, Any]]:
    """A row a pocket: what it holds, the levels that stand, those wanted with their reason and their command's state.

    Quantities in smallest units, `scale` of them are one dispensed unit; `wanted_...` is null where nothing was sent.
    `lot` and `expiry_min` are those of what is taken first, "" and 0 where nothing is known.
    """
    names = list(dict.fromkeys(stations))
    with engine.connect() as conn:
        shelves = read_shelves(conn, names)
        held = {(row.station, row.place): row for row in conn.execute(_of(select(ledger.inventory), _I, names))}
        wanted = _wanted(conn, names)
        first = {(row.station, row.place): row for row in conn.execute(_of(_FIRST, _S, names))}
        holds = schema.par_holds.c
        kept = select(holds.station, holds.item).where(holds.held != 0)
        on_hold = {(station, item) for station, item in conn.execute(_of(kept, holds, names))}
    return [
        {
            "station": station,
            "place": pocket.place,
            "item": pocket.item,
            "scale": _scale(shelves[station], pocket),
            "quantity": now.quantity if (now := held.get((station, pocket.place))) else 0,
            "must_count": bool(now and now.must_count),
            "lot": lot.lot if (lot := first.get((station, pocket.place))) else "",
            "expiry_min": lot.expiry_min if lot else 0,
            "min": pocket.min,
            "max": pocket.max,
            "capacity": pocket.capacity,
            "held": (station, pocket.item) in on_hold,
            **wanted.get((station, pocket.place), dict.fromkeys(_WANTED)),
        }
        for station in names
        for pocket in sorted(pocket for row in shelves[station].pockets.values() for pocket in row)
    ]


def _of(query: Any, columns: Any, stations: Sequence[str]) -> Any:
    return query.where(columns.station.in_(stations))


def _scale(shelf: Shelf, pocket: Pocket) -> int:
    return shelf.items[pocket.item].scale if pocket.item in shelf.items else 1


def _wanted(conn: Connection, stations: Sequence[str]) -> dict[_Place, dict[str, Any]]:
    joined = schema.par_levels.join(schema.commands, and_(_C.station == _L.station, _C.number == _L.number))
    columns = (_C[name] if name in ("state", "result") else _L[name] for name in _WANTED)
    query = _of(select(_L.station, _L.place, *columns).select_from(joined), _L, stations)
    return {(row[0], row[1]): dict(zip(_WANTED, row[2:], strict=True)) for row in conn.execute(query)}


class Day(NamedTuple):
    """Use of one day; `day` counts from 1970 UTC, quantities in smallest units."""

    day: int
    removed: int
    returned: int
    wasted: int
    refilled: int


def use_by_day(engine: Engine, item: str, station: str = "") -> list[Day]:
    """Use of an item at a station, or at all, on every day from the first with any to the last."""
    use = ledger.usage.c
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
        found = sums.setdefault(hour // HOURS, [0, 0, 0, 0])
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
    query = select(*(_F[name] for name in Forecast._fields))
    with engine.connect() as conn:
        rows = conn.execute(query.where(_F.item == item, _F.station == station).order_by(_F.day))
        return [Forecast(*row) for row in rows]


class ParCommand(NamedTuple):
    """A PAR command as sent and as the cabinet answered; `state` is sent, applied, refused or lost."""

    station: str
    number: int
    reason: str
    issued_ms: int
    state: str
    result: int
    done_ms: int | None


def commands(
    engine: Engine, *, limit: int = 100, station: str | None = None, state: str | None = None
) -> list[ParCommand]:
    """PAR commands, the newest first."""
    query = select(*(_C[name] for name in ParCommand._fields))
    if station is not None:
        query = query.where(_C.station == station)
    if state is not None:
        query = query.where(_C.state == state)
    query = query.order_by(_C.issued_ms.desc(), _C.station, _C.number.desc()).limit(limit)
    with engine.connect() as conn:
        return [ParCommand(*row) for row in conn.execute(query)]
