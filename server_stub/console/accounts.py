"""Individual accounts in a store of their own (`accounts.db`, mode 0600): hashes of secrets are in no ledger.

Each change leaves, in the same transaction, a note of what was done for the centre's log (kind 215, see audit.py).
"""

import os
import re
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from server_stub.console import passwords
from server_stub.console.roles import ROLES
from server_stub.ledger import actors

_NAME = re.compile(r"[a-z][a-z0-9._-]{1,15}")
_TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
  name TEXT PRIMARY KEY, role TEXT NOT NULL, hash TEXT NOT NULL,
  must_change INTEGER NOT NULL, enabled INTEGER NOT NULL, version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (sha256 BLOB PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts(name));
CREATE TABLE IF NOT EXISTS notes (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL);
"""
_SELECT = "SELECT name, role, must_change, enabled, version FROM accounts "
_UPDATE = """
UPDATE accounts SET role = coalesce(?, role), hash = coalesce(?, hash), must_change = coalesce(?, must_change),
  enabled = coalesce(?, enabled), version = version + 1 WHERE name = ?
"""


class BadAccount(Exception):
    """What was asked of an account can not be done; the text says why."""


class Account(NamedTuple):
    """One person or machine; `version` rises with every change, which ends the sessions opened before it."""

    name: str
    role: str
    must_change: bool
    enabled: bool
    version: int


class Note(NamedTuple):
    """What was done, on its way into the centre's log; `key` makes it arrive once."""

    id: int
    key: str
    actor: str
    what: str
    about: str


class _Changes(NamedTuple):
    role: str | None = None
    hash: str | None = None
    must_change: int | None = None
    enabled: int | None = None


class Accounts:
    """The store at `path`, made on first use; there is no default account. `by` is who does it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._change() as conn:
            conn.executescript(f"PRAGMA journal_mode=WAL; {_TABLES}")

    def add(self, name: str, role: str, by: str) -> str:
        """Make an account; gives its one-time password."""
        if not _NAME.fullmatch(name):
            raise BadAccount("a name has 2 to 16 of a-z, 0-9, . _ - and begins with a letter")
        _known(role)
        try:
            actors.person(name)
        except actors.BadActor as error:
            raise BadAccount(str(error)) from None
        password = passwords.one_time()
        row = (name, role, passwords.hashed(password))
        with self._change() as conn:
            if conn.execute("SELECT 1 FROM accounts WHERE name = ?", (name,)).fetchone():
                raise BadAccount(f"there is an account {name} already")
            conn.execute("INSERT INTO accounts VALUES (?, ?, ?, 1, 1, 1)", row)
            _note(conn, by, f"account added as {role}", name)
        return password

    def reset(self, name: str, by: str) -> str:
        """Give the account a new one-time password; the old one, its sessions and its tokens are no longer good."""
        password = passwords.one_time()
        self._update(name, _Changes(hash=passwords.hashed(password), must_change=1), by, "password reset", tokens=True)
        return password

    def choose_password(self, name: str, old: str, new: str) -> Account | None:
        """The person's own choice; None if `old` is not the password. Raises passwords.BadPassword.

        Tokens made before are no longer good: whoever else knew the old password may have made them.
        """
        if self.check(name, old) is None:
            return None
        passwords.check_choice(name, old, new)
        self._update(name, _Changes(hash=passwords.hashed(new), must_change=0), name, "password changed", tokens=True)
        return self.get(name)

    def enable(self, name: str, enabled: bool, by: str) -> None:
        """Let the account in or keep it out; keeping it out takes its tokens away."""
        what = "account enabled" if enabled else "account disabled"
        self._update(name, _Changes(enabled=int(enabled)), by, what, tokens=not enabled)

    def change_role(self, name: str, role: str, by: str) -> None:
        """Give the account another role."""
        _known(role)
        self._update(name, _Changes(role=role), by, f"role changed to {role}")

    def token(self, name: str, by: str) -> str:
        """A token with which a program acts with the account's rights; only its hash is kept.

        There is none before the one-time password is changed: till then two know it.
        """
        token = secrets.token_urlsafe(32)
        with self._change() as conn:
            _must_be(conn, name)
            if conn.execute("SELECT 1 FROM accounts WHERE name = ? AND must_change", (name,)).fetchone():
                raise BadAccount(
                    f"{name} has a one-time password: sign in as {name} and choose another, then make a token"
                )
            conn.execute("INSERT INTO tokens VALUES (?, ?)", (_digest(token), name))
            _note(conn, by, "token made", name)
        return token

    def check(self, name: str, password: str) -> Account | None:
        """The account if it is let in with this password."""
        with self._open() as conn:
            stored = conn.execute("SELECT hash FROM accounts WHERE name = ? AND enabled", (name,)).fetchone()
        return self.get(name) if passwords.matches(stored[0] if stored else None, password) else None

    def of_token(self, token: str) -> Account | None:
        """The account a program acts for."""
        found = self._read("JOIN tokens ON account = name WHERE sha256 = ? AND enabled", _digest(token))
        return found[0] if found else None

    def get(self, name: str) -> Account | None:
        """One account, enabled or not."""
        found = self._read("WHERE name = ?", name)
        return found[0] if found else None

    def all(self) -> list[Account]:
        """All accounts by name."""
        return self._read("ORDER BY name")

    def note(self, actor: str, what: str, about: str) -> None:
        """Leave a note for the centre's log."""
        with self._change() as conn:
            _note(conn, actor, what, about)

    def notes(self, limit: int) -> list[Note]:
        """What the centre's log does not have yet, the oldest first."""
        with self._open() as conn:
            return [Note(*row) for row in conn.execute("SELECT * FROM notes ORDER BY id LIMIT ?", (limit,))]

    def forget_notes(self, taken: Sequence[Note]) -> None:
        """The centre's log has these."""
        with self._change() as conn:
            conn.executemany("DELETE FROM notes WHERE id = ?", [(note.id,) for note in taken])

    def _update(self, name: str, changes: _Changes, by: str, what: str, *, tokens: bool = False) -> None:
        with self._change() as conn:
            _must_be(conn, name)
            conn.execute(_UPDATE, (*changes, name))
            if tokens:
                conn.execute("DELETE FROM tokens WHERE account = ?", (name,))
            _note(conn, by, what, name)

    def _read(self, which: str, *values: object) -> list[Account]:
        with self._open() as conn:
            rows = conn.execute(_SELECT + which, values)
            return [Account(name, role, bool(must), bool(on), version) for name, role, must, on, version in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10)) as conn:
            yield conn

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._open() as conn, conn:
            yield conn


def _known(role: str) -> None:
    if role not in ROLES:
        raise BadAccount(f"{role} is no role: choose one of {', '.join(ROLES)}")


def _must_be(conn: sqlite3.Connection, name: str) -> None:
    if not conn.execute("SELECT 1 FROM accounts WHERE name = ?", (name,)).fetchone():
        raise BadAccount(f"there is no account {name}")


def _note(conn: sqlite3.Connection, actor: str, what: str, about: str) -> None:
    row = (secrets.token_hex(16), actor, what, about)
    conn.execute("INSERT INTO notes (key, actor, what, about) VALUES (?, ?, ?, ?)", row)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
