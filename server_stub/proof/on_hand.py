"""What lay in every pocket at a moment, without folding the whole ledger."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, select

from server_stub.ledger import schema, store
from server_stub.ledger.record import Entry
from server_stub.stock.inventory import STOCK

Pockets = dict[tuple[str, str], tuple[str, int]]


def on_hand(conn: Connection, utc_ms: int) -> dict[tuple[str, str], int]:
    """Quantity (smallest units) by station and item just before `utc_ms`.

    A pocket last moved before then holds what the projection says; of one moved since, the first move since tells what
    it held before.
    """
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for (station, _), (item, quantity) in _pockets(conn, utc_ms).items():
        totals[station, item] += quantity
    return dict(totals)


def _pockets(conn: Connection, utc_ms: int) -> Pockets:
    held, moved = {}, set()
    for row in conn.execute(select(schema.inventory)):
        if row.utc_ms < utc_ms:
            held[row.station, row.place] = (row.item, row.quantity)
        else:
            moved.add((row.station, row.place))
    for entry in _moves_since(conn, utc_ms) if moved else ():
        key = (entry.station, entry.place or "")
        if key in moved:
            moved.discard(key)
            held[key] = (entry.item or "", entry.before or 0)
            if not moved:
                break
    return held


def _moves_since(conn: Connection, utc_ms: int) -> Iterator[Entry]:
    table = schema.entries.c
    query = select(table.page).where(table.utc_ms >= utc_ms, table.kind.in_(STOCK)).order_by(table.id)
    for data in conn.scalars(query.execution_options(yield_per=1000)):
        yield store.read_page(data, b"").entry
