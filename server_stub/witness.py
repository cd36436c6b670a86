"""A witness: it puts its name under a log's checkpoint if that begins with everything it has seen before, and remembers
it first (C2SP tlog-witness; docs/wire.md section 6). It runs where the centre's people have no say."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.merkle import consistent
from firmware.wire import note, signed
from server_stub.ledger import cosign
from server_stub.ledger.checkpoint import Key, NoteSigner, signed_by
from server_stub.site.home import make_folder, write_private
from server_stub.site.treekey import pem

_TEXT = "text/plain; charset=utf-8"


class Seen(NamedTuple):
    """The largest tree of an origin that was cosigned."""

    size: int = 0
    root: bytes = b""


class Answer(NamedTuple):
    """What the one who asked gets."""

    status: int
    body: str
    kind: str = _TEXT


class Memory:
    """What was cosigned, durable before anybody hears of it."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        path.touch(mode=0o600)
        self._conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._conn.execute(f"PRAGMA {pragma}")
        self._conn.execute("CREATE TABLE IF NOT EXISTS seen (origin TEXT PRIMARY KEY, size INTEGER, root BLOB)")

    @contextmanager
    def holding(self, origin: str) -> Iterator[tuple[Seen, Callable[[Seen], None]]]:
        """What was seen of `origin`, and how to replace it, in one transaction."""
        self._conn.execute("BEGIN IMMEDIATE")
        try:
            row = self._conn.execute("SELECT size, root FROM seen WHERE origin = ?", (origin,)).fetchone()
            yield Seen(*row) if row else Seen(), lambda new: self._put(origin, new)
            self._conn.execute("COMMIT")
        except BaseException:
            # SQLite may have done so already
            if self._conn.in_transaction:
                self._conn.execute("ROLLBACK")
            raise

    def _put(self, origin: str, new: Seen) -> None:
        self._conn.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (origin, *new))

    def close(self) -> None:
        """No more questions."""
        self._conn.close()


class Witness:
    """Answers `add-checkpoint`; `logs` are the keys of the origins it knows."""

    def __init__(self, signer: NoteSigner, logs: Mapping[str, Key], memory: Memory, folder: Path) -> None:
        self._signer = signer
        self._logs = dict(logs)
        self._memory = memory
        self._folder = folder

    def add_checkpoint(self, body: bytes, time_s: int) -> Answer:
        """Cosign what was asked for at `time_s` (POSIX seconds), or say why not."""
        try:
            asked = cosign.decode(body)
            origin, size, root = note.read(asked.note)
            text, _ = note.split(asked.note)
            key = self._logs.get(origin)
            if key is None:
                return Answer(404, "this witness does not know that log\n")
            if not signed_by(asked.note, key):
                return Answer(403, "the log did not sign this\n")
        except ValueError as error:
            return Answer(400, f"{error}\n")
        if asked.old_size > size:
            return Answer(400, "the old size is larger than the checkpoint's\n")
        return self._grown(asked, (origin, Seen(size, root)), text, time_s)

    def _grown(self, asked: cosign.Question, shown: tuple[str, Seen], text: str, time_s: int) -> Answer:
        origin, new = shown
        with self._memory.holding(origin) as (seen, keep):
            if asked.old_size != seen.size or (new.size == seen.size and new.root != seen.root):
                return Answer(409, f"{seen.size}\n", cosign.SIZE_TYPE)
            if not consistent(*seen, *new, asked.proof):
                return Answer(422, "the proof does not hold\n")
            keep(new)
        line = self._signer.cosign(text, time_s) + "\n"
        # for auditors: what was cosigned last, as `verify_apotheca.py --checkpoint` takes it
        write_private(self._folder / f"{origin.replace('/', '-')}.checkpoint", asked.note + line.encode())
        return Answer(200, line)


def open_witness(folder: Path, name: str, logs: Mapping[str, Key]) -> tuple[Witness, str]:
    """The witness whose key and memory are in `folder`, made on first use; gives its vkey too. Raises ValueError for a
    key without its memory: it would cosign whatever it is shown next; and for a name that no signature line can carry
    (C2SP signed-note: no blanks, no plus)."""
    if not name or "+" in name or any(one.isspace() or not one.isprintable() for one in name):
        raise ValueError("the name of a witness has no blanks and no +: example.org/compliance")
    key, seen = folder / "witness.key", folder / "seen.db"
    if key.exists() and not seen.exists():
        raise ValueError(f"{seen} is missing, what it has cosigned is lost: move {key} away and hand out a new key")
    memory = Memory(seen)
    if not key.exists():
        write_private(key, pem(Ed25519PrivateKey.generate()))
    signer = NoteSigner(key.read_bytes(), name, signed.COSIGNATURE)
    return Witness(signer, logs, memory, folder), signer.vkey


def logs_of(vkeys: Mapping[str, str], origins: tuple[str, ...]) -> dict[str, Key]:
    """Keys by origin: a key's own name, and successors of it only where somebody named them. Raises ValueError."""
    logs = {key.name: key for key in (Key.read(text) for text in vkeys.values())}
    for origin in origins:
        note.number_of(origin)
        base = origin.rsplit("/", 1)[0]
        if base not in logs:
            raise ValueError(f"{origin} is no successor of a log whose key was given")
        logs[origin] = logs[base]
    return logs
