"""Tables of the centre's database: the record (batches, entries, evidence), what is on its way out, and projections.

SQLite (WAL, FULL) or PostgreSQL. Everything in PROJECTIONS can be thrown away and folded again from `entries`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from server_stub.ledger.columns import integer, text

VERSION = "2"

metadata = MetaData()
# SQLite numbers rows by itself only in a column whose type is exactly INTEGER
_Id = BigInteger().with_variant(Integer, "sqlite")


class WrongSchema(Exception):
    """The database was made by another version; the text says what to do."""


# what was made by these differs in projections only
_OLDER = ("1",)


meta = Table("meta", metadata, text("key", key=True), text("value"))
_SCHEMA = "schema"
# numbers of commands and versions of tables are above these: a restored centre does not know what it gave out
COMMAND_FLOOR, VERSION_FLOOR = "command_floor", "version_floor"
_FOUND = select(meta.c.value).where(meta.c.key == _SCHEMA)

logs = Table(
    "logs",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    Column("genesis", LargeBinary, nullable=False),
    integer("seq"),
    Column("head", LargeBinary, nullable=False),
    integer("stopped"),
    integer("entries"),
    integer("removals"),
)

# `logs` says what is folded, this what is durable and answered: between the two lie batches that wait (catch_up.py)
held = Table(
    "held",
    metadata,
    text("station", key=True),
    integer("log", key=True),
    Column("genesis", LargeBinary, nullable=False),
    integer("seq"),
    Column("head", LargeBinary, nullable=False),
    integer("stopped"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", _Id, primary_key=True),
    text("station"),
    integer("log"),
    integer("first_seq"),
    integer("last_seq"),
    integer("received_ms"),
    Column("raw", LargeBinary, nullable=False),
    Index("batches_of_log", "station", "log", "last_seq"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", _Id, primary_key=True),
    text("station"),
    integer("log"),
    integer("seq"),
    integer("kind"),
    integer("utc_ms"),
    Column("leaf", LargeBinary, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("page", LargeBinary, nullable=False),
    UniqueConstraint("station", "log", "seq"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", _Id, primary_key=True),
    integer("utc_ms"),
    integer("code"),
    text("station"),
    integer("log"),
    integer("seq"),
    text("detail"),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
)

# what ingest refused or stopped and the centre's own log is yet to say; `sha256` of the evidence, if it was kept
findings = Table(
    "findings",
    metadata,
    Column("id", _Id, primary_key=True),
    integer("code"),
    text("station"),
    integer("log"),
    integer("seq"),
    Column("sha256", LargeBinary),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Id, primary_key=True),
    text("topic"),
    Column("payload", LargeBinary, nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    text("station", key=True),
    integer("log"),
    integer("boot"),
    integer("seq"),
    text("firmware"),
    integer("utc_ms"),
    integer("oldest_unanswered_utc_ms", null=True),
    integer("outbox_depth"),
    integer("received_ms"),
)

requests = Table("requests", metadata, Column("id", _Id, primary_key=True), text("key", unique=True), text("reply"))

# what each station was told: the rows of its tables as they stand, null where a row was taken away
reference_rows = Table(
    "reference_rows",
    metadata,
    text("station", key=True),
    text("table", key=True),
    text("key", key=True),
    integer("version"),
    Column("row", LargeBinary),
)

reference_versions = Table(
    "reference_versions",
    metadata,
    text("station", key=True),
    text("table", key=True),
    integer("version"),
    integer("forgotten"),
    Column("digest", LargeBinary, nullable=False),
)

inventory = Table(
    "inventory",
    metadata,
    text("station", key=True),
    text("place", key=True),
    text("item"),
    integer("quantity"),
    integer("must_count"),
    integer("utc_ms"),
)

usage = Table(
    "usage",
    metadata,
    text("station", key=True),
    text("item", key=True),
    integer("hour", key=True),
    integer("removed"),
    integer("returned"),
    integer("wasted"),
    integer("refilled"),
)

alarms = Table(
    "alarms",
    metadata,
    text("station", key=True),
    integer("code", key=True),
    integer("drawer", key=True),
    integer("utc_ms"),
)

hospital_events = Table("hospital_events", metadata, text("event_id", key=True), integer("seq"))

patients = Table("patients", metadata, text("patient", key=True), text("name"), text("ward"))

stays = Table(
    "stays",
    metadata,
    text("patient", key=True),
    text("ward", key=True),
    integer("since_ms"),
    integer("left_ms", null=True),
    Index("stays_left", "left_ms"),
)

orders = Table(
    "orders",
    metadata,
    text("order", key=True),
    text("patient", index=True),
    text("item"),
    integer("dose"),
    integer("start_ms"),
    integer("stop_ms", null=True),
    integer("interval_min"),
    integer("flags"),
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


def missing(url: str) -> str | None:
    """The path of an SQLite database that is not there: to open it would make an empty one.

    Raises WrongSchema if its -wal is: SQLite would throw that away, or play it into another database.
    """
    path = make_url(url).database if url.startswith("sqlite") else None
    if not path or path == ":memory:" or Path(path).exists():
        return None
    if left := [f"{path}{end}" for end in ("-wal", "-shm", "-journal") if Path(f"{path}{end}").exists()]:
        raise WrongSchema(f"{path} is not there, but {', '.join(left)}: it is evidence, keep it with that database")
    return path


def there(url: str) -> str:
    """`url`; raises WrongSchema if it is an SQLite database that is not there."""
    if path := missing(url):
        raise WrongSchema(f"there is no database {path}: `apotheca server restore` puts a backup there")
    return url


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


def floor(conn: Connection, key: str) -> int:
    """The number above which the centre goes on, 0 where it was never restored."""
    return int(conn.scalar(select(meta.c.value).where(meta.c.key == key)) or 0)


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
        for index in batches.indexes:
            # a table that an earlier release made has none
            index.create(conn, checkfirst=True)


def _durable(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")
