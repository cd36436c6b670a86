"""Tables of packets: a projection of the ledger's `packet_made` entries."""

from sqlalchemy import Column, LargeBinary, Table

from server_stub.ledger.columns import integer, text
from server_stub.ledger.schema import metadata

packets = Table(
    "packets",
    metadata,
    Column("manifest_sha256", LargeBinary, primary_key=True),
    integer("seq"),
    integer("utc_ms"),
    text("actor"),
    integer("from_utc_ms"),
    integer("to_utc_ms"),
)

PROJECTIONS = (packets,)
