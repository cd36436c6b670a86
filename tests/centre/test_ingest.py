"""The four answers, and what is no batch at all (A12.b, docs/wire.md section 3)."""

import cbor2
import pytest

from firmware import codes
from firmware.journal import kinds
from firmware.wire import cbor, cose, messages
from server_stub.centre import Arrived
from server_stub.fold import rebuild
from server_stub.ledger import schema, shape
from tests.centre.scripted import Scripted, sign


def filled(bench, count=10, station="ICU1"):
    script = bench.station(station)
    for _ in range(count):
        script.add()
    return script


@pytest.mark.req("A12.a")
@pytest.mark.parametrize(
    "spans, verdicts, stored",
    [
        ([(1, 4)], [messages.ACCEPT], 4),
        ([(1, 4), (5, 10)], [messages.ACCEPT, messages.ACCEPT], 10),
        ([(1, 4), (1, 4)], [messages.ACCEPT, messages.DUP], 4),
        ([(1, 4), (2, 3)], [messages.ACCEPT, messages.DUP], 4),
        ([(1, 4), (6, 10)], [messages.ACCEPT, messages.GAP], 4),
        ([(2, 4)], [messages.GAP], 0),
        ([(1, 4), (3, 9)], [messages.ACCEPT, messages.ACCEPT], 9),
        ([(1, 4), (1, 10)], [messages.ACCEPT, messages.ACCEPT], 10),
    ],
)
def test_answers(bench, spans, verdicts, stored):
    script = filled(bench)
    got = [v for first, last in spans for v in bench.verdicts(bench.up("ICU1", "batch", script.batch(first, last)))]
    assert got == verdicts
    assert bench.ledger() == [(n, script.heads[n]) for n in range(1, stored + 1)]


@pytest.mark.req("A12.a")
@pytest.mark.parametrize("first, last", [(2, 3), (3, 3), (3, 6)])
def test_what_overlaps_within_one_transaction_is_no_fork(bench, first, last):
    script = filled(bench)
    out = bench.up("ICU1", "batch", script.batch(1, 4), script.batch(first, last))
    assert bench.verdicts(out) == [messages.ACCEPT, messages.ACCEPT if last > 4 else messages.DUP]
    assert bench.ledger() == [(n, script.heads[n]) for n in range(1, max(4, last) + 1)]
    assert bench.rows(schema.evidence) == []


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("first, last", [(5, 6), (3, 6), (3, 4), (4, 4), (1, 6)])
def test_another_history_is_a_fork(bench, first, last):
    script = filled(bench)
    bench.up("ICU1", "batch", script.batch(1, 4))
    other = script.fork(2)
    for _ in range(5):
        other.add()
    out = bench.up("ICU1", "batch", other.batch(first, last))
    assert bench.verdicts(out) == [messages.FORK]
    assert bench.verdicts(bench.up("ICU1", "batch", script.batch(5, 6))) == [messages.FORK], "the log has stopped"
    assert len(bench.ledger()) == 4
    assert [(e.code, e.station) for e in bench.rows(schema.evidence)] == [(codes.FORK, "ICU1")]
    assert (codes.FORK, "ICU1") in {(a.code, a.station) for a in bench.rows(schema.alarms)}
    peer = filled(bench, 3, "ED1")
    assert bench.verdicts(bench.up("ED1", "batch", peer.batch(1, 3))) == [messages.ACCEPT], "others go on"


def wrong_key(bench, script):
    return sign(bench.station("ED1").signing, "ICU1", "batch", script.payload(1, 4))


def bad_mac(bench, script):
    data, disclosure, _ = script.pages[1]
    script.pages[1] = [data, disclosure, bytes(16)]
    return script.batch(1, 4)


def forged_disclosure(bench, script):
    data, _, mac = script.pages[1]
    script.pages[1] = [data, [b"s" * 16, "P9", ""], mac]
    return script.batch(1, 4)


REFUSED = {
    "no envelope": (lambda b, s: b"rubbish", codes.UNSIGNED_BATCH),
    "nothing": (lambda b, s: b"", codes.UNSIGNED_BATCH),
    "unsigned": (lambda b, s: s.payload(1, 4), codes.UNSIGNED_BATCH),
    "signed by another": (wrong_key, codes.UNSIGNED_BATCH),
    "another kid": (lambda b, s: s.batch(1, 4, kid="ED1"), codes.UNSIGNED_BATCH),
    "signed as heartbeat": (lambda b, s: sign(s.signing, "ICU1", "heartbeat", s.payload(1, 4)), codes.UNSIGNED_BATCH),
    "too long": (lambda b, s: b"x" * 40_000, codes.UNSIGNED_BATCH),
    "another station": (lambda b, s: s.batch(1, 4, station="ED1"), codes.BAD_BATCH),
    "another log": (lambda b, s: s.batch(1, 4, log=2), codes.BAD_BATCH),
    "seq off": (lambda b, s: s.batch(2, 4, first_seq=1, prev_head=s.heads[0]), codes.BAD_BATCH),
    "no pages": (lambda b, s: s.batch(1, 4, pages=[]), codes.BAD_BATCH),
    "no CBOR": (lambda b, s: sign(s.signing, "ICU1", "batch", b"\xff\x00"), codes.BAD_BATCH),
    "no array": (lambda b, s: sign(s.signing, "ICU1", "batch", cbor.encode(7)), codes.BAD_BATCH),
    "page no page": (lambda b, s: s.batch(1, 4, pages=[7]), codes.BAD_BATCH),
    "forged disclosure": (forged_disclosure, codes.BAD_BATCH),
    "bad MAC": (bad_mac, codes.BAD_CHAIN),
    "prev_head off": (lambda b, s: s.batch(1, 4, prev_head=bytes(32)), codes.BAD_CHAIN),
    "last_head off": (lambda b, s: s.batch(1, 4, last_head=bytes(32)), codes.BAD_CHAIN),
}


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("why", REFUSED)
def test_what_is_not_the_stations_word_is_evidence_and_gets_no_answer(quick, why):
    make, code = REFUSED[why]
    script = filled(quick)
    good = script.batch(1, 4)
    bad = make(quick, script)
    out = quick.up("ICU1", "batch", bad, bad)
    assert quick.verdicts(out) == []
    assert [(e.code, e.raw) for e in quick.rows(schema.evidence)] == [(code, bad)], "kept once"
    assert [e.kind for e in quick.rows(schema.entries)][1:] == [kinds.EVIDENCE]
    assert quick.verdicts(quick.up("ICU1", "batch", good)) == [messages.ACCEPT], "and stops nothing"


CENTRES_OWN = sorted({number for number in vars(kinds).values() if type(number) is int and number >= 200} | {999})


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("kind", CENTRES_OWN)
def test_a_station_writes_none_of_the_centres_decisions(quick, kind):
    script = filled(quick, 1)
    script.add(kind, ("ICU1", 1, 1, 1, "cleared"), actor="pharm7", item="HEPARIN", patient="P1", order="OX")
    bad = script.batch(1, 2)
    assert quick.verdicts(quick.up("ICU1", "batch", bad)) == []
    assert [(e.code, e.raw) for e in quick.rows(schema.evidence)] == [(codes.BAD_BATCH, bad)]
    assert quick.ledger() == [], "nothing of it is in the ledger, so nothing can fold it"
    assert [e.kind for e in quick.rows(schema.entries)] == [kinds.BOOT, kinds.EVIDENCE]


AT = {"item": "HEPARIN", "place": "D01-P01"}
MISSHAPEN = {
    "waste with one field": (kinds.WASTE, (0,), AT),
    "waste of nothing said": (kinds.WASTE, (0, 1, None), AT),
    "return of a text": (kinds.RETURN, (0, "1"), {**AT, "stock": (1, 2)}),
    "removal with an empty ext": (kinds.REMOVE, (), {**AT, "stock": (2, 1)}),
    "removal with a list for its lot": (kinds.REMOVE, (0, None, None, [1], None), {**AT, "stock": (2, 1)}),
    "denied without quantity": (kinds.DENIED, (1, 110), AT),
    "denied with a negative quantity": (kinds.DENIED, (1, 110, -1), AT),
    "alarm without drawer": (kinds.ALARM, (1,), {}),
    "alarm of 2 to the 62nd": (kinds.ALARM, (1 << 62, 1), {}),
    "count of 2 to the 31st": (kinds.COUNT, (0,), {**AT, "stock": (0, 1 << 31)}),
    "waste of 2 to the 31st": (kinds.WASTE, (0, 1, 1 << 31), AT),
    "txn of 2 to the 63rd": (kinds.SIGN_ON, (1,), {"txn": 1 << 63}),
    "command without result": (kinds.COMMAND, (1, 2), {}),
    "levels of lists": (kinds.COMMAND, (1, 2, 0, ["D01-P01", [], 3]), {}),
    "levels for a number": (kinds.COMMAND, (1, 2, 0, [7, 1, 3]), {}),
    "levels below 0": (kinds.COMMAND, (1, 2, 0, ["D01-P01", -1, 3]), {}),
    "return to the bin of no removal": (kinds.RETURN_BIN, (0,), {**AT, "stock": (0, 1)}),
    "load of a lot that is a number": (kinds.LOAD, (0, 7, None, None), {**AT, "stock": (0, 1)}),
    "override that is a text": (kinds.REMOVE, (0, None, None, None, None, "1"), {**AT, "stock": (2, 1)}),
    "count with half a number before": (kinds.COUNT, (1, "u2", None), {**AT, "stock": (1, 2)}),
    "discrepancy of nobody": (kinds.DISCREPANCY, (), {**AT, "stock": (2, 1)}),
    "discrepancy after a NUL": (kinds.DISCREPANCY, ("u\0", 3), {**AT, "stock": (2, 1)}),
    "power in words": (kinds.POWER, ("lost", 80), {}),
    "temperature without bounds": (kinds.TEMPERATURE, (1, 900), {"place": "D05"}),
    "jump beyond all time": (kinds.CLOCK, (-(1 << 62),), {}),
    "temporary user with a NUL": (kinds.TEMP_USER, ("B9", "u\0", 7, 1, 9, bytes(32)), {}),
    "temporary user of all classes and more": (kinds.TEMP_USER, ("B9", "u9", 7, 1 << 62, 9, bytes(32)), {}),
    "patient added until never": (kinds.PROVISIONAL_PATIENT, (None,), {"patient": "TEMP1"}),
    "answer to no prompt": (kinds.ATTESTATION, (1,), AT),
    "scan passed by for nothing": (kinds.BYPASS, (), AT),
    "delivery of no label": (kinds.DELIVERED, (None, 1, 9), AT),
    "pick for a station that can not be": (kinds.PICKED, ("HK01", 9, "ICU 1|", 2, "R", "HK"), {"item": "HEPARIN"}),
    "delivery of a label of five": (kinds.DELIVERED, ("HK010", 1, 9), AT),
    "pick": (kinds.PICKED, ("HK01", 9, "ICU1", 2, "R", "HK"), {"item": "HEPARIN"}),
    "check": (kinds.CHECKED, ("HK01", 9, 2, 0, "", "HK"), {"item": "HEPARIN"}),
    "address of a handheld": (kinds.UNIT_ADDRESS, ("HK", 1), {}),
    "what a pharmacy reports": (kinds.PICKING_RULES, (1, 1), {}),
    "refused record of a handheld": (kinds.CRADLE_REFUSED, (4050, "HK", "P", "x"), {}),
    "delivery of a label with a NUL": (kinds.DELIVERED, ("HK\x000", 1, 9), AT),
    "maintenance of no version": (kinds.MAINTENANCE, (0, 3), {}),
    "maintenance of a version with a NUL": (kinds.MAINTENANCE, (0, 3, "1\0"), {}),
    "self-test with its result in words": (kinds.SELFTEST, ("lock-3", "ok"), {}),
    "critical override without an end": (kinds.COMMAND, (1, messages.COMMAND_CRITICAL_OVERRIDE, 0, []), {}),
    "critical override until a text": (kinds.COMMAND, (1, messages.COMMAND_CRITICAL_OVERRIDE, 0, ["noon"]), {}),
    "item with a NUL": (
        kinds.REMOVE,
        (0, None, None, None, None),
        {"item": "A\0", "place": "D01-P01", "stock": (2, 1)},
    ),
    "patient with a NUL": (kinds.WASTE, (0, 0, 1), {**AT, "patient": "P\0"}),
}


def refused_and_kept(bench, bad):
    # with a good one in the same transaction, which must not suffer
    peer = filled(bench, 1, "ED1")
    topic = "apotheca/1/demo/s0/{}/up/batch"
    work = [Arrived(topic.format("ICU1"), bad), Arrived(topic.format("ED1"), peer.batch(1, 1))]
    assert bench.verdicts(bench.centre.process(work)) == [messages.ACCEPT]
    assert [(e.code, e.raw) for e in bench.rows(schema.evidence)] == [(codes.BAD_BATCH, bad)]
    assert bench.ledger() == []


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("why", MISSHAPEN)
def test_an_entry_no_station_can_have_written_is_refused_before_the_fold(bench, why):
    kind, ext, more = MISSHAPEN[why]
    script = filled(bench, 1)
    script.add(kind, ext, **more)
    refused_and_kept(bench, script.batch(1, 2))


@pytest.mark.parametrize("utc_ms", [1 << 62, (1 << 63) + 5])
def test_a_time_no_database_holds_is_refused(quick, utc_ms):
    script = quick.station()
    script.utc_ms = utc_ms
    script.add()
    refused_and_kept(quick, script.batch(1, 1))


@pytest.mark.parametrize(
    "kind, ext",
    [
        (kinds.SIGN_ON, (1, "later", None)),
        (kinds.WASTE, (0, 0, 1, [1])),
        (kinds.COMMAND, (1, 2, 0)),
        (kinds.COMMAND, (1, 2, 0, 5)),
        (kinds.COMMAND, (1, 2, 312, [])),
        (kinds.COMMAND, (1, 77, 0, [b"x", None, []])),
        (kinds.COMMAND, (1, messages.COMMAND_CRITICAL_OVERRIDE, 310, [])),
        (kinds.TEMPERATURE, (1, -850, -500)),
        (kinds.CLOCK, (-7_200_000,)),
        (199, ("of a later version",)),
    ],
)
def test_what_newer_or_older_firmware_may_write_is_taken(bench, kind, ext):
    script = bench.station()
    script.add(kind, ext)
    assert bench.verdicts(bench.up("ICU1", "batch", script.batch(1, 1))) == [messages.ACCEPT]
    assert len(bench.ledger()) == 1


# the whole ext of each kind; where nothing is here it is one number
WRITTEN = {
    kinds.BOOT: ("1.0", 0, "none", 0),
    kinds.DENIED: (1, 110, 2),
    kinds.REMOVE: (0, None, None, "L1", 29_000_000, 0, "", None),
    kinds.RETURN: (0, 1, None, "L1", 29_000_000, 3),
    kinds.WASTE: (1, 1, 1),
    kinds.REFILL: (0, "L1", 29_000_000, None, None),
    kinds.COUNT: (1, "u2", 7),
    kinds.RETURN_BIN: (0, 1),
    kinds.LOAD: (0, "L1", 29_000_000, None),
    kinds.OUTDATE: (0, None, None),
    kinds.ALARM: (7, 3),
    kinds.ALARM_CLEARED: (7, 3),
    kinds.DISCREPANCY: ("", 0),
    kinds.TEMPERATURE: (1, 1130, 800),
    kinds.POWER: (0, 80),
    kinds.ATTESTATION: (1, 1),
    kinds.REFERENCE: ("items", 3, bytes(32)),
    kinds.COMMAND: (1, 1, 0),
    kinds.TEMP_USER: ("B9", "u9", 7, 1, 29_000_000, bytes(32)),
    kinds.CLOSED: (1, 900),
    kinds.ACCESS: (1, 2, 0),
    kinds.QUARANTINE: (1, 1),
    kinds.BYPASS: (1, 1),
    kinds.DELIVERED: ("HK01", 1, 29_000_000),
    kinds.PIN_CHANGED: (bytes(32),),
    kinds.PICKED: ("HK01", 1_700_000_000_000, "ICU1", 6, "R", "HK"),
    kinds.CHECKED: ("HK01", 1_700_000_600_000, 5, 1, "HK02", "HK"),
    kinds.UNIT_ADDRESS: ("HK", 1),
    kinds.CRADLE_REFUSED: (4050, "HK", "P", "ICU1|HK01|x"),
    kinds.PICKING_RULES: (1, 0),
    kinds.MAINTENANCE: (1, 1, "1.0.0"),
    kinds.SELFTEST: ("lock-3", 1),
    kinds.SEAL: (1, 1),
    kinds.CHECKPOINT: (9, bytes(32), 1, 7),
    kinds.CHECKPOINT_REFUSED: (9, bytes(32), 2, 1, 7),
}


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("kind", sorted(shape.EXT))
def test_each_kind_is_taken_and_folded_as_far_as_it_is_known(bench, kind):
    known, must = WRITTEN.get(kind, (1,)), len(shape.EXT[kind])
    assert len(known) == must + len(shape.LATER.get(kind, ()))
    name = "PHARM" if kind in shape.PHARMACYS_OWN else "ICU1"
    script = bench.station(name)
    for ext in (known[:must], known, (*known, "of a later version", [1])):
        script.add(kind, ext, item="HEPARIN", place="D01-P01", stock=(2, 1), patient="P1")
    assert bench.verdicts(bench.up(name, "batch", script.batch(1, 3))) == [messages.ACCEPT]
    with bench.engine.begin() as conn:
        before, after = rebuild(conn)
    assert before == after
    script.add(kind, known[: must - 1])
    assert bench.verdicts(bench.up(name, "batch", script.batch(4, 4))) == []
    assert [e.code for e in bench.rows(schema.evidence)] == [codes.BAD_BATCH]


@pytest.mark.req("A12.b")
def test_the_pharmacys_computer_delivers_nothing(quick):
    script = quick.station("PHARM")
    script.add(kinds.DELIVERED, ("HK01", 1, 9), **AT)
    assert quick.verdicts(quick.up("PHARM", "batch", script.batch(1, 1))) == []
    assert [e.code for e in quick.rows(schema.evidence)] == [codes.BAD_BATCH]


@pytest.mark.req("A12.b")
def test_a_log_that_was_not_enrolled_is_refused(quick):
    made = quick.station("ICU1")
    other = Scripted("ICU1", made.key, made.signing, made.genesis, log=2)
    other.add()
    assert quick.verdicts(quick.up("ICU1", "batch", other.batch(1, 1))) == []
    assert quick.verdicts(quick.up("ICU1", "heartbeat", other.heartbeat())) == []
    assert {e.code for e in quick.rows(schema.evidence)} == {codes.BAD_BATCH}
    assert quick.ledger() == []


def test_unknown_station(quick):
    script = filled(quick)
    script.station = "NOBODY"
    quick.up("NOBODY", "batch", script.batch(1, 2))
    assert [e.code for e in quick.rows(schema.evidence)] == [codes.UNKNOWN_STATION]


def test_evidence_is_bounded(quick, monkeypatch):
    monkeypatch.setattr("server_stub.ledger.store.EVIDENCE_PER_STATION", 3)
    quick.up("ICU1", "batch", *[bytes([n]) for n in range(9)])
    assert len(quick.rows(schema.evidence)) == 3


def test_bad_heartbeat_is_evidence_good_one_is_kept(quick):
    script = filled(quick, 3)
    quick.up("ICU1", "heartbeat", script.heartbeat(), script.batch(1, 2))
    assert [(h.station, h.seq) for h in quick.rows(schema.heartbeats)] == [("ICU1", 3)]
    assert [e.code for e in quick.rows(schema.evidence)] == [codes.UNSIGNED_BATCH]


@pytest.mark.parametrize("place, value", [(4, 1 << 63), (7, 1 << 62), (8, -1), (9, 1 << 70), (6, "0\0")])
def test_a_heartbeat_that_no_database_holds_is_evidence(bench, place, value):
    script = filled(bench, 1)
    fields = cbor2.loads(cose.parse(script.heartbeat())[1])
    fields[place] = value
    bad = sign(script.signing, "ICU1", "heartbeat", cbor2.dumps(fields))
    assert bench.verdicts(bench.up("ICU1", "heartbeat", bad)) == []
    assert [e.code for e in bench.rows(schema.evidence)] == [codes.BAD_HEARTBEAT]
    assert bench.rows(schema.heartbeats) == []


def test_a_heartbeat_is_answered_with_what_is_stored(quick):
    script = filled(quick, 3)
    out = quick.up("ICU1", "heartbeat", script.heartbeat(depth=3))
    assert quick.verdicts(out) == [messages.DUP]
    quick.up("ICU1", "batch", script.batch(1, 3))
    out = quick.up("ICU1", "heartbeat", script.heartbeat())
    assert cbor2.loads(cose.parse(out[-1].payload)[1])[3:6] == [messages.DUP, *quick.ledger()[-1]]


@pytest.mark.req("A12.a")
def test_an_answer_that_a_crash_took_is_given_again_to_the_batch_that_comes_again(bench):
    script = filled(bench)
    bench.up("ICU1", "batch", script.batch(1, 4))
    bench.restart()
    out = bench.up("ICU1", "batch", script.batch(1, 4))
    assert cbor2.loads(cose.parse(out[-1].payload)[1])[3:6] == [messages.DUP, 4, script.heads[4]]


def test_a_failed_transaction_leaves_nothing_and_is_done_again(quick, monkeypatch):
    script = filled(quick)

    def full(*_):
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr("server_stub.ledger.store.save_held", full)
        with pytest.raises(OSError, match="disk full"):
            quick.up("ICU1", "batch", script.batch(1, 4))
    assert quick.ledger() == []
    assert quick.verdicts(quick.up("ICU1", "batch", script.batch(1, 4))) == [messages.ACCEPT]
    assert len(quick.ledger()) == 4
