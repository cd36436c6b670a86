"""Restock orders as the ledger has them: opened and closed by the centre, put away by refills at the cabinet."""

from collections.abc import Callable

from sqlalchemy import Connection, and_, bindparam, select, update

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.ledger.store import upsert
from server_stub.supply import schema

PUT_AWAY, EXPIRED, SUPERSEDED = 1, 2, 3

_T = schema.restock_orders.c
_OPEN = (
    select(_T.number, _T.quantity, _T.put_away)
    .where(and_(_T.station == bindparam("at"), _T.item == bindparam("of"), _T.closed_ms.is_(None)))
    .order_by(_T.number)
)
_PUT = (
    update(schema.restock_orders)
    .where(and_(_T.station == bindparam("at"), _T.number == bindparam("n")))
    .values(put_away=bindparam("amount"))
)
_CLOSE = (
    update(schema.restock_orders)
    .where(and_(_T.station == bindparam("at"), _T.number == bindparam("n")))
    .values(closed_ms=bindparam("when"), reason=bindparam("why"))
)


class Orders:
    """The projection `restock_orders`; a refill or load counts towards the oldest open order of its item first."""

    KINDS = frozenset((kinds.RESTOCK_ORDER, kinds.RESTOCK_ORDER_CLOSED, kinds.REFILL, kinds.LOAD))

    def __init__(self) -> None:
        self._steps: list[Callable[[Connection], None]] = []

    def apply(self, entry: Entry) -> None:
        """An order, its end, or something put away."""
        step = {kinds.RESTOCK_ORDER: _opened, kinds.RESTOCK_ORDER_CLOSED: _closed}.get(entry.kind, _refilled)
        self._steps.append(lambda conn: step(conn, entry))

    def flush(self, conn: Connection) -> None:
        """Do the steps since the last flush, in their order."""
        for step in self._steps:
            step(conn)
        self._steps = []


def _opened(conn: Connection, entry: Entry) -> None:
    station, number, quantity, on_hand, on_order, low, top = entry.ext
    row = {
        "station": station,
        "number": number,
        "item": entry.item,
        "quantity": quantity,
        "on_hand": on_hand,
        "on_order": on_order,
        "par_min": low,
        "par_max": top,
        "opened_ms": entry.utc_ms,
        "put_away": 0,
        "closed_ms": None,
        "reason": None,
    }
    conn.execute(upsert(conn, schema.restock_orders, ("station", "number")), row)


def _closed(conn: Connection, entry: Entry) -> None:
    station, number, _put_away, why = entry.ext
    conn.execute(_CLOSE, {"at": station, "n": number, "when": entry.utc_ms, "why": why})


def _refilled(conn: Connection, entry: Entry) -> None:
    left = entry.change or 0
    for number, quantity, put_away in conn.execute(_OPEN, {"at": entry.station, "of": entry.item}).all():
        amount = min(left, quantity - put_away)
        if amount > 0:
            conn.execute(_PUT, {"at": entry.station, "n": number, "amount": put_away + amount})
            left -= amount
