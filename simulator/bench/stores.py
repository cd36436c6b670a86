"""What the ingest benchmark writes to: fresh databases, the centre's core over one, bare inserts into another."""

import contextlib
import itertools
import math
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import URL, create_engine, make_url, text

from server_stub.centre import Arrived, Centre, Keys, Work
from server_stub.clock import SteppedClock
from server_stub.ingest_main import transport_ms
from server_stub.ledger.schema import open_database
from server_stub.register import SiteRegister
from server_stub.site.home import Home
from simulator import postgres

Row = tuple[str, int, int, bytes]
COLUMNS = "station TEXT NOT NULL, log BIGINT NOT NULL, seq BIGINT NOT NULL, page {} NOT NULL"
KEY = "PRIMARY KEY (station, log, seq)"
INSERT = "INSERT INTO entries VALUES (?, ?, ?, ?)"
COPY = "COPY entries FROM STDIN"
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")


class Databases(Protocol):
    """Makes fresh, empty databases."""

    name: str

    def url(self) -> str:
        """The SQLAlchemy url of a new one."""
        ...


class Sqlite:
    """Files in a folder."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()

    def url(self) -> str:
        """The url of a file that is not there yet."""
        return f"sqlite:///{self._folder / f'{next(self._numbers)}.db'}"


class Postgres:
    """Databases of one server; `template` is its url with {} in place of the name."""

    name = "postgresql"

    def __init__(self, template: str) -> None:
        self._template = template
        self._numbers = itertools.count()

    def url(self) -> str:
        """The url of a database just made."""
        name = f"bench{next(self._numbers)}"
        admin = create_engine(self._template.format("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as conn:
            conn.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        return self._template.format(name)


@contextlib.contextmanager
def databases() -> Iterator[tuple[Sqlite, Postgres | None]]:
    """SQLite, and PostgreSQL if its wheel is there; both wait for the disk."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="apotheca-bench-")))
        try:
            served = Postgres(stack.enter_context(postgres.server(durable=True)))
        except postgres.NoPostgres:
            served = None
        yield Sqlite(folder), served


class Ingest:
    """The centre's core over an empty database: each group of messages is one transaction, answered at once."""

    def __init__(self, home: Home, url: str) -> None:
        self._engine = open_database(url)
        self._centre = Centre(self._engine, SiteRegister(home), Keys.read(home), SteppedClock(), transport_ms)
        self._centre.start()

    def commit(self, messages: Sequence[Work]) -> int:
        """Take in one group; the number of messages that it made, all taken as sent."""
        out = self._centre.process(messages)
        for message in out:
            if message.id is not None:
                self._centre.sent(message.id)
        return len(out)

    def take(self, messages: Sequence[Arrived]) -> int:
        """Make one group durable; the number of answers."""
        return len(self._centre.take(messages))

    @property
    def waiting(self) -> int:
        """Batches that are durable and not yet folded."""
        return self._centre.waiting

    def fold(self, steps: float = math.inf) -> None:
        """Fold what is durable: all of it, or in so many transactions."""
        while self._centre.behind and steps > 0:
            steps -= 1
            for message in self._centre.step():
                if message.id is not None:
                    self._centre.sent(message.id)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()


class Bare:
    """The same entries into a table with one row per entry and its primary key, through the database's own driver:
    `executemany` with SQLite, COPY with PostgreSQL."""

    def __init__(self, url: str) -> None:
        at = make_url(url)
        self._conn: Any
        self._sqlite = at.get_backend_name() == "sqlite"
        if self._sqlite:
            self._conn, blob = sqlite3.connect(str(at.database)), "BLOB"
            for pragma in PRAGMAS:
                self._conn.execute(f"PRAGMA {pragma}")
        else:
            self._conn, blob = _connect(at), "BYTEA"
        self._conn.execute(f"CREATE TABLE entries ({COLUMNS.format(blob)}, {KEY})")
        self._conn.commit()

    def commit(self, rows: Sequence[Row]) -> int:
        """Insert rows in one transaction; gives how many."""
        with contextlib.closing(self._conn.cursor()) as cursor:
            if self._sqlite:
                cursor.executemany(INSERT, rows)
            else:
                with cursor.copy(COPY) as copy:
                    for row in rows:
                        copy.write_row(row)
        self._conn.commit()
        return len(rows)

    def close(self) -> None:
        """Close the database."""
        self._conn.close()


def _connect(at: URL) -> Any:
    return psycopg.connect(host=str(at.query["host"]), user=at.username, dbname=at.database)
