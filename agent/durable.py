"""Files that keep what was written, whatever happens to the power."""

import os
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


def write_text(path: Path, text: str) -> None:
    """Write an ASCII file, whole or not at all; it is durable when this returns. Raises OSError."""
    draft = path.with_name(f".{path.name}.new")
    with draft.open("w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
