"""Tables of the supply: restock orders, a projection."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from server_stub.ledger.schema import metadata

# smallest units; reason is null while the order stands, then one of those of orders.py
restock_orders = Table(
    "restock_orders",
    metadata,
    Column("station", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("item", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("on_hand", BigInteger, nullable=False),
    Column("on_order", BigInteger, nullable=False),
    Column("par_min", BigInteger, nullable=False),
    Column("par_max", BigInteger, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("put_away", BigInteger, nullable=False),
    Column("closed_ms", BigInteger),
    Column("reason", BigInteger),
    Index("restock_orders_open", "station", "item", "closed_ms"),
    # each transaction asks which orders have stood too long: what is closed must not cost it anything
    Index("restock_orders_standing", "closed_ms", "opened_ms"),
)

PROJECTIONS = (restock_orders,)
