"""A lot recalled: pockets that hold it, bins that may, and removals that took of it, with their patients (P25, F27)."""

from typing import NamedTuple

from sqlalchemy import Engine, and_, select

from server_stub.stock import expiry
from server_stub.stock import schema as stock
from server_stub.verify import schema as verify

_L, _R = stock.lot_removals.c, verify.removals.c


class Taken(NamedTuple):
    """A removal that took so much of the lot."""

    station: str
    log: int
    seq: int
    utc_ms: int
    place: str
    item: str
    quantity: int
    user: str
    patient: str


class Recall(NamedTuple):
    """Where a lot is and went; a bin's contents are not known by lot: `bins` hold some of the lot's items."""

    pockets: list[expiry.Lot]
    bins: list[expiry.InBin]
    removals: list[Taken]


def recall(engine: Engine, lot: str, limit: int | None = None) -> Recall:
    """All that is known of a lot, the newest removal first; with `limit` only so many removals."""
    pockets = expiry.pockets_of_lot(engine, lot)
    removals = _removals(engine, lot, limit)
    items = {row.item for row in pockets} | {row.item for row in removals}
    return Recall(pockets, expiry.bins(engine, items=items), removals)


def _removals(engine: Engine, lot: str, limit: int | None) -> list[Taken]:
    same = and_(_R.station == _L.station, _R.log == _L.log, _R.seq == _L.seq)
    columns = (_L.station, _L.log, _L.seq, _R.utc_ms, _L.place, _L.item, _L.quantity, _R.user, _R.patient)
    query = select(*columns).join_from(stock.lot_removals, verify.removals, same).where(_L.lot == lot)
    with engine.connect() as conn:
        rows = conn.execute(query.order_by(_R.utc_ms.desc(), _L.station, _L.seq.desc()).limit(limit))
        return [Taken(*row) for row in rows]
