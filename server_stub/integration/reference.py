"""Reference tables as issued: rows with versions, kept in the database, sent down as snapshot or delta.

A row remembers the version that last changed it, so that a delta from any version not yet forgotten can be made.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import cbor2
from sqlalchemy import Connection, and_, delete, select

from firmware.compat import derive
from firmware.journal import kinds
from firmware.wire import cbor, sealed
from server_stub.integration.roster import Rows
from server_stub.ledger import schema
from server_stub.ledger.log import CentreLog
from server_stub.ledger.sign import Signer
from server_stub.ledger.store import upsert
from server_stub.ledger.transaction import Transaction

TABLES = (
    *("items", "pockets", "users", "overrides", "kits", "policy", "labels"),
    *("item_names", "item_codes", "prompts", "patients", "orders", "patient_names"),
)
# whose key is a number; the database keeps every key as text
_NUMBERED = ("prompts", "labels")
PART_BYTES = 3000
REMEMBERED = 200
_OVERHEAD = 160

_T = schema.reference_rows.c


class Change(NamedTuple):
    """A new version of a station's table: the rows that changed since `base` (all rows if `base` is 0)."""

    station: str
    table: str
    version: int
    base: int
    rows: list[bytes]


class _Held:
    """One table of one station in memory: CBOR rows by key, and the version of each key, also of those taken away."""

    def __init__(self) -> None:
        self.version = 0
        self.forgotten = 0
        self.rows: dict[str, bytes] = {}
        self.changed: dict[str, int] = {}


class ReferenceTables:
    """All tables of all stations."""

    def __init__(self, log: CentreLog) -> None:
        self._log = log
        self._held: dict[tuple[str, str], _Held] = {}
        self._floor = 0

    def load(self, conn: Connection) -> None:
        """Take up the tables where the database has them (also after a transaction that failed)."""
        self._held = {}
        self._floor = schema.floor(conn, schema.VERSION_FLOOR)
        for row in conn.execute(select(schema.reference_versions)):
            held = self._table(row.station, row.table)
            held.version, held.forgotten = row.version, row.forgotten
        for row in conn.execute(select(schema.reference_rows)):
            held = self._table(row.station, row.table)
            held.changed[row.key] = row.version
            if row.row is not None:
                held.rows[row.key] = row.row

    def _table(self, station: str, table: str) -> _Held:
        return self._held.setdefault((station, table), _Held())

    def version(self, station: str, table: str) -> int:
        """The version that stands; 0 if nothing was issued yet."""
        return self._table(station, table).version

    def versions(self, station: str) -> dict[str, int]:
        """The versions of all tables issued to a station."""
        return {table: v for table in TABLES if (v := self.version(station, table))}

    def keys(self, station: str, table: str) -> set[str]:
        """The keys of the rows that stand."""
        return set(self._table(station, table).rows)

    def rows(self, station: str, table: str) -> list[Any]:
        """The rows that stand."""
        return [cbor2.loads(row) for row in self._table(station, table).rows.values()]

    def change(self, tx: Transaction, station: str, table: str, rows: Rows, *, full: bool = False) -> Change | None:
        """Put rows (None takes one away; `full`: and every other) and issue one version; None if nothing changed."""
        held = self._table(station, table)
        if full:
            rows = {**dict.fromkeys(held.rows.keys() - rows.keys()), **rows}
        coded = {key: None if row is None else cbor2.dumps(row) for key, row in rows.items()}
        fresh = {key: row for key, row in coded.items() if row != held.rows.get(key)}
        if not fresh and held.version:
            return None
        if held.version < self._floor:
            held.version = held.forgotten = self._floor
        base = held.version
        held.version += 1
        self._put(held, fresh)
        digest = _digest(held.rows.values())
        self._save(tx.conn, (station, table), held, fresh, digest)
        self._log.append(tx, kinds.REFERENCE_ISSUED, [station, table, held.version, digest])
        return self.since(station, table, base)

    def _put(self, held: _Held, fresh: Mapping[str, bytes | None]) -> None:
        for key, row in fresh.items():
            held.changed[key] = held.version
            if row is None:
                held.rows.pop(key, None)
            else:
                held.rows[key] = row

    def _save(
        self, conn: Connection, key: tuple[str, str], held: _Held, fresh: Mapping[str, bytes | None], digest: bytes
    ) -> None:
        station, table = key
        where = {"station": station, "table": table, "version": held.version}
        if fresh:
            statement = upsert(conn, schema.reference_rows, ("station", "table", "key"))
            conn.execute(statement, [{**where, "key": k, "row": row} for k, row in fresh.items()])
        if held.version - held.forgotten >= 2 * REMEMBERED:
            self._forget(conn, key, held)
        versions = upsert(conn, schema.reference_versions, ("station", "table"))
        conn.execute(versions, {**where, "forgotten": held.forgotten, "digest": digest})

    def _forget(self, conn: Connection, key: tuple[str, str], held: _Held) -> None:
        """Rows taken away long ago are forgotten; who is that far behind gets a snapshot."""
        held.forgotten = held.version - REMEMBERED
        gone = [k for k, v in held.changed.items() if v <= held.forgotten and k not in held.rows]
        for k in gone:
            del held.changed[k]
        old = and_(_T.station == key[0], _T.table == key[1], _T.row.is_(None), _T.version <= held.forgotten)
        conn.execute(delete(schema.reference_rows).where(old))

    def since(self, station: str, table: str, base: int) -> Change | None:
        """What a station that has version `base` misses: a delta, a snapshot if that is not known, None if nothing."""
        held = self._table(station, table)
        if base == held.version:
            return None
        if not held.forgotten <= base < held.version or base == 0:
            return Change(station, table, held.version, 0, list(held.rows.values()))
        keys = [key for key, version in held.changed.items() if version > base]
        gone = [cbor2.dumps([int(key) if table in _NUMBERED else key, None]) for key in keys if key not in held.rows]
        return Change(station, table, held.version, base, gone + [held.rows[k] for k in keys if k in held.rows])


def _digest(rows: Iterable[bytes]) -> bytes:
    return sha256(b"".join(sorted(rows))).digest()


def parts(change: Change) -> list[list[bytes]]:
    """The rows of a change in parts of at most PART_BYTES, at least one part."""
    made: list[list[bytes]] = [[]]
    size = _OVERHEAD
    for row in change.rows:
        if size + len(row) > PART_BYTES and made[-1]:
            made.append([])
            size = _OVERHEAD
        made[-1].append(row)
        size += len(row)
    return made


def envelopes(change: Change, signer: Signer, mac_key: bytes) -> list[bytes]:
    """The signed messages that carry a change down; `mac_key` is the station's K."""
    key = derive(mac_key, "reference")
    pieces = parts(change)
    head = [1, change.station, change.table, change.version, change.base]
    return [
        signer.envelope("reference", sealed.seal([*head, n, len(pieces), cbor.raw(_array(rows))], key))
        for n, rows in enumerate(pieces, 1)
    ]


def _array(rows: list[bytes]) -> bytes:
    return bytes(cbor.array_header(len(rows))) + b"".join(rows)
