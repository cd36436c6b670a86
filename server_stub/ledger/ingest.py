"""Ingest: a station's bytes in, ledger rows and an answer out. One call handles one message inside a transaction."""

from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection

from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages, topics
from server_stub.ledger import store
from server_stub.ledger.batch import Batch, Heartbeat, Refused, StationKeys, read_batch, read_heartbeat
from server_stub.ledger.clocks import Clocks
from server_stub.ledger.log import CentreLog
from server_stub.ledger.record import LogState
from server_stub.ledger.sign import Signer, answer
from server_stub.ledger.transaction import Transaction
from server_stub.ledger.verdict import Decision, decide, meeting_seq


class Enrolled(NamedTuple):
    """What the site knows of a station: keys, shard, and the genesis of its log."""

    keys: StationKeys
    log: int
    genesis: bytes


class Names(NamedTuple):
    """Site and shard, for topics."""

    site: str
    shard: str


Register = Callable[[str], Enrolled | None]


class Ingest:
    """Takes batches and heartbeats; `register` gives what is known of a station."""

    def __init__(self, names: Names, register: Register, signer: Signer, log: CentreLog) -> None:
        self._names = names
        self._register = register
        self._signer = signer
        self._log = log
        self._clocks = Clocks(log)
        self._states: dict[tuple[str, int], LogState] = {}

    def forget(self) -> None:
        """Read the logs' states anew (after a transaction that failed)."""
        self._states.clear()
        self._clocks.forget()

    def batch(self, tx: Transaction, station: str, raw: bytes) -> int | None:
        """Take in one batch and queue its answer; gives the verdict, None if it was refused."""
        known = self._register(station)
        try:
            batch = read_batch(raw, station, known.keys if known else None)
            state = self._state(tx.conn, known, batch)
        except Refused as refused:
            self.refuse(tx, station, refused, raw)
            return None
        decision = decide(state, batch, tx.head_at(state, meeting_seq(state, batch)))
        state = self._carry_out(tx, state, batch, decision, raw)
        assert known is not None
        self._answer(tx, known, state, decision.verdict)
        return decision.verdict

    def heartbeat(self, tx: Transaction, station: str, raw: bytes) -> Heartbeat | None:
        """Take in one heartbeat and queue the answer, where its log stands; None if it was refused."""
        known = self._register(station)
        try:
            beat = read_heartbeat(raw, station, known.keys if known else None)
            state = self._state(tx.conn, known, beat)
        except Refused as refused:
            self.refuse(tx, station, refused, raw)
            return None
        store.save_heartbeat(tx.conn, beat, tx.received_ms)
        assert known is not None
        self._answer(tx, known, state, messages.FORK if state.stopped else messages.DUP)
        return beat

    def _answer(self, tx: Transaction, known: Enrolled, state: LogState, verdict: int) -> None:
        reply = answer(self._signer, known.keys.mac, state, verdict, tx.utc_ms)
        tx.send(topics.down(*self._names, state.station, "answer"), reply)

    def refuse(self, tx: Transaction, station: str, refused: Refused, raw: bytes) -> None:
        """Keep what is no good as evidence; it gets no answer."""
        self._evidence(tx, refused.code, LogState(station, 0, b"", 0, b"", False, 0, 0), str(refused), raw)

    def _state(self, conn: Connection, known: Enrolled | None, batch: Batch | Heartbeat) -> LogState:
        key = (batch.station, batch.log)
        if key not in self._states:
            if known is None or known.log != batch.log:
                raise Refused(codes.BAD_BATCH, f"log {batch.log} of {batch.station} is not enrolled")
            self._states[key] = store.load_log(conn, *key, known.genesis)
        return self._states[key]

    def _carry_out(self, tx: Transaction, state: LogState, batch: Batch, decision: Decision, raw: bytes) -> LogState:
        if decision.verdict == messages.ACCEPT:
            state = _extended(state, decision)
            store.add_batch(tx.conn, batch, raw, tx.received_ms)
            self._clocks.take(tx, decision.new)
        elif decision.verdict == messages.FORK and not state.stopped:
            state = state._replace(stopped=True)
            detail = f"entries from {batch.first_seq} contradict what the ledger holds; the log has stopped"
            self._evidence(tx, codes.FORK, state, detail, raw)
            self._log.append(tx, kinds.CENTRE_ALARM, [codes.FORK, state.station, 1])
        else:
            return state
        store.save_log(tx.conn, state)
        self._states[state.station, state.log] = state
        return state

    def _evidence(self, tx: Transaction, code: int, about: LogState, detail: str, raw: bytes) -> None:
        row = {
            "utc_ms": tx.utc_ms,
            "code": code,
            "station": about.station,
            "log": about.log,
            "seq": about.seq,
            "detail": detail,
        }
        if store.add_evidence(tx.conn, row, raw):
            ext = [code, about.station, about.log, about.seq, sha256(raw).digest()]
            self._log.append(tx, kinds.EVIDENCE, ext)


def _extended(state: LogState, decision: Decision) -> LogState:
    removals = sum(page.entry.kind == kinds.REMOVE for page in decision.new)
    return state._replace(
        seq=decision.new[-1].entry.seq,
        head=decision.new[-1].head,
        entries=state.entries + len(decision.new),
        removals=state.removals + removals,
    )
