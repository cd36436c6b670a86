"""SQLite files that keep what was committed, whatever happens to the power."""

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations


def open_database(path: Path, schema: Migrations) -> Database:
    """Open or make the file, mode 0600, with its schema; raises sqlite3.Error, also where nothing would be durable."""
    path.touch(mode=0o600)
    db = Database(sqlite3.connect(path), execute_plugins=False)
    db.conn.execute("PRAGMA journal_mode = WAL")
    db.conn.execute("PRAGMA synchronous = FULL")
    mode = db.conn.execute("PRAGMA journal_mode").fetchone()[0]
    level = db.conn.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or level != 2:
        raise sqlite3.OperationalError(f"not durable (journal {mode}, synchronous {level}): use a local file system")
    schema.apply(db)
    return db
