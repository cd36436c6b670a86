"""Checkpoints on their way to cabinets, each of which is a witness (docs/wire.md section 6): who is due."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select

from firmware.compat import derive
from firmware.wire import sealed
from server_stub.ledger import checkpoint, schema, tiles, tree_schema
from server_stub.ledger.checkpoint import Checkpoint
from server_stub.ledger.ingest import Register
from server_stub.ledger.sign import Signer
from server_stub.ledger.store import upsert
from server_stub.ledger.tiles import InTree
from server_stub.ledger.tree import Proofs

EVERY_MS = 60_000
QUIET_EVERY_MS = 6 * 3_600_000
HEARD_WITHIN_MS = 180_000
# as many as an envelope has room for: one who missed more gets none until he is enrolled anew
MOST_SUCCESSORS = 4


class Sent(NamedTuple):
    """The last checkpoint a station was sent: message, size, up to which entry of its, when (hospital time)."""

    station: str
    log: int
    number: int = 0
    size: int = 0
    news_seq: int = 0
    sent_utc_ms: int = -QUIET_EVERY_MS


class Now(NamedTuple):
    """Hospital time, and the computer's."""

    utc_ms: int
    received_ms: int


class Due(NamedTuple):
    """A station that is to get the checkpoint."""

    state: InTree
    sent: Sent


def due(conn: Connection, made: Checkpoint, now: Now, since_ms: int) -> Iterator[Due]:
    """Stations to be sent `made` now.

    A station counts once it has been heard after `since_ms`, the start of this process, and all it said it had is in
    the tree: so a centre that was restored learns what its cabinets have seen before it shows them less.
    """
    before = {(row.station, row.log): Sent(*row) for row in conn.execute(select(tree_schema.sent))}
    logs = tiles.all_logs(conn)
    beats = schema.heartbeats.c
    for beat in conn.execute(select(beats.station, beats.log, beats.seq, beats.received_ms)):
        key = (beat.station, beat.log)
        state, sent = logs.get(key), before.get(key, Sent(*key))
        heard = beat.received_ms >= max(since_ms, now.received_ms - HEARD_WITHIN_MS)
        if state and heard and beat.seq <= state.seq and _wanted(state, sent, made, now.utc_ms):
            yield Due(state, sent)


def _wanted(state: InTree, sent: Sent, made: Checkpoint, utc_ms: int) -> bool:
    # a clock that was set back holds up nobody
    after_ms = utc_ms - sent.sent_utc_ms if utc_ms >= sent.sent_utc_ms else QUIET_EVERY_MS
    news = state.news_seq > sent.news_seq and after_ms >= EVERY_MS
    quiet = made.size != sent.size and after_ms >= QUIET_EVERY_MS
    return news or quiet


class View(NamedTuple):
    """The tree that a checkpoint names, for proofs."""

    conn: Connection
    made: Checkpoint
    proofs: Proofs


def message(view: View, state: InTree, key: bytes, number: int) -> bytes:
    """The sealed payload for one station; `key` is its K, `number` that of the message."""
    conn, made, proofs = view
    old = state.held_size if state.held_number == made.number else 0
    last_seq, at = tiles.last_within(conn, made.number, (state.station, state.log), made.size)
    fields = [1, state.station, state.log, number, made.note, old, proofs.consistency(old, made.size)]
    fields += [last_seq, at, proofs.inclusion(at, made.size) if last_seq else [], _successors(view, state)]
    return bytes(sealed.seal(fields, derive(key, "checkpoint")))


def _successors(view: View, state: InTree) -> list[list[object]]:
    """The entries that lead from the log the cabinet has seen to this one."""
    conn, made, proofs = view
    if state.held_number in (0, made.number):
        return []
    rows = [row for row in tiles.successor_entries(conn) if state.held_number < row.number <= made.number]
    return [[row.entry, row.leaf_index, proofs.inclusion(row.leaf_index, made.size)] for row in rows[-MOST_SUCCESSORS:]]


class Sender:
    """Makes what is due; `register` knows the stations' keys, `signer` is the centre's."""

    def __init__(self, register: Register, signer: Signer, since_ms: int) -> None:
        self._register = register
        self._signer = signer
        self._since_ms = since_ms

    def take(self, conn: Connection, made: Checkpoint, now: Now) -> list[tuple[str, bytes]]:
        """(station, envelope) of everyone who is due, noted as sent."""
        out, view = [], View(conn, made, tiles.proofs(conn, made.number))
        # after a clock that was set back: who has been heard since then
        self._since_ms = min(self._since_ms, now.received_ms)
        for one in list(due(conn, made, now, self._since_ms)):
            known = self._register(one.state.station)
            if known and known.log == one.state.log:
                out.append((one.state.station, self._one(view, one, known.keys.mac, now)))
        if out:
            checkpoint.was_shown(conn, made)
        return out

    def _one(self, view: View, one: Due, key: bytes, now: Now) -> bytes:
        number = max(one.sent.number + 1, now.received_ms)
        payload = message(view, one.state, key, number)
        sent = one.sent._replace(
            number=number, size=view.made.size, news_seq=one.state.news_seq, sent_utc_ms=now.utc_ms
        )
        view.conn.execute(upsert(view.conn, tree_schema.sent, ("station", "log")), sent._asdict())
        return self._signer.envelope("checkpoint", payload)
