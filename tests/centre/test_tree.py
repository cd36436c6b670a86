"""Tree, sequencer, checkpoints and witnesses of the centre, over SQLite and PostgreSQL."""

import sqlite3

import pytest
from sqlalchemy import delete, select

from firmware import codes, merkle
from firmware.compat import derive
from firmware.journal import entry, kinds
from firmware.wire import cose, note, sealed
from server_stub import sequencing as sequencing_core
from server_stub.ledger import cabinets, checkpoint, cosign, schema, tiles, tree_schema
from server_stub.ledger.checkpoint import Key, NoteSigner, signed_by
from server_stub.ledger.sequencer import Sequencer
from server_stub.ledger.sign import Signer
from server_stub.ledger.tree import WIDTH, Edge, Proofs
from server_stub.sequencing import ASK_AGAIN_MS, PUBLISH_EVERY_MS, Sequencing, Signers
from server_stub.site import treekey
from server_stub.witness import logs_of, open_witness
from tests.vectors.tree.make import leaf, path, proof, root

ENTRY = 7


def sequencing(bench, now_ms=None):
    keys = bench.home.keys
    notes = NoteSigner((keys / treekey.KEY).read_bytes(), "apotheca/1/demo")
    signers = Signers(notes, Signer((keys / "centre-sign.key").read_bytes()))
    made = Sequencing(bench.engine, bench.register, signers, bench.transport_ms if now_ms is None else now_ms)
    made.start()
    return made


def leaves_of(bench, number=1, size=None):
    """The leaves of the tree as runs and ledger have them."""
    with bench.engine.connect() as conn:
        found = {(r.station, r.log, r.seq): bytes(r.leaf) for r in conn.execute(select(schema.entries))}
        runs = list(tiles.runs_of(conn, number, size or 1 << 40))
    return [found[run.station, run.log, run.first_seq + n] for run in runs for n in range(run.length)]


def now(bench):
    """Hospital time goes as the computer's."""
    return cabinets.Now(bench.transport_ms, bench.transport_ms)


def newest(bench):
    with bench.engine.connect() as conn:
        return tiles.newest(conn)


def up(bench, one, last=None):
    """Everything a scripted station has, and a heartbeat."""
    first = bench.ledger(one.station)[-1][0] + 1 if bench.ledger(one.station) else 1
    if last is None:
        last = len(one.pages)
    if last >= first:
        bench.up(one.station, "batch", one.batch(first, last))
    bench.up(one.station, "heartbeat", one.heartbeat())


def pass_time(bench, core, ms=cabinets.EVERY_MS):
    """A step as much later; the messages to cabinets."""
    bench.transport_ms += ms
    return core.step(now(bench))


def opened(out, station, key):
    """The fields of the one message for `station`."""
    payloads = [cose.parse(raw)[1] for topic, raw in out if topic == f"apotheca/1/demo/s0/{station}/down/checkpoint"]
    assert len(payloads) == 1
    return sealed.open(payloads[0], derive(key, "checkpoint"))


@pytest.mark.req("A12.c")
def test_all_logs_come_into_one_tree_and_stay_where_they_are(bench):
    icu, ed = bench.station("ICU1"), bench.station("ED1")
    core = sequencing(bench)
    for n in range(5):
        for _ in range(n + 1):
            icu.add()
            ed.add()
        up(bench, icu)
        up(bench, ed)
        core.step(now(bench))
    leaves = leaves_of(bench)
    assert newest(bench).size == len(leaves) == len(bench.rows(schema.entries)) > 30
    assert newest(bench).root == root(leaves)
    with bench.engine.connect() as conn:
        proofs = tiles.proofs(conn, 1)
        for index in range(len(leaves)):
            assert proofs.inclusion(index, len(leaves)) == path(index, leaves)
        for old in range(1, len(leaves)):
            assert proofs.consistency(old, len(leaves)) == proof(old, leaves)
        at = tiles.index_of(conn, 1, ("ED1", 1, ENTRY))
        assert leaves[at] == next(r.leaf for r in bench.rows(schema.entries) if (r.station, r.seq) == ("ED1", ENTRY))
        assert tiles.index_of(conn, 1, ("ED1", 1, 999)) is None
        seq, last = tiles.last_within(conn, 1, ("ED1", 1), at + 1)
        assert (seq, last) == (ENTRY, at)


def test_a_restarted_sequencer_goes_on_and_a_second_one_stops(bench):
    icu = bench.station()
    icu.add()
    up(bench, icu)
    first, second = Sequencer(bench.engine, "demo"), Sequencer(bench.engine, "demo")
    first.load()
    second.load()
    while first.round():
        pass
    with pytest.raises(Exception, match=r"moved|UNIQUE|unique"):
        second.round()
    icu.add()
    up(bench, icu)
    second.load()
    while second.round():
        pass
    leaves = leaves_of(bench)
    assert (newest(bench).size, newest(bench).root) == (len(leaves), root(leaves))


def test_tiles_are_made_again_from_runs_and_ledger(quick):
    icu = quick.station()
    for _ in range(300):
        icu.add()
    for first in range(1, 301, 60):
        quick.up("ICU1", "batch", icu.batch(first, first + 59))
    core = sequencing(quick)
    core.step(now(quick))
    before = quick.rows(tree_schema.tiles)
    assert max(len(row.hashes) for row in before) == 32 * WIDTH
    with quick.engine.begin() as conn:
        conn.execute(delete(tree_schema.tiles))
        tiles.rebuild(conn)
    assert sorted(quick.rows(tree_schema.tiles)) == sorted(before)


def test_nothing_is_signed_that_the_tiles_do_not_give(quick):
    icu = quick.station()
    icu.add()
    up(quick, icu)
    core = sequencing(quick)
    core._sequencer.round()
    with quick.engine.begin() as conn:
        row = conn.execute(select(tree_schema.tiles)).one()
        changed = bytes(32) + bytes(row.hashes)[32:]
        conn.execute(tree_schema.tiles.update().values(hashes=changed))
    with pytest.raises(checkpoint.WrongTree):
        core.step(now(quick))
    assert quick.rows(tree_schema.checkpoints) == []


@pytest.mark.req("A12.c")
def test_a_checkpoint_is_a_note_of_the_log(bench):
    icu = bench.station()
    icu.add()
    up(bench, icu)
    core = sequencing(bench)
    core.step(now(bench))
    vkey = (bench.home.keys / treekey.PUBLIC).read_text()
    made = core.newest
    assert signed_by(made.note, Key.read(vkey))
    assert note.read(made.note) == ("apotheca/1/demo", newest(bench).size, newest(bench).root)
    assert (bench.home.station("ICU1") / treekey.PUBLIC).read_text() == vkey
    pass_time(bench, core, PUBLISH_EVERY_MS)
    assert len(bench.rows(tree_schema.checkpoints)) == 1


# ---- cabinets


def told(bench, one, payload, code=kinds.CHECKPOINT):
    """The cabinet takes it, and says so."""
    _, size, top = note.read(payload[4])
    one.add(code, (size, top, 1, payload[3]), actor="")
    up(bench, one)


@pytest.mark.req("A12.c")
def test_a_cabinet_gets_what_it_can_check(bench):
    icu = bench.station()
    icu.removal()
    up(bench, icu)
    core = sequencing(bench, 0)
    first = opened(pass_time(bench, core), "ICU1", icu.key)
    _, size, top = note.read(first[4])
    assert first[:3] == [1, "ICU1", 1] and first[5:7] == [0, []] and first[7] == 4
    assert merkle.included(leaf(entry.encode(icu.entries[3])), first[8], size, top, first[9])
    told(bench, icu, first)
    icu.removal()
    up(bench, icu)
    second = opened(pass_time(bench, core), "ICU1", icu.key)
    assert second[3] > first[3] and second[5] == size and second[7] == 9
    assert merkle.consistent(size, top, *note.read(second[4])[1:], second[6])


def test_who_is_due_and_who_is_not(quick):
    icu, ed = quick.station("ICU1"), quick.station("ED1")
    icu.add()
    up(quick, icu)
    ed.add()
    quick.up("ED1", "batch", ed.batch(1, 1))
    core = sequencing(quick, quick.transport_ms)
    out = pass_time(quick, core, 0)
    first = opened(out, "ICU1", icu.key)
    assert len(out) == 1, "ED1 has not been heard"
    told(quick, icu, first)
    assert pass_time(quick, core) == [], "its word that it took one calls for no other"
    icu.add()
    up(quick, icu)
    assert len(pass_time(quick, core, PUBLISH_EVERY_MS)) == 1
    icu.add()
    up(quick, icu)
    assert pass_time(quick, core, PUBLISH_EVERY_MS) == [], "one a minute"
    assert len(pass_time(quick, core)) == 1
    ed.add()
    quick.up("ED1", "heartbeat", ed.heartbeat())
    assert pass_time(quick, core) == [], "ED1 has more than is here: a restored centre may have forgotten it"
    quick.up("ICU1", "heartbeat", icu.heartbeat())
    quick.transport_ms += cabinets.QUIET_EVERY_MS
    quick.up("ICU1", "heartbeat", icu.heartbeat())
    quick.centre.tick()
    assert [topic.split("/")[4] for topic, _ in pass_time(quick, core, 0)] == ["ICU1"]


def halted(bench):
    """A centre that a cabinet knows better."""
    icu = bench.station()
    icu.add()
    icu.add(kinds.CHECKPOINT, (4000, bytes(32), 1, 7), actor="")
    up(bench, icu)
    core = sequencing(bench, 0)
    out = pass_time(bench, core)
    return icu, core, out


@pytest.mark.req("A12.c")
def test_a_centre_that_holds_less_than_a_cabinet_saw_signs_nothing(bench):
    _, core, out = halted(bench)
    assert out == [] and bench.rows(tree_schema.checkpoints) == []
    assert "ICU1 has seen apotheca/1/demo at 4000" in core.halted
    assert bench.ask("tree_halted", why=core.halted) == {"code": 0}
    assert bench.ask("tree_halted", why=core.halted) == {"code": 0}
    alarms = [e for e in bench.rows(schema.alarms) if e.code == codes.TREE_HALTED]
    assert [row.station for row in alarms] == ["centre"]


@pytest.mark.req("A12.c")
def test_a_successor_begins_with_two_people_and_only_when_it_must(bench):
    icu, core, _ = halted(bench)
    assert bench.ask("successor_log", actor="bea", witness="bea", reason="x")["code"] == codes.BAD_SUCCESSOR
    assert bench.ask("successor_log", actor="bea", witness="centre", reason="x")["code"] == codes.BAD_SUCCESSOR
    assert bench.ask("successor_log", actor="bea", witness="phil", reason="")["code"] == codes.BAD_SUCCESSOR
    old = newest(bench)
    reply = bench.ask("successor_log", actor="bea", witness="phil", reason="restored from Monday's backup")
    assert reply["origin"] == "apotheca/1/demo/2"
    assert not [row for row in bench.rows(schema.alarms) if row.code == codes.TREE_HALTED]
    payload = opened(pass_time(bench, core), "ICU1", icu.key)
    origin, size, top = note.read(payload[4])
    assert (origin, size) == ("apotheca/1/demo/2", len(bench.rows(schema.entries)))
    [[data, at, way]] = payload[10]
    assert merkle.included(leaf(data), at, size, top, way) and payload[5:7] == [0, []]
    fields = entry.decode(data)
    assert fields[entry.F_ACTOR : entry.F_WITNESS + 1] == ["bea", "phil"]
    ext = fields[entry.F_EXT]
    assert [ext[0], *ext[3:]] == ["apotheca/1/demo", origin, "restored from Monday's backup"]
    assert ext[1] >= old.size
    assert root(leaves_of(bench, 2)) == top and core.halted == ""
    assert bench.ask("successor_log", actor="bea", witness="phil", reason="again")["code"] == codes.BAD_SUCCESSOR


def test_a_cabinet_that_agrees_halts_nothing(bench):
    icu = bench.station()
    icu.add()
    up(bench, icu)
    core = sequencing(bench, 0)
    told(bench, icu, opened(pass_time(bench, core), "ICU1", icu.key))
    pass_time(bench, core)
    assert core.halted == ""
    icu.add(kinds.CHECKPOINT, (1, bytes(32), 1, 9), actor="")
    up(bench, icu)
    pass_time(bench, core)
    assert "ICU1 has seen apotheca/1/demo at 1," in core.halted


# ---- witnesses


@pytest.fixture
def witness(quick, tmp_path):
    vkey = (quick.home.keys / treekey.PUBLIC).read_text()
    made, public = open_witness(tmp_path / "w", "demo/compliance", logs_of({"demo": vkey}, ()))
    yield made, Key.read(public)
    made._memory.close()


def grown(quick, one, core):
    one.add()
    up(quick, one)
    pass_time(quick, core, PUBLISH_EVERY_MS)


@pytest.mark.req("A12.c")
def test_a_witness_cosigns_what_grows(quick, witness, tmp_path):
    made, key = witness
    icu, core = quick.station(), sequencing(quick, 0)
    for _ in range(3):
        grown(quick, icu, core)
        old = 0
        while old is not None:
            answer = made.add_checkpoint(core.question(old), 1_782_720_060)
            old = core.answered(key, old, answer.status, answer.body.encode())
    with quick.engine.connect() as conn:
        signed = checkpoint.with_cosignatures(conn, core.newest)
    assert signed_by(signed, key) and signed.startswith(core.newest.note)
    kept = (tmp_path / "w" / "apotheca-1-demo.checkpoint").read_bytes()
    assert signed_by(kept, key) and kept.startswith(core.newest.note)
    assert len(quick.rows(tree_schema.cosignatures)) == 3


@pytest.mark.req("A12.c")
def test_a_witness_refuses_what_contradicts_it(quick, witness, tmp_path):
    made, _ = witness
    icu, core = quick.station(), sequencing(quick, 0)
    grown(quick, icu, core)
    first = core.question(0)
    assert made.add_checkpoint(first, 1).status == 200
    assert made.add_checkpoint(first, 1)[:2] == (409, f"{core.newest.size}\n")
    notes = NoteSigner((quick.home.keys / treekey.KEY).read_bytes(), "apotheca/1/demo")

    def asked(size, old, *way, origin="apotheca/1/demo", signer=notes):
        text = note.text(origin, size, bytes(32))
        return cosign.encode(cosign.Question(old, list(way), f"{text}\n{signer.sign(text)}\n".encode()))

    size = core.newest.size
    assert made.add_checkpoint(asked(size, size), 1).status == 409
    assert made.add_checkpoint(asked(size + 1, size, bytes(32)), 1).status == 422
    assert made.add_checkpoint(asked(size - 1, size), 1).status == 400
    assert made.add_checkpoint(asked(size, 0, origin="apotheca/1/demo/2"), 1).status == 404
    assert made.add_checkpoint(asked(9, 0, origin="apotheca/1/other"), 1).status == 404
    forged = NoteSigner(treekey.pem(treekey.Ed25519PrivateKey.generate()), "apotheca/1/demo")
    assert made.add_checkpoint(asked(size + 1, size, signer=forged), 1).status == 403
    for bad in (b"", b"old 1", b"old 01\n\n" + core.newest.note, b"old 0\nAAAA\n\n" + core.newest.note, b"old 0\n\nx"):
        assert made.add_checkpoint(bad, 1).status == 400, bad
    again, _ = open_witness(tmp_path / "w", "demo/compliance", logs_of({"d": notes.vkey}, ()))
    assert again.add_checkpoint(first, 1)[:2] == (409, f"{size}\n"), "it remembers over a restart"
    again._memory.close()


@pytest.mark.req("A12.c")
def test_a_cosignature_lost_by_a_crash_is_had_again(quick, witness):
    made, key = witness
    icu, core = quick.station(), sequencing(quick, 0)
    grown(quick, icu, core)
    size = core.newest.size
    assert made.add_checkpoint(core.question(0), 1).status == 200
    answer = made.add_checkpoint(core.question(0), 2)
    assert core.answered(key, 0, answer.status, answer.body.encode()) == size
    answer = made.add_checkpoint(core.question(size), 2)
    assert core.answered(key, size, answer.status, answer.body.encode()) is None
    assert len(quick.rows(tree_schema.cosignatures)) == 1 and core.halted == ""
    assert core.answered(key, size, 409, b"%d\n" % size) is None
    assert f"has seen another tree, of {size} leaves" in core.halted


def test_a_witness_that_has_seen_more_halts_the_centre(quick, witness):
    _, key = witness
    icu, core = quick.station(), sequencing(quick, 0)
    grown(quick, icu, core)
    assert core.answered(key, 0, 409, b"1\n") == 1
    for no_size in (b"nonsense", b"9" * 5000, b""):
        assert core.answered(key, 0, 409, no_size) == 0
    assert core.answered(key, 0, 409, b"99999\n") is None
    assert "demo/compliance has seen another tree, of 99999" in core.halted
    icu.add()
    up(quick, icu)
    assert pass_time(quick, core) == []


@pytest.mark.req("A12.c")
def test_a_witness_that_did_not_answer_is_asked_again_about_the_same_checkpoint(quick, witness, monkeypatch):
    made, key = witness
    icu, core = quick.station(), sequencing(quick, 0)
    monkeypatch.setattr(sequencing_core, "witnesses_of", lambda _register: [("http://w", key)])
    assert core.to_ask(1_000) == [], "there is no checkpoint yet"
    grown(quick, icu, core)
    assert core.to_ask(1_000) == [("http://w", key)]
    assert core.to_ask(1_000 + ASK_AGAIN_MS - 1) == []
    assert core.to_ask(1_000 + ASK_AGAIN_MS) == [("http://w", key)]
    answer = made.add_checkpoint(core.question(0), 1_782_720_060)
    assert core.answered(key, 0, answer.status, answer.body.encode()) is None
    assert core.to_ask(1_000 + 2 * ASK_AGAIN_MS) == []
    grown(quick, icu, core)
    assert core.to_ask(1_001 + ASK_AGAIN_MS) == [("http://w", key)], "a new one at once"


def test_a_witness_that_lost_its_memory_signs_nothing(quick, witness, tmp_path):
    made, key = witness
    logs = logs_of({"d": (quick.home.keys / treekey.PUBLIC).read_text()}, ())
    again, public = open_witness(tmp_path / "w", "demo/compliance", logs)
    again._memory.close()
    assert Key.read(public) == key
    made._memory.close()
    (tmp_path / "w" / "seen.db").unlink()
    with pytest.raises(ValueError, match="what it has cosigned is lost"):
        open_witness(tmp_path / "w", "demo/compliance", logs)


class Refusing:
    """A database that does not take a COMMIT, once."""

    def __init__(self, conn):
        self._conn, self._left = conn, 1

    def __getattr__(self, name):
        return getattr(self._conn, name)

    def execute(self, statement, *values):
        if statement == "COMMIT" and self._left:
            self._left = 0
            raise sqlite3.OperationalError("database or disk is full")
        return self._conn.execute(statement, *values)


@pytest.mark.req("A12.c")
def test_a_witness_whose_disk_was_full_goes_on_and_has_signed_nothing(quick, witness):
    made, _ = witness
    icu, core = quick.station(), sequencing(quick, 0)
    grown(quick, icu, core)
    made._memory._conn = Refusing(made._memory._conn)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        made.add_checkpoint(core.question(0), 1)
    assert made.add_checkpoint(core.question(0), 2).status == 200, "it remembers nothing of what it did not sign"


@pytest.mark.req("A12.c")
def test_a_witness_is_not_asked_about_the_log_that_a_successor_follows(quick, witness, monkeypatch):
    _, key = witness
    monkeypatch.setattr(sequencing_core, "witnesses_of", lambda _register: [("http://w", key)])
    icu, core = quick.station(), sequencing(quick, 0)
    grown(quick, icu, core)
    # restored to less than a cabinet saw, and started anew
    icu.add(kinds.CHECKPOINT, (4000, bytes(32), 1, 7), actor="")
    up(quick, icu)
    core = sequencing(quick, 0)
    pass_time(quick, core)
    assert core.halted and core.newest.number == 1
    quick.ask("successor_log", actor="bea", witness="phil", reason="restored")
    pass_time(quick, core, 1)
    assert newest(quick).number == 2 and core.halted == "", "the successor has begun; it is not shown yet"
    assert core.to_ask(quick.transport_ms) == [], "what the witness saw of the old log says nothing of this one"
    pass_time(quick, core, PUBLISH_EVERY_MS)
    assert core.newest.number == 2 and core.to_ask(quick.transport_ms) == [("http://w", key)]


@pytest.mark.req("A12.c")
def test_a_clock_set_back_holds_up_neither_checkpoints_nor_witnesses(quick, witness, monkeypatch):
    _, key = witness
    monkeypatch.setattr(sequencing_core, "witnesses_of", lambda _register: [("http://w", key)])
    icu, core = quick.station(), sequencing(quick, quick.transport_ms)
    icu.add()
    up(quick, icu)
    assert len(pass_time(quick, core)) == 1 and core.to_ask(quick.transport_ms)
    first = core.newest.size
    icu.add()
    quick.transport_ms -= 600_000
    up(quick, icu)
    assert core.to_ask(quick.transport_ms) == [("http://w", key)], "it did not answer before the clock was set"
    assert len(pass_time(quick, core, 0)) == 1 and core.newest.size > first, "cabinets are told as well"


def test_a_checkpoint_that_was_not_kept_is_nobodys(quick, monkeypatch):
    icu, core = quick.station(), sequencing(quick, 0)
    icu.add()
    up(quick, icu)
    with monkeypatch.context() as patched:
        patched.setattr(cabinets.Sender, "take", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pass_time(quick, core)
    assert core.newest is None and quick.rows(tree_schema.checkpoints) == []


def test_a_witness_that_answers_nonsense_is_taken_at_nothing(quick, witness):
    made, key = witness
    icu, core = quick.station(), sequencing(quick, 0)
    grown(quick, icu, core)
    assert core.answered(key, 0, 409, b"9" * 8192) == 0
    line = made.add_checkpoint(core.question(0), 1).body
    assert core.answered(key, 0, 200, line.replace("\n", "\0\n").encode()) is None
    [kept] = quick.rows(tree_schema.cosignatures)
    assert kept.line == line.strip(), "as it should be written, and nothing else"


def test_a_witness_that_does_not_cosign_is_told_and_asked_again(quick, witness, caplog, monkeypatch):
    _, key = witness
    monkeypatch.setattr(sequencing_core, "witnesses_of", lambda _register: [("http://w", key)])
    icu, core = quick.station(), sequencing(quick, 0)
    grown(quick, icu, core)
    core.to_ask(1_000)
    for status, body in ((404, b"no such log"), (200, b"\xe2\x80\x94 somebody else\n"), (200, b"\xff")):
        caplog.clear()
        assert core.answered(key, 0, status, body) is None
        assert f"demo/compliance did not cosign: status {status}" in caplog.text
    assert not quick.rows(tree_schema.cosignatures) and not core.halted
    assert core.to_ask(1_000 + ASK_AGAIN_MS) == [("http://w", key)]


def test_a_successor_is_witnessed_only_where_it_was_named(quick):
    vkey = (quick.home.keys / treekey.PUBLIC).read_text()
    assert set(logs_of({"demo": vkey}, ("apotheca/1/demo/2",))) == {"apotheca/1/demo", "apotheca/1/demo/2"}
    with pytest.raises(ValueError):
        logs_of({"demo": vkey}, ("apotheca/1/other/2",))


def test_an_edge_taken_up_anywhere_gives_the_same_tree():
    leaves = [leaf(b"%d" % n) for n in range(2 * WIDTH + 3)]
    held: dict = {}
    edge = Edge(0, {})
    for n, one in enumerate(leaves, 1):
        edge.append(one)
        if n % 97 == 0 or n in (1, WIDTH - 1, WIDTH, WIDTH + 1):
            held.update(edge.changed())
            assert edge.root() == Proofs(held.__getitem__).root(n) == root(leaves[:n])
    assert edge.size == len(leaves)
