"""Ingest: a station's bytes in, an answer out. What is answered is durable: the batch as it came, and the log's head.

Rows of the ledger and projections follow in `catch_up`. One call takes a group of messages in one transaction, and
signs the answers once it is committed: whoever misses one sends again and gets it again.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from firmware import codes
from firmware.journal.chain import head0
from firmware.wire import messages, topics
from server_stub.ledger import store
from server_stub.ledger.batch import Batch, Heartbeat, Refused, StationKeys, read_batch, read_heartbeat
from server_stub.ledger.freshness import Freshness, Mark
from server_stub.ledger.record import Held
from server_stub.ledger.sign import Signer, answer
from server_stub.ledger.transaction import Outgoing
from server_stub.ledger.verdict import decide, meeting_seq


class Enrolled(NamedTuple):
    """What the site knows of a station: keys, shard, and the genesis of its log."""

    keys: StationKeys
    log: int
    genesis: bytes


class Names(NamedTuple):
    """Names for topics: site, its shard, and what stations are of another; the register keeps that up to date."""

    site: str
    shard: str
    elsewhere: Mapping[str, str]

    def down(self, station: str, what: str) -> str:
        """The topic of what goes to a station."""
        return str(topics.down(self.site, self.elsewhere.get(station, self.shard), station, what))


Register = Callable[[str], Enrolled | None]


class Now(NamedTuple):
    """Hospital time and the computer's, of all that is taken together."""

    utc_ms: int
    received_ms: int


class Message(NamedTuple):
    """A station's batch, or its heartbeat."""

    station: str
    what: str
    raw: bytes


class Taken(NamedTuple):
    """What became of a group: answers to send, stations heard, and how much there is to catch up with."""

    answers: list[Outgoing]
    heard: set[str]
    new: int


class Ingest:
    """Takes batches and heartbeats; `register` gives what is known of a station."""

    def __init__(self, engine: Engine, names: Names, register: Register, signer: Signer) -> None:
        self._engine = engine
        self._names = names
        self._register = register
        self._signer = signer
        self._held: dict[tuple[str, int], Held] = {}
        self._fresh = Freshness()

    def take(self, messages_: Sequence[Message], now: Now) -> Taken:
        """Take a group in; when this returns, all of it is durable. If it fails nothing of it has happened."""
        try:
            with self._engine.begin() as conn:
                group = _Group(conn, now, self._register, self._held, self._fresh)
                for message in messages_:
                    group.take(message)
                group.flush()
        except BaseException:
            self._held.clear()
            self._fresh.forget()
            raise
        return Taken([self._answer(*due, now) for due in group.due], group.heard, group.new)

    def refuse(self, station: str, refused: Refused, raw: bytes, now: Now) -> None:
        """Keep what is no good as evidence; it gets no answer."""
        with self._engine.begin() as conn:
            group = _Group(conn, now, self._register, {}, self._fresh)
            group.refuse(station, refused, raw)
            group.flush()

    def _answer(self, held: Held, verdict: int, now: Now) -> Outgoing:
        known = self._register(held.station)
        assert known is not None
        reply = answer(self._signer, known.keys.mac, held, verdict, now.utc_ms)
        return Outgoing(None, self._names.down(held.station, "answer"), reply)


class _Group:
    """The work of one transaction, written all at once: a statement costs more than what most entries do."""

    def __init__(
        self, conn: Connection, now: Now, register: Register, held: dict[tuple[str, int], Held], fresh: Freshness
    ) -> None:
        self.due: list[tuple[Held, int]] = []
        self.heard: set[str] = set()
        self.new = 0
        self._conn, self._now, self._register, self._held, self._fresh = conn, now, register, held, fresh
        self._before: dict[tuple[str, int], Held | None] = {}
        self._batches: list[tuple[Batch, bytes]] = []
        self._beats: dict[str, Heartbeat] = {}

    def take(self, message: Message) -> None:
        """One batch or heartbeat."""
        station, what, raw = message
        known = self._register(station)
        keys = known.keys if known else None
        try:
            if what == "heartbeat":
                beat = read_heartbeat(raw, station, keys)
                self._heartbeat(beat, self._where(known, beat.log, station), raw)
            else:
                batch = read_batch(raw, station, keys)
                self._batch(batch, self._where(known, batch.log, station), raw)
        except Refused as refused:
            self.refuse(station, refused, raw)

    def refuse(self, station: str, refused: Refused, raw: bytes) -> None:
        """Keep `raw` as evidence, and have the centre's log say so."""
        self._evidence(refused.code, Held(station, 0, b"", 0, b"", False), str(refused), raw)

    def flush(self) -> None:
        """Write what was taken."""
        rows, self._batches = self._batches, []
        store.add_batches(self._conn, rows, self._now.received_ms)
        moved, self._before = self._before, {}
        store.save_held(self._conn, [(before, self._held[key]) for key, before in moved.items()])
        store.save_heartbeats(self._conn, self._beats.values(), self._now.received_ms)

    def _batch(self, batch: Batch, held: Held, raw: bytes) -> None:
        verdict = decide(held, batch, self._head_at(held, meeting_seq(held, batch)))
        if verdict == messages.ACCEPT:
            self._batches.append((batch, raw))
            self.heard.add(batch.station)
            held = self._move(held, seq=batch.last_seq, head=batch.heads[-1])
            self.new += 1
        elif verdict == messages.FORK and not held.stopped:
            detail = f"entries from {batch.first_seq} contradict what the ledger holds; the log has stopped"
            held = self._move(held, stopped=True)
            self._evidence(codes.FORK, held, detail, raw)
        self.due.append((held, verdict))

    def _heartbeat(self, beat: Heartbeat, held: Held, raw: bytes) -> None:
        if not self._fresh.knows(beat.station):
            self._fresh.start(beat.station, Mark(*store.last_heartbeat(self._conn, beat.station)))
        if self._fresh.take(beat, raw, self._now.utc_ms):
            self._beats[beat.station] = beat
            self.heard.add(beat.station)
        self.due.append((held, messages.FORK if held.stopped else _stands(beat, held)))

    def _where(self, known: Enrolled | None, log: int, station: str) -> Held:
        key = (station, log)
        if known is None or known.log != log:
            raise Refused(codes.BAD_BATCH, f"log {log} of {station} is not enrolled")
        if key not in self._held:
            self._held[key], stored = store.load_held(self._conn, station, log, known.genesis)
            if not stored:
                self._before[key] = None
        return self._held[key]

    def _move(self, held: Held, **changes: object) -> Held:
        key = (held.station, held.log)
        self._before.setdefault(key, held)
        self._held[key] = held._replace(**changes)  # type: ignore[arg-type]
        return self._held[key]

    def _head_at(self, held: Held, seq: int) -> bytes | None:
        """The ledger's head at `seq` of that log."""
        if seq == held.seq:
            return held.head
        if seq == 0:
            return bytes(head0(held.genesis))
        self.flush()
        return store.head_at(self._conn, held.station, held.log, seq)

    def _evidence(self, code: int, about: Held, detail: str, raw: bytes) -> None:
        row = {
            "utc_ms": self._now.utc_ms,
            "code": code,
            "station": about.station,
            "log": about.log,
            "seq": about.seq,
            "detail": detail,
        }
        kept = store.add_evidence(self._conn, row, raw)
        if kept or code == codes.FORK:
            store.add_finding(self._conn, row, sha256(raw).digest() if kept else None)
            self.new += 1


def _stands(beat: Heartbeat, held: Held) -> int:
    """GAP where the station was answered more than is here: this is a restored centre, which needs it again."""
    return messages.GAP if beat.seq - beat.outbox_depth > held.seq else messages.DUP
