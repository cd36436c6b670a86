"""The pick list of a station: what its open orders ask for, what else is below max, what goes where (A1.f, P13)."""

from typing import Any

from sqlalchemy import Connection, and_, select

from firmware import pockets as rules
from server_stub.ledger import schema as ledger
from server_stub.ledger import store
from server_stub.stock.shelves import Pocket, Shelf
from server_stub.supply import schema

_T, _I = schema.restock_orders.c, ledger.inventory.c


def pick_list(conn: Connection, station: str, shelf: Shelf) -> dict[str, Any]:
    """What `station` needs as the ledger knows it now: `snapshot` is the id of its last entry, `as_of_utc_ms` when
    that was made (P13). `conn` must see one moment of the database; quantities are smallest units.
    """
    last = store.last_entry(conn)
    return {
        "station": station,
        "as_of_utc_ms": last.utc_ms,
        "snapshot": last.id,
        "lines": lines(conn, station, shelf),
    }


def lines(conn: Connection, station: str, shelf: Shelf) -> list[dict[str, Any]]:
    """A line an item that is ordered or below max, smallest units; what is ordered comes first, and of an item's
    `pockets` the hungriest.

    `quantity` is what the pockets lack up to max now; `ordered` what is still outstanding of the orders `orders`,
    none for what is topped up only because a technician is there anyway.
    """
    stock = select(_I.place, _I.quantity, _I.must_count).where(_I.station == station)
    held = {place: (quantity, owed) for place, quantity, owed in conn.execute(stock)}
    query = select(_T.item, _T.number, _T.quantity, _T.put_away).where(
        and_(_T.station == station, _T.closed_ms.is_(None))
    )
    standing: dict[str, list[tuple[int, int]]] = {}
    for item, number, quantity, put_away in conn.execute(query.order_by(_T.item, _T.number)):
        standing.setdefault(item, []).append((number, quantity - put_away))
    items = {*standing, *shelf.pockets}
    every = [_line(item, standing.get(item, []), shelf.pockets.get(item, []), held) for item in items]
    wanted = [line for line in every if line["orders"] or line["quantity"]]
    return sorted(wanted, key=lambda line: (not line["orders"], line["item"]))


def _line(
    item: str, orders: list[tuple[int, int]], pockets: list[Pocket], held: dict[str, tuple[int, int]]
) -> dict[str, Any]:
    needs = _needs(pockets, held)
    return {
        "item": item,
        "quantity": sum(need["quantity"] for need in needs),
        "ordered": sum(left for _, left in orders),
        "orders": [number for number, _ in orders],
        "pockets": needs,
    }


def _needs(pockets: list[Pocket], held: dict[str, tuple[int, int]]) -> list[dict[str, Any]]:
    """Pockets below max in the order in which the cabinet will choose them; one that owes a count is left out."""
    rows = [_row(pocket, *held.get(pocket.place, (0, 0))) for pocket in pockets]
    needs = []
    while (row := rules.hungriest(rows)) is not None:
        lacks = row.max - row.quantity
        needs.append({"place": row.place, "quantity": lacks, "on_hand": row.quantity, "min": row.min, "max": row.max})
        rows = [other for other in rows if other.place != row.place]
    return needs


def _row(pocket: Pocket, quantity: int, must_count: int) -> Any:
    state = rules.MUST_COUNT if must_count else rules.USABLE
    return rules.Pocket(*pocket[:7], quantity, state, "", 0)
