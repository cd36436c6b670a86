"""A consistent look at the database that cannot write."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from server_stub.ledger.schema import open_database, there


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment of the database and is refused every write."""
    sqlite = engine.dialect.name == "sqlite"
    whole = {} if sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**whole) as conn:
        before = conn.exec_driver_sql("PRAGMA query_only").scalar() if sqlite else None
        if sqlite:
            # the driver opens a transaction for writes only, and without one every SELECT sees another moment
            conn.exec_driver_sql("PRAGMA query_only=ON")
            conn.exec_driver_sql("BEGIN")
        try:
            yield conn
        finally:
            conn.rollback()
            if sqlite:
                # the connection goes back to a pool, which may be one that never writes
                conn.exec_driver_sql(f"PRAGMA query_only={before}")


@contextmanager
def snapshot_of(url: str) -> Iterator[Connection]:
    """As `snapshot`, of the database at `url`, which is closed at the end whatever happens.

    Raises WrongSchema, also if there is none.
    """
    engine = open_database(there(url))
    try:
        with snapshot(engine) as conn:
            yield conn
    finally:
        engine.dispose()
