"""Tables of the supply: restock orders, a projection."""

from sqlalchemy import Index, Table

from server_stub.ledger.columns import integer, text
from server_stub.ledger.schema import metadata

# smallest units; reason is null while the order stands, then one of those of orders.py
restock_orders = Table(
    "restock_orders",
    metadata,
    text("station", key=True),
    integer("number", key=True),
    text("item"),
    integer("quantity"),
    integer("on_hand"),
    integer("on_order"),
    integer("par_min"),
    integer("par_max"),
    integer("opened_ms"),
    integer("put_away"),
    integer("closed_ms", null=True),
    integer("reason", null=True),
    Index("restock_orders_open", "station", "item", "closed_ms"),
    # each transaction asks which orders have stood too long: what is closed must not cost it anything
    Index("restock_orders_standing", "closed_ms", "opened_ms"),
)

PROJECTIONS = (restock_orders,)
