"""Durable first, folded after: what is answered is never lost, doubled or folded otherwise, whatever stops between."""

import random
from contextlib import contextmanager
from itertools import pairwise
from types import SimpleNamespace

import cbor2
import pytest
from sqlalchemy import delete, event, select

from firmware import codes
from firmware.journal import kinds
from firmware.wire import cose, messages, topics
from server_stub import auditing
from server_stub.centre import Arrived, Asked, Keys
from server_stub.fold import rebuild
from server_stub.integration.downlink import SETTLE_MS
from server_stub.ledger import catch_up, schema, store
from server_stub.ledger.ingest import Ingest, Message, Now
from server_stub.watch.silence import SILENT_MS
from tests.centre.scripted import sign

STATIONS = ("ICU1", "ED1", "ED2")


def arrived(station, raw, what="batch"):
    return Arrived(topics.up("demo", "s0", station, what), raw)


def removals(bench, station="ICU1", count=6):
    script = bench.station(station)
    for n in range(count):
        script.removal(place=f"D01-P{n:02}")
    return script


def answers(out):
    return [cbor2.loads(cose.parse(m.payload)[1])[3:6] for m in out if m.topic.endswith("/answer")]


def follow(bench):
    """All that is still to be folded, step by step."""
    while bench.centre.behind:
        bench.sent += bench.centre.step()


def rebuilt(bench):
    with bench.engine.begin() as conn:
        before, after = rebuild(conn)
    return before == after


@pytest.mark.req("A12.a")
def test_the_answer_is_given_before_anything_is_folded_and_a_crash_then_loses_nothing(bench):
    script = removals(bench)
    out = bench.centre.take([arrived("ICU1", script.batch(1, 12))])
    assert answers(out) == [[messages.ACCEPT, 12, script.heads[12]]]
    assert bench.ledger() == [] and bench.rows(schema.inventory) == []
    bench.restart()
    assert bench.centre.behind
    follow(bench)
    assert bench.ledger() == [(n, script.heads[n]) for n in range(1, 13)]
    assert {(row.place, row.quantity) for row in bench.rows(schema.inventory)} == {
        (f"D01-P{n:02}", 8) for n in range(3)
    }
    assert rebuilt(bench)


@pytest.mark.req("A12.a", "A12.b")
@pytest.mark.parametrize(
    "first, last, verdict",
    [(1, 8, messages.DUP), (2, 4, messages.DUP), (5, 12, messages.ACCEPT), (10, 12, messages.GAP)],
)
def test_a_verdict_needs_no_folding(bench, first, last, verdict):
    script = removals(bench)
    bench.centre.take([arrived("ICU1", script.batch(1, 8))])
    assert [got for got, _, _ in answers(bench.centre.take([arrived("ICU1", script.batch(first, last))]))] == [verdict]
    other = script.fork(3)
    other.add()
    out = bench.centre.take([arrived("ICU1", other.batch(3, 4)), arrived("ICU1", script.batch(9, 12))])
    assert [got for got, _, _ in answers(out)] == [messages.FORK, messages.FORK]
    assert bench.rows(schema.alarms) == []
    bench.restart()
    follow(bench)
    assert (codes.FORK, "ICU1") in {(row.code, row.station) for row in bench.rows(schema.alarms)}
    held = 12 if verdict == messages.ACCEPT else 8
    assert len(bench.ledger()) == held, "what was accepted before the fork is folded"
    assert [log.stopped for log in bench.rows(schema.logs) if log.station == "ICU1"] == [1]


def test_overlap_within_one_transaction(bench):
    script = removals(bench)
    out = bench.centre.take(
        [arrived("ICU1", script.batch(*span)) for span in ((1, 4), (3, 9), (2, 5), (1, 12), (9, 9))]
    )
    verdicts = [verdict for verdict, _, _ in answers(out)]
    assert verdicts == [messages.ACCEPT, messages.ACCEPT, messages.DUP, messages.ACCEPT, messages.DUP]
    follow(bench)
    assert bench.ledger() == [(n, script.heads[n]) for n in range(1, 13)]


@pytest.mark.req("A12.a")
@pytest.mark.parametrize("seed", range(6))
def test_stopped_anywhere_the_ledger_is_the_same(quick, seed):
    rng = random.Random(seed)
    scripts = {station: removals(quick, station) for station in STATIONS}
    sent = dict.fromkeys(STATIONS, 0)
    while any(sent[s] < len(scripts[s].pages) for s in STATIONS) or quick.centre.behind:
        what = rng.random()
        if what < 0.5:
            station = rng.choice(STATIONS)
            first = max(1, sent[station] + 1 - rng.randint(0, 3))
            last = min(len(scripts[station].pages), sent[station] + rng.randint(1, 5))
            ((_, sent[station], _),) = answers(
                quick.centre.take([arrived(station, scripts[station].batch(min(first, last), last))])
            )
        elif what < 0.8 and quick.centre.behind:
            quick.centre.step(rng.randint(1, 3))
        elif what < 0.9:
            quick.restart()
        else:
            quick.ask("advance", utc_ms=quick.clock.utc_ms() + 1000)
    for station, script in scripts.items():
        assert quick.ledger(station) == [(n, script.heads[n]) for n in range(1, 25)]
    assert {(row.station, row.entries, row.removals) for row in quick.rows(schema.logs) if row.station in STATIONS} == {
        (station, 24, 6) for station in STATIONS
    }
    assert {row.quantity for row in quick.rows(schema.inventory)} == {8}
    assert rebuilt(quick)


def test_a_step_is_bounded_and_goes_on_in_order(quick, monkeypatch):
    monkeypatch.setattr("server_stub.ledger.catch_up.STEP_ENTRIES", 8)
    monkeypatch.setattr("server_stub.ledger.catch_up.LOOK", 3)
    script = removals(quick)
    quick.centre.take([arrived("ICU1", script.batch(n, n + 3)) for n in range(1, 25, 4)])
    seen = []
    while quick.centre.behind:
        quick.centre.step()
        seen.append(len(quick.ledger()))
    assert seen[0] == 8 and max(after - before for before, after in pairwise(seen)) <= 8
    assert quick.ledger() == [(n, script.heads[n]) for n in range(1, 25)]


@pytest.mark.req("A19.b")
def test_a_failed_step_is_done_again(quick, monkeypatch):
    script = removals(quick)
    quick.centre.take([arrived("ICU1", script.batch(1, 8))])

    def full(*_):
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr("server_stub.ledger.store.add_outbox", full)
        broken.setattr(quick.centre, "_reload", lambda: None)
        with pytest.raises(OSError, match="disk full"):
            quick.centre.step()
    quick.centre._reload()
    assert quick.ledger() == [] and quick.centre.behind
    follow(quick)
    assert len(quick.ledger()) == 8 and rebuilt(quick)


@contextmanager
def no_commit(engine):
    """The database takes everything but the COMMIT."""

    def full(_conn):
        raise OSError("disk full")

    event.listen(engine, "commit", full)
    try:
        with pytest.raises(OSError, match="disk full"):
            yield
    finally:
        event.remove(engine, "commit", full)


@pytest.mark.req("A12.a", "A19.b")
def test_a_database_that_stays_away_leaves_no_hole_in_the_centres_log(quick, monkeypatch):
    began = []

    @contextmanager
    def begin():
        began.append(1)
        if len(began) > 1:
            raise OSError("no connection")
        with quick.engine.begin() as conn:
            yield conn
            raise OSError("no connection")

    script = removals(quick)
    quick.up("ICU1", "heartbeat", script.heartbeat())
    quick.transport_ms += SILENT_MS
    with monkeypatch.context() as away:
        away.setattr(quick.centre, "_engine", SimpleNamespace(begin=begin))
        for _ in range(3):
            with pytest.raises(OSError, match="no connection"):
                quick.centre.tick()
    quick.sent += quick.centre.tick()
    quick.up("ICU1", "heartbeat", script.heartbeat())
    seqs = [seq for seq, _ in quick.ledger("centre")]
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) > 2
    with quick.engine.connect() as conn:
        assert auditing.audit(conn, quick.home, quick.register.config) == []


@pytest.mark.req("A19.b")
def test_what_a_commit_did_not_keep_is_done_again(quick, monkeypatch):
    quick.up("ICU1", "batch", removals(quick).batch(1, 8))
    waiting = [row.id for row in quick.rows(schema.outbox)]
    for id_ in waiting:
        quick.centre.sent(id_)
    assert waiting
    with monkeypatch.context() as broken:
        broken.setattr(quick.centre, "_reload", lambda: None)
        with no_commit(quick.engine):
            quick.centre.tick()
    quick.centre._reload()
    quick.centre.tick()
    assert quick.rows(schema.outbox) == [], "what the broker has is not sent again at the next start"


@pytest.mark.req("A19.b")
def test_a_station_that_is_behind_gets_its_tables_though_a_commit_failed_and_a_clock_was_set_back(quick, monkeypatch):
    quick.ask("reference", station="ICU1", table="items", rows=[["HEPARIN", 0, 1, 0]])
    assert quick.up("ICU1", "status", b'{"online":true,"tables":{"items":0}}') == [], "that was sent a moment ago"
    quick.transport_ms -= 3_600_000
    with monkeypatch.context() as broken:
        broken.setattr(quick.centre, "_reload", lambda: None)
        with no_commit(quick.engine):
            quick.centre.tick()
    quick.centre._reload()
    quick.transport_ms += SETTLE_MS
    assert [m.topic.rsplit("/", 1)[-1] for m in quick.centre.tick()] == ["reference"]


def test_a_batch_that_can_not_be_folded_holds_up_its_own_log_only(quick, monkeypatch):
    scripts = [removals(quick, station) for station in ("ICU1", "ED1")]
    quick.centre.take([arrived(script.station, script.batch(1, 4)) for script in scripts])
    with monkeypatch.context() as broken:
        pages_of = store.pages_of

        def fails(raw, after=0):
            pages = pages_of(raw, after)
            if pages[0].entry.station == "ICU1":
                raise ValueError("nobody thought of this")
            return pages

        broken.setattr("server_stub.ledger.catch_up.pages_of", fails)
        with pytest.raises(ValueError, match="nobody"):
            quick.centre.step(1)
        quick.centre.set_aside()
        follow(quick)
        assert [len(quick.ledger(s)) for s in ("ICU1", "ED1")] == [0, 4]
        assert (codes.NOT_FOLDED, "ICU1") in {(row.code, row.station) for row in quick.rows(schema.alarms)}
        out = quick.centre.take([arrived("ICU1", scripts[0].batch(5, 8))])
        assert [verdict for verdict, _, _ in answers(out)] == [messages.ACCEPT], "it is still taken in"
    quick.restart()
    follow(quick)
    assert len(quick.ledger("ICU1")) == 8
    assert quick.rows(schema.alarms) == []


class Poison:
    """What makes the batches of one station such as can not be folded, while it is set."""

    def __init__(self, monkeypatch, station):
        pages_of = store.pages_of

        def fails(raw, after=0):
            pages = pages_of(raw, after)
            if self.works and pages[0].entry.station == station:
                raise ValueError("nobody thought of this")
            return pages

        self.works = True
        monkeypatch.setattr("server_stub.ledger.catch_up.pages_of", fails)


def test_however_much_of_a_log_is_set_aside_the_others_are_folded(bench, monkeypatch):
    monkeypatch.setattr("server_stub.ledger.catch_up.LOOK", 2)
    monkeypatch.setattr("server_stub.ledger.catch_up.MANY", 3)
    Poison(monkeypatch, "ICU1")
    icu, ed = (removals(bench, station) for station in ("ICU1", "ED1"))
    bench.centre.take([arrived("ICU1", icu.batch(n, n)) for n in range(1, 5)])
    with bench.engine.connect() as conn:
        assert catch_up.many_wait(conn), "no more is to be taken in for now"
    with pytest.raises(ValueError, match="nobody"):
        bench.centre.step(1)
    bench.centre.set_aside()
    with bench.engine.connect() as conn:
        assert not catch_up.many_wait(conn), "what waits for the next start keeps no shard from taking in"
    bench.centre.take([arrived("ED1", ed.batch(1, 4))])
    for _ in range(4):
        bench.centre.step()
    assert len(bench.ledger("ED1")) == 4 and not bench.centre.behind
    bench.centre.look()
    assert not bench.centre.behind, "nothing is new elsewhere"


@pytest.mark.req("A18")
def test_a_station_that_is_back_is_not_forgotten_with_what_can_not_be_folded(quick, monkeypatch):
    def silent():
        return (codes.STATION_SILENT, "ED1") in {(row.code, row.station) for row in quick.rows(schema.alarms)}

    ed = removals(quick, "ED1")
    quick.up("ED1", "heartbeat", ed.heartbeat())
    quick.transport_ms += SILENT_MS
    quick.centre.tick()
    assert silent()
    Poison(monkeypatch, "ICU1")
    quick.centre.take([arrived("ICU1", removals(quick).batch(1, 4)), arrived("ED1", ed.heartbeat(), "heartbeat")])
    with pytest.raises(ValueError, match="nobody"):
        quick.centre.step(1)
    quick.centre.set_aside()
    follow(quick)
    assert not silent()


def test_a_time_is_judged_by_when_the_batch_came_not_when_it_was_folded(quick, monkeypatch):
    script = quick.station()
    script.tq = 0
    script.removal()
    came = quick.clock.utc_ms()
    quick.centre.take([arrived("ICU1", script.batch(1, 4))])
    quick.transport_ms += 40_000
    monkeypatch.setattr(quick.clock, "utc_ms_ago", lambda ms: quick.clock.utc_ms() - ms)
    quick.clock.advance(came + 40_000)
    quick.restart()
    follow(quick)
    with quick.engine.connect() as conn:
        said = [page.entry.ext for page in store.pages_in_order(conn) if page.entry.kind == kinds.TIME_ASSUMED]
    assert said == [["ICU1", 1, 3, came]]


def test_a_request_is_answered_from_all_that_came_before_it(quick):
    script = removals(quick)
    replies = []
    work = [arrived("ICU1", script.batch(1, 4)), Asked({"do": "status", "args": {}}, replies.append)]
    quick.centre.process(work)
    assert replies[0]["stations"]["ICU1"]["entries"] == 4


def test_a_database_of_before_goes_on_where_its_log_is(bench):
    script = removals(bench)
    bench.up("ICU1", "batch", script.batch(1, 8))
    with bench.engine.begin() as conn:
        conn.execute(delete(schema.held))
    bench.restart()
    assert answers(bench.up("ICU1", "batch", script.batch(9, 12))) == [[messages.ACCEPT, 12, script.heads[12]]]
    assert len(bench.ledger()) == 12
    with bench.engine.connect() as conn:
        assert conn.scalars(select(schema.held.c.seq)).all() == [12]


def test_two_that_take_in_the_same_log_do_not_both_answer(bench):
    script = removals(bench)
    signer, now = Keys.read(bench.home).signer, Now(1, 1)
    both = [Ingest(bench.engine, bench.register.names, bench.register, signer) for _ in range(2)]
    for one in both:
        one.take([Message("ICU1", "heartbeat", script.heartbeat())], now)
    both[0].take([Message("ICU1", "batch", script.batch(1, 4))], now)
    other = script.fork(0)
    other.add()
    with pytest.raises(store.Overtaken):
        both[1].take([Message("ICU1", "batch", other.batch(1, 1))], now)
    again = both[1].take([Message("ICU1", "batch", other.batch(1, 1))], now)
    assert [verdict for verdict, _, _ in answers(again.answers)] == [messages.FORK]


@pytest.mark.req("A12.b")
def test_nonsense_that_came_before_leaves_room_for_the_evidence_of_a_fork(quick, monkeypatch):
    monkeypatch.setattr("server_stub.ledger.store.EVIDENCE_PER_STATION", 3)
    script = removals(quick)
    quick.up("ICU1", "batch", script.batch(1, 8), *(b"nonsense %d" % n for n in range(9)))
    other = script.fork(3)
    other.add()
    contradicts = other.batch(3, 4)
    quick.up("ICU1", "batch", contradicts)
    kept = [(row.code, row.raw) for row in quick.rows(schema.evidence)]
    assert len(kept) == 4 and kept[-1] == (codes.FORK, contradicts)


def test_names_of_no_station_fill_no_disk(quick, monkeypatch):
    monkeypatch.setattr("server_stub.ledger.store.EVIDENCE_PER_STATION", 3)
    for n in range(9):
        quick.up(f"NONE{n}", "batch", b"nonsense %d" % n)
    quick.up("ICU1", "batch", b"nonsense")
    assert [row.code for row in quick.rows(schema.evidence)] == 3 * [codes.UNKNOWN_STATION] + [codes.UNSIGNED_BATCH]


def test_a_refused_batch_is_said_by_the_log_after_a_crash(quick):
    script = removals(quick)
    bad = sign(quick.station("ED1").signing, "ICU1", "batch", script.payload(1, 4))
    assert quick.centre.take([arrived("ICU1", bad), arrived("ICU1", bad)]) == []
    quick.restart()
    follow(quick)
    assert [e.kind for e in quick.rows(schema.entries)].count(kinds.EVIDENCE) == 1
    assert quick.rows(schema.findings) == []
