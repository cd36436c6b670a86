"""What the pharmacy's computer keeps for good, in `cradle.db`: the handhelds' addresses with a status for each (P64),
labels under way, and the last snapshot.

Addresses and labels are a fold over this computer's own journal: `apply` takes each entry once, and what a crash kept
from the file is taken from the outbox at the next start (agent/pharmacy/intake.py).
"""

import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from agent import durable
from agent.pharmacy.entries import Entry
from agent.pharmacy.snapshot import OpenLabel
from agent.pharmacy.tables import CHECKED, OVER, PICKED, SCHEMA, Corrected, Label
from firmware.cradle.book import ASSIGNED, AddressBook
from firmware.journal import kinds
from firmware.requests.record import QTY

OK = 0
_STATES = {"PICKED": PICKED}
# a label is not asked about any more so long after it was over
_KEPT_MS = 400 * 24 * 3600 * 1000


class BookError(RuntimeError):
    """`cradle.db` can not be used; the text says what to do."""


_COLUMNS = "label, picked_utc_ms, station, item, quantity, purpose, picker, state"


class Book:
    """The one writer of the file; every method that changes something is one durable transaction.

    `addresses` is the list that the cradles' hosts share.
    """

    def __init__(
        self, path: Path, log: int, skip: Iterable[str] = (), first_block: int = 1, hashed: bool = True
    ) -> None:
        try:
            self._db = durable.open_database(path, SCHEMA)
            self._claim(log)
        except sqlite3.Error as error:
            raise BookError(f"{path}: {error}. Restore it from a copy: without it addresses are given twice") from error
        self.addresses = AddressBook(self._units(), tuple(skip), first_block, hashed)
        for address, sessions, trouble in self._db.conn.execute("SELECT address, sessions, trouble FROM unit"):
            status = self.addresses.status(address)
            status.sessions, status.trouble = sessions, trouble

    def _claim(self, log: int) -> None:
        """The entries of a new log are numbered anew."""
        with self._db.atomic():
            self._db.execute("INSERT OR IGNORE INTO stand VALUES (1, ?, 0)", [log])
            self._db.execute("UPDATE stand SET log = ?, seq = 0 WHERE log <> ?", [log, log])

    def _units(self) -> list[list[object]]:
        rows = self._db.conn.execute("SELECT address, state, taken, next_block, seen FROM unit ORDER BY place")
        return [list(row) for row in rows]

    def close(self) -> None:
        """Close the file; everything is durable already."""
        self._db.close()

    @property
    def seq(self) -> int:
        """The newest entry of the journal that is in here."""
        return int(self._db.conn.execute("SELECT seq FROM stand").fetchone()[0])

    # the fold

    def apply(self, seq: int, entry: Entry) -> None:
        """Take one entry of the journal; one that is in here already changes nothing."""
        if seq <= self.seq:
            return
        with self._db.atomic():
            self._db.execute("UPDATE stand SET seq = ?", [seq])
            if entry.kind in _FOLD:
                _FOLD[entry.kind](self, seq, entry)

    def _picked(self, seq: int, entry: Entry) -> None:
        label, picked_utc_ms, station, quantity, purpose, _ = entry.ext
        self._put((label, picked_utc_ms, station, entry.item, quantity, purpose, entry.actor, PICKED), seq)

    def _put(self, row: tuple[object, ...], seq: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO label VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [*row, seq])

    def _checked(self, seq: int, entry: Entry) -> None:
        label, checked_utc_ms, quantity, result, new_label, _ = entry.ext
        row = [label, checked_utc_ms, entry.actor, entry.item, quantity, result, new_label, int(not new_label)]
        self._db.execute("INSERT OR REPLACE INTO checked VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        old = self.under_way(label)
        self._db.execute(
            "UPDATE label SET state = ?, seq = ? WHERE label = ? AND state < ?",
            [CHECKED if result == OK else OVER, seq, label, OVER],
        )
        if result == QTY:
            station, purpose, picker = (old.station, old.purpose, old.picker) if old else ("", "", "")
            self._put((new_label, checked_utc_ms, station, entry.item, quantity, purpose, picker, CHECKED), seq)

    def _unit(self, _seq: int, entry: Entry) -> None:
        address, state = entry.ext
        if state == ASSIGNED:
            self.addresses.assign(address)
        elif self.addresses.knows(address):
            self.addresses.clear(address)
        self._save(address)

    def _refused(self, _seq: int, entry: Entry) -> None:
        _, address, flag, record = entry.ext
        row = [digest(address, flag, record), entry.utc_ms]
        self._db.execute("INSERT OR REPLACE INTO refused VALUES (?, ?)", row)

    # units

    def save(self, address: str) -> None:
        """Keep how it stands with a unit, after a session."""
        with self._db.atomic():
            self._save(address)

    def _save(self, address: str) -> None:
        if not self.addresses.state(address):
            return
        status = self.addresses.status(address)
        kept = [status.incoming.taken, status.next_block, status.seen, status.sessions, status.trouble]
        place = "(SELECT coalesce(max(place), 0) + 1 FROM unit)"
        changed = self._db.execute("SELECT state FROM unit WHERE address = ?", [address]).fetchone()
        state = self.addresses.state(address)
        if changed is None or changed[0] != state:
            self._db.execute("DELETE FROM unit WHERE address = ?", [address])
            insert = f"INSERT INTO unit VALUES (?, {place}, ?, ?, ?, ?, ?, ?)"  # noqa: S608 (nothing of anybody's)
            self._db.execute(insert, [address, state, *kept])
        else:
            self._db.execute(
                "UPDATE unit SET taken = ?, next_block = ?, seen = ?, sessions = ?, trouble = ? WHERE address = ?",
                [*kept, address],
            )

    def is_given(self, address: str) -> bool:
        """Does a unit have this address, as the file has it?"""
        query = "SELECT 1 FROM unit WHERE address = ? AND state = ?"
        return self._db.conn.execute(query, [address, ASSIGNED]).fetchone() is not None

    # labels

    def labels(self) -> list[Label]:
        """All that are under way."""
        query = f"SELECT {_COLUMNS} FROM label WHERE state < ?"  # noqa: S608 (our own columns)
        return [Label(*row) for row in self._db.conn.execute(query, [OVER])]

    def count(self, address: str) -> int:
        """How many labels that this unit has numbered are under way."""
        query = "SELECT count(DISTINCT label) FROM label WHERE substr(label, 1, 2) = ? AND state < ?"
        return int(self._db.conn.execute(query, [address, OVER]).fetchone()[0])

    def under_way(self, label: str) -> Label | None:
        """The pick that this label stands for now."""
        query = f"SELECT {_COLUMNS} FROM label WHERE label = ? AND state < ? ORDER BY picked_utc_ms DESC"  # noqa: S608
        row = self._db.conn.execute(query, [label, OVER]).fetchone()
        return Label(*row) if row else None

    def pick(self, label: str, picked_utc_ms: int) -> Label | None:
        """A pick by its key, also one that is over."""
        query = f"SELECT {_COLUMNS} FROM label WHERE label = ? AND picked_utc_ms = ?"  # noqa: S608
        row = self._db.conn.execute(query, [label, picked_utc_ms]).fetchone()
        return Label(*row) if row else None

    def has_check(self, entry: Entry) -> bool:
        """Is this very check in here?"""
        label, checked_utc_ms, quantity, result, new_label, _ = entry.ext
        query = (
            "SELECT item, quantity, result, new_label FROM checked WHERE (label, checked_utc_ms, checker) = (?, ?, ?)"
        )
        row = self._db.conn.execute(query, [label, checked_utc_ms, entry.actor]).fetchone()
        return bool(row == (entry.item, quantity, result, new_label))

    def has_refused(self, address: str, flag: str, record: str) -> bool:
        """Was this very record refused before?"""
        query = "SELECT 1 FROM refused WHERE digest = ?"
        return self._db.conn.execute(query, [digest(address, flag, record)]).fetchone() is not None

    def unprinted(self) -> list[Corrected]:
        """Corrected labels that no printer has had yet."""
        rows = self._db.conn.execute(
            "SELECT label, checked_utc_ms, checker, item, quantity, new_label FROM checked WHERE printed = 0"
        )
        return [Corrected(*row) for row in rows]

    def printed(self, one: Corrected) -> None:
        """A printer has had it."""
        with self._db.atomic():
            self._db.execute(
                "UPDATE checked SET printed = 1 WHERE (label, checked_utc_ms, checker) = (?, ?, ?)",
                [one.label, one.checked_utc_ms, one.checker],
            )

    # the centre's snapshots

    def snapshot(self) -> bytes | None:
        """The last one, as it came."""
        row = self._db.conn.execute("SELECT data FROM snapshot").fetchone()
        return bytes(row[0]) if row else None

    def keep_snapshot(self, data: bytes, open_labels: Iterable[OpenLabel], answered: int, utc_ms: int) -> None:
        """Keep a snapshot. What the centre knew of when it was asked (entries up to `answered`) and does not name any
        more is over; what it names and is not in here is taken in."""
        there = {(one.label, one.picked_utc_ms): one for one in open_labels}
        with self._db.atomic():
            self._db.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?)", [data, utc_ms])
            known = self._db.conn.execute(
                "SELECT label, picked_utc_ms, seq FROM label WHERE state < ?", [OVER]
            ).fetchall()
            for label, picked_utc_ms, seq in known:
                if seq <= answered and (label, picked_utc_ms) not in there:
                    self._db.execute(
                        "UPDATE label SET state = ? WHERE label = ? AND picked_utc_ms = ?", [OVER, label, picked_utc_ms]
                    )
            for key, one in there.items():
                state = _STATES.get(one.state, CHECKED)
                row = [*key, one.station, one.item, one.quantity, "", "", state]
                self._db.execute(
                    "INSERT INTO label VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE"
                    " SET state = excluded.state WHERE label.seq <= ?",
                    [*row, answered],
                )
            self._forget(utc_ms - _KEPT_MS)

    def _forget(self, before_ms: int) -> None:
        self._db.execute("DELETE FROM label WHERE state = ? AND picked_utc_ms < ?", [OVER, before_ms])
        self._db.execute("DELETE FROM checked WHERE printed = 1 AND checked_utc_ms < ?", [before_ms])
        self._db.execute("DELETE FROM refused WHERE utc_ms < ?", [before_ms])


def digest(address: str, flag: str, record: str) -> str:
    """A short name for a record that was refused."""
    return hashlib.sha256(f"{address}|{flag}|{record}".encode()).hexdigest()[:32]


_FOLD = {
    kinds.PICKED: Book._picked,
    kinds.CHECKED: Book._checked,
    kinds.UNIT_ADDRESS: Book._unit,
    kinds.CRADLE_REFUSED: Book._refused,
}
