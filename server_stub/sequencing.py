"""What the process `sequencer` does, without transport: entries into the tree, checkpoints, who is told."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from server_stub.ledger import checkpoint, cosign
from server_stub.ledger.cabinets import Now, Sender
from server_stub.ledger.checkpoint import Checkpoint, Key, NoteSigner
from server_stub.ledger.sequencer import Sequencer
from server_stub.ledger.sign import Signer
from server_stub.register import SiteRegister

log = logging.getLogger(__name__)

PUBLISH_EVERY_MS = 10_000
ASK_AGAIN_MS = 10_000
REST_MS = 1000
CONFLICT = 409
MOST_TOLD = 100
MOST_DIGITS = 19
OK = 200
MOST_DIGITS = 19


# a checkpoint: number of its log, and size
_About = tuple[int, int]


class Signers(NamedTuple):
    """The sequencer's key for checkpoints, and the centre's for what it sends."""

    notes: NoteSigner
    centre: Signer


class Sequencing:
    """One step does all that is due; `now_ms` is the computer's time at the start."""

    def __init__(self, engine: Engine, register: SiteRegister, signers: Signers, now_ms: int) -> None:
        self._engine = engine
        self._register = register
        self._notes = signers.notes
        self._sequencer = Sequencer(engine, register.config.site.id)
        self._sender = Sender(register, signers.centre, now_ms)
        self._published_ms = now_ms - PUBLISH_EVERY_MS
        self._asked: dict[str, tuple[_About, int]] = {}
        self._cosigned: dict[str, _About] = {}
        self.newest: Checkpoint | None = None

    def start(self) -> None:
        """Take up the tree where it is, also after a step that failed."""
        self._sequencer.load()

    @property
    def halted(self) -> str:
        """Why nothing is signed; "" while all is well."""
        return self._sequencer.row.halted

    def step(self, now: Now) -> list[tuple[str, bytes]]:
        """Integrate what is committed; if it is time, sign the tree. Gives (topic, message) for cabinets."""
        self._register.refresh()
        grown = 0
        while more := self._sequencer.round():
            grown += more
        if not self._due(grown, now.received_ms):
            return []
        with self._engine.begin() as conn:
            made = checkpoint.publish(conn, self._notes, now.received_ms) or checkpoint.newest(conn)
            good = made and not self.halted and made.number == self._sequencer.row.number
            out = self._sender.take(conn, made, now) if made and good else []
        self.newest = made
        return [(self._register.names.down(station, "checkpoint"), envelope) for station, envelope in out]

    def _due(self, grown: int, now_ms: int) -> bool:
        """Once it has come to rest, at the latest every PUBLISH_EVERY_MS while it does not."""
        due = _passed(self._published_ms, now_ms, PUBLISH_EVERY_MS if grown else REST_MS)
        if due:
            self._published_ms = now_ms
        return due

    # ---- witnesses

    def to_ask(self, now_ms: int) -> list[tuple[str, Key]]:
        """Address and key of each witness to be asked about the newest checkpoint: one that did not cosign again every
        ASK_AGAIN_MS. Of a log that has a successor nothing is asked: an answer would be held against the successor."""
        if self.newest is None or self.halted or self.newest.number != self._sequencer.row.number:
            return []
        about = self.newest.number, self.newest.size
        due = [(url, key) for url, key in witnesses_of(self._register) if self._to_be_asked(key.name, about, now_ms)]
        self._asked.update({key.name: (about, now_ms) for _, key in due})
        return due

    def _to_be_asked(self, name: str, about: _About, now_ms: int) -> bool:
        asked, asked_ms = self._asked.get(name, ((0, 0), 0))
        return self._cosigned.get(name) != about and (asked != about or _passed(asked_ms, now_ms, ASK_AGAIN_MS))

    def question(self, old_size: int) -> bytes:
        """What to ask a witness that holds `old_size` about the newest checkpoint."""
        assert self.newest is not None
        with self._engine.connect() as conn:
            return cosign.question(conn, self.newest, old_size)

    def answered(self, key: Key, old_size: int, status: int, body: bytes) -> int | None:
        """Take in the answer to `question(old_size)`; gives the size to ask again from, None if that is all.

        One that has seen more than this tree holds, or another tree of its size, halts it.
        """
        assert self.newest is not None
        line = cosign.good_line(self.newest, key, body) if status == OK else None
        with self._engine.begin() as conn:
            if status == CONFLICT:
                return self._conflict(conn, key, old_size, body)
            if line:
                checkpoint.add_cosignatures(conn, self.newest, [(key.name, line)])
        if line:
            self._cosigned[key.name] = self.newest.number, self.newest.size
        else:
            log.warning("witness %s did not cosign: status %s, %r", key.name, status, body[:MOST_TOLD])
        return None

    def _conflict(self, conn: Connection, key: Key, old_size: int, body: bytes) -> int | None:
        assert self.newest is not None
        digits = body.strip()
        size = int(digits) if digits.isdigit() and len(digits) <= MOST_DIGITS else 0
        # it may have cosigned this very checkpoint, and the sequencer died before it kept the cosignature
        if size < self.newest.size or size == self.newest.size != old_size:
            return size
        self._sequencer.halt(conn, f"witness {key.name} has seen another tree, of {size} leaves")
        return None


def _passed(since_ms: int, now_ms: int, least_ms: int) -> bool:
    """Has so much time gone by? A clock that was set back holds up nothing."""
    return not 0 <= now_ms - since_ms < least_ms


def witnesses_of(register: SiteRegister) -> Sequence[tuple[str, Key]]:
    """Address and key of every witness of the site."""
    return [(witness.url.rstrip("/"), Key.read(witness.vkey)) for witness in register.config.witness]
