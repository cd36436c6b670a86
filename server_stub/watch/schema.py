"""Tables of the watch, all of them projections."""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from server_stub.ledger.schema import metadata


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, primary_key=key)


def _int(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=False, primary_key=key, autoincrement=False)


# (station, log, seq) is the count that did not come out; `by_seq` 0 with `resolved_ms` set: a person resolved it
discrepancies = Table(
    "discrepancies",
    metadata,
    _text("station", key=True),
    _int("log", key=True),
    _int("seq", key=True),
    _text("item"),
    _text("place"),
    _int("change"),
    _text("counted_by"),
    _int("counted_ms"),
    # who was there before, and her last entry at this place
    Column("previous", Text),
    Column("previous_seq", BigInteger),
    Column("opened_ms", BigInteger),
    Column("resolved_ms", BigInteger),
    Column("by_station", Text),
    Column("by_log", BigInteger),
    Column("by_seq", BigInteger),
    Column("person", Text),
    Column("note", Text),
    Index("discrepancies_match", "station", "item", "counted_ms"),
)

# (station, what, place): see watch/conditions.py
conditions = Table(
    "conditions",
    metadata,
    _text("station", key=True),
    _text("what", key=True),
    _text("place", key=True),
    _int("value"),
    _text("actor"),
    _int("utc_ms"),
)

temporary_users = Table(
    "temporary_users",
    metadata,
    _text("station", key=True),
    _text("user", key=True),
    _text("badge"),
    _int("roles"),
    _int("classes"),
    _int("until_min"),
    _text("granted_by"),
    _int("utc_ms"),
)

# `answer` 1 yes, 2 no
attestations = Table(
    "attestations",
    metadata,
    _text("station", key=True),
    _int("log", key=True),
    _int("seq", key=True),
    _int("utc_ms"),
    _text("user"),
    _text("item"),
    _int("prompt"),
    _int("answer"),
)

# how often someone went without a scan: `what` 1 item code, 2 pocket label
bypasses = Table(
    "bypasses",
    metadata,
    _text("station", key=True),
    _text("user", key=True),
    _int("what", key=True),
    _int("reason", key=True),
    _int("times"),
)

PROJECTIONS = (discrepancies, conditions, temporary_users, attestations, bypasses)
