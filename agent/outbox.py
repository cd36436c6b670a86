"""The outbox: pages on their way from the controller to the centre, and the agent's names, in one SQLite file.

It is a cache that may be deleted at any time (docs/wire.md, section 2): what the centre has not answered the controller
still holds. After a deletion the log starts again either at its genesis, if the controller still holds entry 1, or at
the last entry the centre says it stored (`anchor`). Counters then start from that entry: `entries` is its number, since
numbers of a log have no holes; `removals` is settled to the controller's own count when the entry is reached that the
controller named together with that count. From there on both are counted page by page again.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from agent import durable
from agent.pages import Page

KEPT_AFTER_ANSWER = 1000

_schema = Migrations("outbox")


@_schema(name="1_log_and_pages")
def _log_and_pages(db: Database) -> None:
    db.execute(
        "CREATE TABLE log (id INTEGER PRIMARY KEY CHECK (id = 1), station TEXT NOT NULL, log INTEGER NOT NULL,"
        " genesis BLOB, seq INTEGER NOT NULL, head BLOB, entries INTEGER NOT NULL, removals INTEGER NOT NULL,"
        " answered INTEGER NOT NULL, answered_head BLOB, answer BLOB, settle_seq INTEGER, settle_removals INTEGER)"
    )
    db.execute(
        "CREATE TABLE pages (seq INTEGER PRIMARY KEY, page BLOB NOT NULL, kind INTEGER NOT NULL,"
        " utc_ms INTEGER NOT NULL, head BLOB NOT NULL)"
    )


@_schema(name="2_names")
def _names(db: Database) -> None:
    db.execute("CREATE TABLE tables (name TEXT PRIMARY KEY, version INTEGER NOT NULL)")
    db.execute("CREATE TABLE names (name TEXT, key TEXT, row TEXT NOT NULL, PRIMARY KEY (name, key)) WITHOUT ROWID")


@_schema(name="3_age_of_tables")
def _age_of_tables(db: Database) -> None:
    db.execute("ALTER TABLE tables ADD COLUMN received_ms INTEGER")


class OutboxError(RuntimeError):
    """The outbox cannot be used or stored nothing (code 4005); the text says what to do."""


@dataclass(frozen=True)
class Log:
    """Where the log stands: `head` is None until the chain has a verified start (`start` or `anchor`)."""

    genesis: bytes | None
    seq: int
    head: bytes | None
    entries: int
    removals: int
    answered: int
    answered_head: bytes | None
    answer: bytes | None


class Outbox:
    """The one writer of the file. Every method that changes something is one durable transaction: it is done when the
    method returns, and not done when it raises `OutboxError`."""

    def __init__(self, path: Path, station: str, log: int) -> None:
        try:
            self._db = durable.open_database(path, _schema)
            self._claim(path, station, log)
        except sqlite3.Error as error:
            raise OutboxError(f"{path}: {error}. Move it away; the controller still holds what it needs.") from error

    def _claim(self, path: Path, station: str, log: int) -> None:
        row = self._db.conn.execute("SELECT station, log, seq > answered, seq, answered FROM log").fetchone()
        if row is not None and row[:2] != (station, log):
            if row[2]:
                raise OutboxError(
                    f"{path} still holds entries {row[4] + 1} to {row[3]} of {row[0]} log {row[1]} for the centre:"
                    f" run the agent with that log first, or move the file away"
                )
            row = None
        if row is None:
            self._reset(station, log)

    @contextmanager
    def _change(self) -> Iterator[None]:
        try:
            with self._db.atomic():
                yield
        except sqlite3.Error as error:
            raise OutboxError(
                f"cannot store: {error}. Make room on the disk; controller and centre keep what is not here."
            ) from error

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return list(self._db.conn.execute(query, values).fetchall())
        except sqlite3.Error as error:
            raise OutboxError(f"cannot read: {error}. See to the disk.") from error

    def _reset(self, station: str, log: int) -> None:
        with self._change():
            self._db.execute("DELETE FROM pages")
            self._db.execute("DELETE FROM log")
            self._db.execute(
                "INSERT INTO log (id, station, log, seq, entries, removals, answered) VALUES (1, ?, ?, 0, 0, 0, 0)",
                [station, log],
            )

    def close(self) -> None:
        """Close the file; everything is durable already."""
        self._db.close()

    def log(self) -> Log:
        """Where the log stands now."""
        (row,) = self._rows("SELECT genesis, seq, head, entries, removals, answered, answered_head, answer FROM log")
        return Log(*row)

    def start(self, genesis: bytes, head0: bytes) -> None:
        """Begin the chain at the genesis: the controller still holds entry 1."""
        with self._change():
            self._db.execute("UPDATE log SET genesis = ?, head = ?, answered_head = ?", [genesis, head0, head0])

    def anchor(self, seq: int, head: bytes, settle_seq: int, settle_removals: int) -> None:
        """Begin the chain after the last entry the centre stored; `removals` is settled at `settle_seq`. What came
        before is not kept: pages here have no hole."""
        at_end = settle_seq == seq
        with self._change():
            self._db.execute("DELETE FROM pages")
            self._db.execute(
                "UPDATE log SET seq = ?, head = ?, entries = ?, removals = ?, answered = ?, answered_head = ?,"
                " settle_seq = ?, settle_removals = ?",
                [seq, head, seq, settle_removals if at_end else 0, seq, head, settle_seq, settle_removals],
            )

    def forget(self, station: str, log: int) -> None:
        """Drop pages and log, as if the file had been deleted: the controller no longer holds what comes next."""
        self._reset(station, log)

    def take(self, pages: Sequence[Page]) -> None:
        """Take in pages that continue the chain."""
        removals = sum(page.is_removal for page in pages)
        last = pages[-1]
        with self._change():
            self._db.conn.executemany(
                "INSERT INTO pages VALUES (?, ?, ?, ?, ?)",
                [(p.seq, p.page, p.kind, p.utc_ms, p.head) for p in pages],
            )
            moved = self._db.execute(
                "UPDATE log SET seq = ?, head = ?, entries = entries + ?, removals = removals + ? WHERE seq = ?",
                [last.seq, last.head, len(pages), removals, pages[0].seq - 1],
            )
            if moved.rowcount != 1:
                raise OutboxError(f"entry {pages[0].seq} does not follow; it is read again")
            self._settle(pages)

    def _settle(self, pages: Sequence[Page]) -> None:
        settle_seq, settled = self._db.conn.execute("SELECT settle_seq, settle_removals FROM log").fetchone()
        if settle_seq is None or pages[-1].seq < settle_seq:
            return
        after = sum(page.is_removal for page in pages if page.seq > settle_seq)
        self._db.execute("UPDATE log SET removals = ?, settle_seq = NULL, settle_removals = NULL", [settled + after])

    def answered(self, seq: int, head: bytes, answer: bytes) -> None:
        """The centre stored everything up to `seq`; keeps the answer for the controller and drops old pages."""
        with self._change():
            self._db.execute(
                "UPDATE log SET answered = ?, answered_head = ?, answer = ? WHERE answered <= ?",
                [seq, head, answer, seq],
            )
            self._db.execute("DELETE FROM pages WHERE seq <= ?", [seq - KEPT_AFTER_ANSWER])

    def rewind(self) -> int:
        """Drop unanswered pages, to read them again from the controller; gives how many were dropped."""
        log = self.log()
        if log.answered_head is None or log.answered > log.seq:
            return 0
        with self._change():
            gone, removals = self._db.conn.execute(
                "SELECT count(*), coalesce(sum(kind = 20), 0) FROM pages WHERE seq > ?", [log.answered]
            ).fetchone()
            self._db.execute("DELETE FROM pages WHERE seq > ?", [log.answered])
            self._db.execute(
                "UPDATE log SET seq = answered, head = answered_head, entries = entries - ?, removals = removals - ?",
                [gone, removals],
            )
        return int(gone)

    def pages(self, first: int, count: int) -> list[bytes]:
        """Up to `count` pages from `first` on, in order and without a hole."""
        rows = self._rows("SELECT page FROM pages WHERE seq >= ? AND seq < ? ORDER BY seq", [first, first + count])
        return [row[0] for row in rows]

    def first(self) -> int:
        """The oldest entry still here, 1 if there is none."""
        return int(self._rows("SELECT coalesce(min(seq), 1) FROM pages")[0][0])

    def newest(self, count: int, kinds: Sequence[int] = ()) -> list[bytes]:
        """The newest `count` pages of entries of these kinds (of all, without any) still here, the newest first."""
        some = f" WHERE kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        query = f"SELECT page FROM pages{some} ORDER BY seq DESC LIMIT ?"  # noqa: S608 (nothing but question marks)
        return [row[0] for row in self._rows(query, [*kinds, count])]

    def head(self, seq: int) -> bytes | None:
        """head(seq) of the chain, None if not known any more."""
        rows = self._rows("SELECT head FROM pages WHERE seq = ?", [seq])
        if rows:
            return bytes(rows[0][0])
        log = self.log()
        return {log.answered: log.answered_head, log.seq: log.head}.get(seq)

    def utc_ms(self, seq: int) -> int | None:
        """Hospital time of the entry `seq`, None if it is not here."""
        rows = self._rows("SELECT utc_ms FROM pages WHERE seq = ?", [seq])
        return int(rows[0][0]) if rows else None

    def versions(self) -> dict[str, int]:
        """Versions of the directory's tables held here."""
        return {str(name): int(version) for name, version in self._rows("SELECT name, version FROM tables")}

    def received(self) -> dict[str, int]:
        """When each table of the directory came (computer's clock, UTC ms), where that is known."""
        rows = self._rows("SELECT name, received_ms FROM tables WHERE received_ms IS NOT NULL")
        return {str(name): int(received_ms) for name, received_ms in rows}

    def names(self, table: str) -> dict[str, list[Any]]:
        """Rows of a table of the directory by key."""
        rows = self._rows("SELECT key, row FROM names WHERE name = ?", [table])
        return {key: json.loads(row) for key, row in rows}

    def put_names(self, table: str, version: int, base: int, rows: Iterable[Sequence[Any]], received_ms: int) -> None:
        """Apply one version of a directory table: a snapshot (`base` 0) or a delta; `[key, null]` removes a row."""
        with self._change():
            if base == 0:
                self._db.execute("DELETE FROM names WHERE name = ?", [table])
            for row in rows:
                if row[1] is None:
                    self._db.execute("DELETE FROM names WHERE name = ? AND key = ?", [table, row[0]])
                else:
                    self._db.execute("INSERT OR REPLACE INTO names VALUES (?, ?, ?)", [table, row[0], json.dumps(row)])
            self._db.execute("INSERT OR REPLACE INTO tables VALUES (?, ?, ?)", [table, version, received_ms])
