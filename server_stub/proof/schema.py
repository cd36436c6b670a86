"""Tables of packets: a projection of the ledger's `packet_made` entries."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from server_stub.ledger.schema import metadata

packets = Table(
    "packets",
    metadata,
    Column("manifest_sha256", LargeBinary, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("utc_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("from_utc_ms", BigInteger, nullable=False),
    Column("to_utc_ms", BigInteger, nullable=False),
)

PROJECTIONS = (packets,)
