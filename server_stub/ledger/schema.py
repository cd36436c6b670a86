"""Tables of the centre's database: the record (batches, entries, evidence), what is on its way out, and projections.

SQLite (WAL, FULL) or PostgreSQL. Everything in PROJECTIONS can be thrown away and folded again from `entries`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

VERSION = "2"

metadata = MetaData()
# SQLite numbers rows by itself only in a column whose type is exactly INTEGER
_Id = BigInteger().with_variant(Integer, "sqlite")


class WrongSchema(Exception):
    """The database was made by another version; the text says what to do."""


# what was made by these differs in projections only
_OLDER = ("1",)


def _text(name: str, **more: Any) -> Column[Any]:
    return Column(name, Text, nullable=False, **more)


def _int(name: str, **more: Any) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, **more)


def _maybe_int(name: str) -> Column[Any]:
    return Column(name, BigInteger)


meta = Table("meta", metadata, _text("key", primary_key=True), _text("value"))
_SCHEMA = "schema"
_FOUND = select(meta.c.value).where(meta.c.key == _SCHEMA)

logs = Table(
    "logs",
    metadata,
    _text("station", primary_key=True),
    _int("log", primary_key=True, autoincrement=False),
    Column("genesis", LargeBinary, nullable=False),
    _int("seq"),
    Column("head", LargeBinary, nullable=False),
    _int("stopped"),
    _int("entries"),
    _int("removals"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", _Id, primary_key=True),
    _text("station"),
    _int("log"),
    _int("first_seq"),
    _int("last_seq"),
    _int("received_ms"),
    Column("raw", LargeBinary, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("id", _Id, primary_key=True),
    _text("station"),
    _int("log"),
    _int("seq"),
    _int("kind"),
    _int("utc_ms"),
    Column("leaf", LargeBinary, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("page", LargeBinary, nullable=False),
    UniqueConstraint("station", "log", "seq"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", _Id, primary_key=True),
    _int("utc_ms"),
    _int("code"),
    _text("station"),
    _int("log"),
    _int("seq"),
    _text("detail"),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Id, primary_key=True),
    _text("topic"),
    Column("payload", LargeBinary, nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    _text("station", primary_key=True),
    _int("log"),
    _int("boot"),
    _int("seq"),
    _text("firmware"),
    _int("utc_ms"),
    _maybe_int("oldest_unanswered_utc_ms"),
    _int("outbox_depth"),
    _int("received_ms"),
)

requests = Table("requests", metadata, Column("id", _Id, primary_key=True), _text("key", unique=True), _text("reply"))

# what each station was told: the rows of its tables as they stand, null where a row was taken away
reference_rows = Table(
    "reference_rows",
    metadata,
    _text("station", primary_key=True),
    _text("table", primary_key=True),
    _text("key", primary_key=True),
    _int("version"),
    Column("row", LargeBinary),
)

reference_versions = Table(
    "reference_versions",
    metadata,
    _text("station", primary_key=True),
    _text("table", primary_key=True),
    _int("version"),
    _int("forgotten"),
    Column("digest", LargeBinary, nullable=False),
)

inventory = Table(
    "inventory",
    metadata,
    _text("station", primary_key=True),
    _text("place", primary_key=True),
    _text("item"),
    _int("quantity"),
    _int("must_count"),
    _int("utc_ms"),
)

usage = Table(
    "usage",
    metadata,
    _text("station", primary_key=True),
    _text("item", primary_key=True),
    _int("hour", primary_key=True, autoincrement=False),
    _int("removed"),
    _int("returned"),
    _int("wasted"),
    _int("refilled"),
)

alarms = Table(
    "alarms",
    metadata,
    _text("station", primary_key=True),
    _int("code", primary_key=True, autoincrement=False),
    _int("drawer", primary_key=True, autoincrement=False),
    _int("utc_ms"),
)

hospital_events = Table("hospital_events", metadata, _text("event_id", primary_key=True), _int("seq"))

patients = Table("patients", metadata, _text("patient", primary_key=True), _text("name"), _text("ward"))

stays = Table(
    "stays",
    metadata,
    _text("patient", primary_key=True),
    _text("ward", primary_key=True),
    _int("since_ms"),
    _maybe_int("left_ms"),
    Index("stays_left", "left_ms"),
)

orders = Table(
    "orders",
    metadata,
    _text("order", primary_key=True),
    _text("patient", index=True),
    _text("item"),
    _int("dose"),
    _int("start_ms"),
    _maybe_int("stop_ms"),
    _int("interval_min"),
    _int("flags"),
)

PROJECTIONS = (inventory, usage, alarms, hospital_events, patients, stays, orders)


def open_database(url: str) -> Engine:
    """Open (and on first use make) the database at `url`; raises WrongSchema if another version made it."""
    engine = _connect(url)
    try:
        _prepare(engine)
    except DBAPIError:
        # two processes made the tables at the same time; now they are there
        _prepare(engine)
    except WrongSchema:
        engine.dispose()
        raise
    return engine


def open_renewed(url: str, projections: Sequence[Table]) -> tuple[Engine, bool]:
    """As `open_database`, but all projections of an older version are made anew (True): empty, to be folded."""
    engine = _connect(url)
    meta.create(engine, checkfirst=True)
    with engine.begin() as conn:
        older = conn.scalar(_FOUND) in _OLDER
        if older:
            metadata.drop_all(conn, tables=projections)
            conn.execute(update(meta).where(meta.c.key == _SCHEMA).values(value=VERSION))
    _prepare(engine)
    return engine, older


def _connect(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        _private(engine.url.database)
        event.listen(engine, "connect", _durable)
    return engine


def _private(path: str | None) -> None:
    # SQLite gives its other files (-wal, -shm) the mode of this one
    if path and path != ":memory:":
        Path(path).touch(mode=0o600)


def _prepare(engine: Engine) -> None:
    meta.create(engine, checkfirst=True)
    with engine.begin() as conn:
        found = conn.scalar(_FOUND)
        if found is None:
            conn.execute(insert(meta).values(key=_SCHEMA, value=VERSION))
        elif found != VERSION:
            what = "run `apotheca server rebuild` once" if found in _OLDER else "use the matching release"
            raise WrongSchema(f"the database has schema {found}, this program needs {VERSION}: {what}")
        metadata.create_all(conn)


def _durable(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")
