"""Tables of the watch, all of them projections."""

from sqlalchemy import Index, Table

from server_stub.ledger.columns import integer, text
from server_stub.ledger.schema import metadata

# (station, log, seq) is the count that did not come out; `by_seq` 0 with `resolved_ms` set: a person resolved it
discrepancies = Table(
    "discrepancies",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    integer("seq", key=True),
    text("item"),
    text("place"),
    integer("change"),
    text("counted_by"),
    integer("counted_ms"),
    # who was there before, and her last entry at this place
    text("previous", null=True),
    integer("previous_seq", null=True),
    integer("opened_ms", null=True),
    integer("resolved_ms", null=True),
    text("by_station", null=True),
    integer("by_log", null=True),
    integer("by_seq", null=True),
    text("person", null=True),
    text("note", null=True),
    Index("discrepancies_match", "station", "item", "counted_ms"),
)

# (station, what, place): see watch/conditions.py
conditions = Table(
    "conditions",
    metadata,
    text("station", key=True),
    text("what", key=True),
    text("place", key=True),
    integer("value"),
    text("actor"),
    integer("utc_ms"),
)

temporary_users = Table(
    "temporary_users",
    metadata,
    text("station", key=True),
    text("user", key=True),
    text("badge"),
    integer("roles"),
    integer("classes"),
    integer("until_min"),
    text("granted_by"),
    integer("utc_ms"),
)

# `answer` 1 yes, 2 no
attestations = Table(
    "attestations",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    integer("seq", key=True),
    integer("utc_ms"),
    text("user"),
    text("item"),
    integer("prompt"),
    integer("answer"),
)

# how often someone went without a scan: `what` 1 item code, 2 pocket label
bypasses = Table(
    "bypasses",
    metadata,
    text("station", key=True),
    text("user", key=True),
    integer("what", key=True),
    integer("reason", key=True),
    integer("times"),
)

PROJECTIONS = (discrepancies, conditions, temporary_users, attestations, bypasses)
