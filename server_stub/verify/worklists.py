"""Work that removals leave: overrides without an order, doses of which a part is not accounted for. Reads only."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, Select, and_, func, or_, select

from server_stub.ledger import schema as ledger
from server_stub.verify import schema
from server_stub.verify.verdict import SUPPLY

_R, _V, _P, _O = schema.removals.c, schema.verdicts.c, schema.provisional.c, ledger.orders.c
_SAME = and_(_R.station == _V.station, _R.log == _V.log, _R.seq == _V.seq)
_NEWEST = (_R.utc_ms.desc(), _R.station, _R.log.desc(), _R.seq.desc())


class Override(NamedTuple):
    """A removal without an order, by `reason`; `matched_order` covers it since `matched_ms`, "" while none does."""

    station: str
    log: int
    seq: int
    utc_ms: int
    user: str
    patient: str
    item: str
    quantity: int
    reason: int
    matched_order: str
    matched_ms: int | None


def overrides(
    engine: Engine, *, matched: bool | None = None, limit: int = 100, station: str | None = None
) -> list[Override]:
    """Overrides that wait for an order, those that have one, or (None) both; the newest first (F5)."""
    about = (_R.station, _R.log, _R.seq, _R.utc_ms, _R.user, _R.patient, _R.item, _R.quantity, _R.override)
    query = select(*about, _V.matched_order, _V.matched_ms).join_from(schema.removals, schema.verdicts, _SAME)
    query = query.where(_R.override > 0).order_by(*_NEWEST).limit(limit)
    if matched is not None:
        query = query.where(_V.matched_order != "" if matched else _V.matched_order == "")
    return _listed(engine, Override, query, station)


class OpenWaste(NamedTuple):
    """A removal of which `open` is neither given nor wasted nor returned; smallest units."""

    station: str
    log: int
    seq: int
    utc_ms: int
    user: str
    patient: str
    item: str
    quantity: int
    charted: int
    back: int
    open: int


def open_wastes(engine: Engine, *, limit: int = 100, station: str | None = None) -> list[OpenWaste]:
    """Of a dose that was charted, or removed beyond what its order says, the rest is still out; the newest first (U14).

    What nobody charted at all is no waste: it is awaited, or undocumented.
    """
    missing = _R.quantity - _V.charted - _V.back
    beyond = _R.quantity - _O.dose - _V.back
    about = (_R.station, _R.log, _R.seq, _R.utc_ms, _R.user, _R.patient, _R.item, _R.quantity, _V.charted, _V.back)
    joined = schema.removals.join(schema.verdicts, _SAME)
    joined = joined.outerjoin(ledger.orders, and_(_O.order == _R.order, _O.patient == _R.patient, _O.dose > 0))
    is_open = or_(and_(_V.charted > 0, missing > 0), and_(_V.charted == 0, beyond > 0))
    query = select(*about, func.coalesce(beyond, 0).label("beyond")).select_from(joined).where(is_open)
    with engine.connect() as conn:
        rows = conn.execute(_at(query, station).order_by(*_NEWEST).limit(limit)).all()
    return [OpenWaste._make((*row[:-1], _open(row))) for row in rows]


def _open(row: Row[Any]) -> int:
    return int(row.quantity - row.charted - row.back if row.charted else row.beyond)


class Conservation(NamedTuple):
    """All removals of an item at a station: removed = given + back + missing, exactly; smallest units."""

    station: str
    item: str
    removed: int
    given: int
    back: int
    missing: int


def conservation(engine: Engine, station: str | None = None) -> list[Conservation]:
    """What became of all that was removed (U15), where something is missing; nobody accounts for supplies."""
    sums = [func.sum(column) for column in (_R.quantity, _V.charted, _V.back)]
    query = select(_R.station, _R.item, *sums).join_from(schema.removals, schema.verdicts, _SAME)
    query = _at(query, station).where(_V.verdict != SUPPLY).group_by(_R.station, _R.item).order_by(_R.station, _R.item)
    with engine.connect() as conn:
        rows = [(at, item, int(out), int(given), int(back)) for at, item, out, given, back in conn.execute(query)]
    made = [Conservation(*row, row[2] - row[3] - row[4]) for row in rows]
    return [row for row in made if row.missing]


class Provisional(NamedTuple):
    """A patient added at a cabinet; `into` is who she turned out to be, "" while that is not known."""

    station: str
    patient: str
    until_min: int
    made_by: str
    made_ms: int
    ended_ms: int | None
    into: str


def provisional(engine: Engine, station: str | None = None, limit: int = 100) -> list[Provisional]:
    """Patients added at cabinets, those still to be merged first (F16)."""
    query = select(*(_P[name] for name in Provisional._fields))
    if station is not None:
        query = query.where(_P.station == station)
    with engine.connect() as conn:
        rows = conn.execute(query.order_by(_P.into != "", _P.made_ms.desc(), _P.station, _P.patient).limit(limit))
        return [Provisional(*row) for row in rows]


def count_unmatched(conn: Connection) -> int:
    """Overrides that wait for an order."""
    query = select(func.count()).select_from(schema.removals.join(schema.verdicts, _SAME))
    return conn.scalar(query.where(_R.override > 0, _V.matched_order == "")) or 0


def _at(query: Select[Any], station: str | None) -> Select[Any]:
    return query if station is None else query.where(_R.station == station)


def _listed(engine: Engine, row: Any, query: Select[Any], station: str | None) -> list[Any]:
    with engine.connect() as conn:
        return [row(*one) for one in conn.execute(_at(query, station))]
