"""When a station's stock of an item falls below its PAR, one order brings it to max (A1.e, RD-A1).

Counts change only at the cabinet: an order is what should come, a refill what has come.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import BindParameter, and_, bindparam, func, select

from firmware.journal import kinds
from server_stub.ledger import schema as ledger
from server_stub.ledger.log import CentreLog
from server_stub.ledger.record import Entry
from server_stub.ledger.transaction import Transaction
from server_stub.stock.inventory import STOCK
from server_stub.stock.shelves import Shelf, Shelves
from server_stub.supply import schema
from server_stub.supply.orders import EXPIRED, PUT_AWAY, SUPERSEDED

EXPIRES_MS = 24 * 3_600_000

_T, _I = schema.restock_orders.c, ledger.inventory.c
# built once: they run with every transaction, and SQLAlchemy takes longer to build one than the database to answer it
_ITEMS: BindParameter[list[str]] = bindparam("items", expanding=True)
_AT_T = and_(_T.station == bindparam("station"), _T.item.in_(_ITEMS), _T.closed_ms.is_(None))
_AT_I = and_(_I.station == bindparam("station"), _I.item.in_(_ITEMS))
_OLD = (
    select(_T.station, _T.item)
    .distinct()
    .where(_T.closed_ms.is_(None), _T.opened_ms <= bindparam("until_ms"))
    .order_by(_T.station, _T.item)
)
_NEWEST = select(func.max(_T.number)).where(_T.station == bindparam("station"))
_HELD = select(_I.item, func.sum(_I.quantity)).where(_AT_I).group_by(_I.item)
_STANDING = select(_T.number, _T.item, _T.quantity, _T.put_away, _T.opened_ms).where(_AT_T).order_by(_T.number)


class Open(NamedTuple):
    """An order that stands."""

    number: int
    item: str
    left: int
    put_away: int
    opened_ms: int


class Restock:
    """Opens and closes restock orders from the folded tables."""

    def __init__(self, shelves: Shelves, log: CentreLog) -> None:
        self._shelves = shelves
        self._log = log

    def decide(self, tx: Transaction, entries: Iterable[Entry], changed: set[str]) -> None:
        """Look at the items that `entries` moved and at all items of stations whose levels have `changed`.

        What was appended must have been settled.
        """
        touched: dict[str, set[str]] = {}
        for entry in entries:
            if entry.kind in STOCK and entry.item:
                touched.setdefault(entry.station, set()).add(entry.item)
        for station in sorted(touched.keys() | changed):
            shelf = self._shelves.of(tx.conn, station)
            items = set(shelf.pockets) if station in changed else touched[station] & shelf.pockets.keys()
            self._look(tx, station, shelf, items)

    def expire(self, tx: Transaction) -> None:
        """Close orders that have stood for EXPIRES_MS; what is still below PAR is ordered anew."""
        touched: dict[str, set[str]] = {}
        for station, item in tx.conn.execute(_OLD, {"until_ms": tx.utc_ms - EXPIRES_MS}):
            touched.setdefault(station, set()).add(item)
        for station, items in touched.items():
            self._look(tx, station, self._shelves.of(tx.conn, station), items)

    def _look(self, tx: Transaction, station: str, shelf: Shelf, items: set[str]) -> None:
        held = _on_hand(tx, station, items)
        standing = _standing(tx, station, items)
        number = tx.conn.scalar(_NEWEST, {"station": station}) or 0
        for item in sorted(items):
            low, top = shelf.level(item)
            on_hand = held.get(item, 0)
            on_order = self._close(tx, station, standing.get(item, []), full=on_hand >= top)
            if on_hand + on_order < low:
                number += 1
                ext = [station, number, top - on_hand - on_order, on_hand, on_order, low, top]
                self._log.append(tx, kinds.RESTOCK_ORDER, ext, item=item)
        tx.settle()

    def _close(self, tx: Transaction, station: str, standing: list[Open], *, full: bool) -> int:
        """Close what is put away, has expired or is no longer needed; gives what is still on order."""
        on_order = 0
        for order in standing:
            if order.left == 0:
                why = PUT_AWAY
            elif order.opened_ms <= tx.utc_ms - EXPIRES_MS:
                why = EXPIRED
            elif full:
                why = SUPERSEDED
            else:
                on_order += order.left
                continue
            ext = [station, order.number, order.put_away, why]
            self._log.append(tx, kinds.RESTOCK_ORDER_CLOSED, ext, item=order.item)
        return on_order


def _on_hand(tx: Transaction, station: str, items: set[str]) -> dict[str, int]:
    rows = tx.conn.execute(_HELD, {"station": station, "items": sorted(items)})
    return {item: int(total) for item, total in rows}


def _standing(tx: Transaction, station: str, items: set[str]) -> dict[str, list[Open]]:
    found: dict[str, list[Open]] = {}
    rows = tx.conn.execute(_STANDING, {"station": station, "items": sorted(items)})
    for number, item, quantity, put_away, opened_ms in rows:
        found.setdefault(item, []).append(Open(number, item, quantity - put_away, put_away, opened_ms))
    return found
