"""Python's `sqlite3`, as far as agent and centre use it, over `apsw` and the disk in memory of `disk.py`.

`under(module, ...)` puts it in the place of the real one. WAL keeps its index in the process (exclusive locking), since
a disk in memory shares none; what is written and when it is synced is the same.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

import apsw
from sqlalchemy import create_engine

from tests.cuts.disk import VFS, Disk, DiskVfs

Error, Warning = sqlite3.Error, sqlite3.Warning
InterfaceError, DatabaseError, DataError = sqlite3.InterfaceError, sqlite3.DatabaseError, sqlite3.DataError
OperationalError, IntegrityError = sqlite3.OperationalError, sqlite3.IntegrityError
InternalError, ProgrammingError = sqlite3.InternalError, sqlite3.ProgrammingError
NotSupportedError, Binary, Row = sqlite3.NotSupportedError, sqlite3.Binary, sqlite3.Row
paramstyle, apilevel, threadsafety = "qmark", "2.0", 1
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))
CHANGES = ("INSERT", "UPDATE", "DELETE", "REPLACE")

# checkpoints come often, so that many crashes fall into one
CHECKPOINT_PAGES = 30

_vfs = DiskVfs()
_committed: "dict[int, Callable[[Connection], None]]" = {}


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except apsw.ConstraintError as error:
        raise IntegrityError(str(error)) from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise DatabaseError(str(error)) from error
    except apsw.Error as error:
        raise OperationalError(str(error)) from error


class Cursor:
    """A cursor that has all its rows at once, as every caller here reads them all."""

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self.arraysize = 1
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, sql: str, parameters: Any = ()) -> "Cursor":
        return self._run(sql, lambda raw: raw.execute(sql, _plain(parameters)))

    def executemany(self, sql: str, many: Any) -> "Cursor":
        return self._run(sql, lambda raw: raw.executemany(sql, [_plain(one) for one in many]))

    def _run(self, sql: str, do: Callable[[Any], Any]) -> "Cursor":
        raw = self.connection.raw
        with _errors():
            self.connection.begin_for(sql)
            before = raw.total_changes()
            self.description = None
            cursor = raw.cursor()
            cursor.exec_trace = self._described
            self._rows = list(do(cursor))
            self.rowcount = raw.total_changes() - before if sql.lstrip()[:7].upper().startswith(CHANGES) else -1
            self.lastrowid = raw.last_insert_rowid()
        self.connection.after(sql)
        return self

    # the one moment at which apsw knows the columns of what gives no rows
    def _described(self, cursor: Any, _sql: str, _bindings: Any) -> bool:
        columns = cursor.get_description()
        self.description = tuple((column[0], None, None, None, None, None, None) for column in columns) or None
        return True

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    def fetchmany(self, size: int | None = None) -> list[Any]:
        rows, self._rows = self._rows[: size or 1], self._rows[size or 1 :]
        return rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def close(self) -> None:
        self._rows = []


def _plain(parameters: Any) -> Any:
    return parameters if isinstance(parameters, dict) else tuple(parameters)


class Connection:
    """A connection with `sqlite3`'s transactions: one begins before the first change."""

    def __init__(self, path: Any, **_options: Any) -> None:
        self.isolation_level: str | None = ""
        self.disk = _vfs.disk
        self.committed = _committed.get(id(self.disk))
        assert not self.disk.connections, "a disk in memory serves one connection"
        self.disk.connections.append(self)
        self.dropped = False
        with _errors():
            self.raw = apsw.Connection(str(path), vfs=VFS)
            self.raw.execute("PRAGMA locking_mode = EXCLUSIVE")
            self.raw.set_wal_hook(_checkpoint)

    @property
    def in_transaction(self) -> bool:
        return not self.dropped and bool(self.raw.in_transaction)

    def cursor(self, *_ignored: Any) -> Cursor:
        return Cursor(self)

    def execute(self, sql: str, parameters: Any = ()) -> Cursor:
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, many: Any) -> Cursor:
        return self.cursor().executemany(sql, many)

    def executescript(self, script: str) -> Cursor:
        return self.cursor().execute(script)

    def begin_for(self, sql: str) -> None:
        if self.isolation_level is not None and not self.in_transaction and sql.lstrip().upper().startswith(CHANGES):
            self.raw.execute("BEGIN")

    def after(self, sql: str) -> None:
        """Tell who counts what is committed."""
        if self.committed and not self.in_transaction and not sql.lstrip().upper().startswith("SELECT"):
            self.committed(self)

    def commit(self) -> None:
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.in_transaction:
            with _errors():
                self.raw.execute("ROLLBACK")

    def create_function(self, name: str, count: int, function: Any, **_options: Any) -> None:
        self.raw.create_scalar_function(name, function, count)

    def close(self) -> None:
        if not self.dropped:
            with _errors():
                self.raw.close()
            self.disk.connections.remove(self)

    def drop(self) -> None:
        """As the end of the process would: nothing more reaches the disk."""
        if self.dropped:
            return
        before, self.disk.failing = self.disk.failing, lambda _number: apsw.IOError("gone")
        with suppress(apsw.Error):
            self.raw.close()
        self.disk.failing, self.dropped = before, True
        self.disk.connections.remove(self)


def _checkpoint(raw: apsw.Connection, name: str, pages: int) -> int:
    """As SQLite's own: the commit stands even if this fails, which apsw would not let pass in SQLite's own."""
    if pages >= CHECKPOINT_PAGES:
        with suppress(apsw.Error):
            raw.wal_checkpoint(name)
    return apsw.SQLITE_OK


def connect(path: Any, **options: Any) -> Connection:
    return Connection(path, **options)


@contextmanager
def on(disk: Disk, committed: Callable[[Connection], None] | None = None) -> Iterator[None]:
    """Connections made inside work on `disk`; each says when it has committed."""
    before, _vfs.disk = _vfs.disk, disk
    if committed:
        _committed[id(disk)] = committed
    try:
        yield
    finally:
        _vfs.disk = before
        _committed.pop(id(disk), None)


@contextmanager
def under(*modules: str) -> Iterator[None]:
    """This instead of `sqlite3` in the named modules, or under SQLAlchemy's `create_engine` there."""
    import sys

    this = sys.modules[__name__]
    patches = []
    for name in modules:
        module = __import__(name, fromlist=["_"])
        if hasattr(module, "create_engine"):
            patches.append(patch.object(module, "create_engine", _engine))
        else:
            patches.append(patch.object(module, "sqlite3", this))
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def _engine(url: str, **options: Any) -> Any:
    import sys

    return create_engine(url, module=sys.modules[__name__], **options)
