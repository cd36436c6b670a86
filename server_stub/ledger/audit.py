"""Is every entry of the ledger what its key's holder wrote? For who has the keys: ingest, not the database's owner.

Chains and MACs of all logs; the first entry of a log that is wrong is told, what follows it hangs on it.
"""

import hmac
from collections.abc import Callable, Iterator
from typing import NamedTuple

import cbor2
from sqlalchemy import Connection, select

from firmware.journal.chain import head0
from server_stub.ledger import schema
from server_stub.ledger.batch import Refused
from server_stub.ledger.store import read_page

KeyOf = Callable[[int], bytes]
"""The key of the entry with this seq."""


class Log(NamedTuple):
    """One log: what it begins with and the keys of its entries."""

    station: str
    log: int
    genesis: bytes
    key_of: KeyOf


class Wrong(NamedTuple):
    """The first entry of a log that is not as it was written, and why."""

    station: str
    log: int
    seq: int
    why: str

    def __str__(self) -> str:
        return f"{self.station} log {self.log}, entry {self.seq}: {self.why}"


def check(conn: Connection, logs: Iterator[Log]) -> list[Wrong]:
    """The first wrong entry of each log that has one."""
    return [wrong for log in logs if (wrong := _first_wrong(conn, log))]


def _first_wrong(conn: Connection, log: Log) -> Wrong | None:
    table = schema.entries.c
    where = (table.station == log.station, table.log == log.log)
    query = select(table.seq, table.leaf, table.head, table.page).where(*where).order_by(table.seq)
    head, due = bytes(head0(log.genesis)), 1
    for seq, leaf, kept, data in conn.execute(query.execution_options(yield_per=1000)):
        why, head = _fault(log, (seq, leaf, kept, data), head, due)
        if why:
            return Wrong(log.station, log.log, due, why)
        due += 1
    return _end(conn, log, head, due)


def _fault(log: Log, row: tuple[int, bytes, bytes, bytes], head: bytes, due: int) -> tuple[str, bytes]:
    seq, leaf, kept, data = row
    if seq != due:
        return f"it is missing, entry {seq} follows", head
    try:
        page = read_page(data, head)
        mac = cbor2.loads(data)[2]
    except (Refused, ValueError, TypeError, IndexError, cbor2.CBORError):
        return "its page is none", head
    if (page.entry.station, page.entry.log, page.entry.seq) != (log.station, log.log, due):
        return "its page is that of another entry", head
    if not isinstance(mac, bytes) or not hmac.compare_digest(
        hmac.digest(log.key_of(seq), page.head, "sha256")[:16], mac
    ):
        return "its MAC is wrong: it was not written under the log's key, or does not follow from the one before", head
    return "" if (page.leaf, page.head) == (leaf, kept) else "its leaf or head is not that of its page", page.head


def _end(conn: Connection, log: Log, head: bytes, due: int) -> Wrong | None:
    table = schema.logs.c
    query = select(table.seq, table.head).where(table.station == log.station, table.log == log.log)
    row = conn.execute(query).one_or_none()
    if row and (row.seq, bytes(row.head)) != (due - 1, head):
        return Wrong(log.station, log.log, due, f"the ledger should end at entry {row.seq}, with another head")
    return None
