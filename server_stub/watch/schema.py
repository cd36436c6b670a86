"""Tables of the watch: discrepancies, a projection."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from server_stub.ledger.schema import metadata

# (station, log, seq) is the count that did not come out; `by_seq` 0 with `resolved_ms` set: a person resolved it
discrepancies = Table(
    "discrepancies",
    metadata,
    Column("station", Text, primary_key=True),
    Column("log", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("item", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("counted_by", Text, nullable=False),
    Column("counted_ms", BigInteger, nullable=False),
    Column("opened_ms", BigInteger),
    Column("resolved_ms", BigInteger),
    Column("by_station", Text),
    Column("by_log", BigInteger),
    Column("by_seq", BigInteger),
    Column("person", Text),
    Column("note", Text),
    Index("discrepancies_match", "station", "item", "counted_ms"),
)

PROJECTIONS = (discrepancies,)
