"""Alerts of the whole core: raised, cleared with what cleared them, expired; the ledger tells all of it."""

import json

import cbor2
import pytest

from firmware import codes
from firmware.journal import kinds
from firmware.wire import cose
from server_stub.verify import queries, schema
from tests.verify.day import MINUTE, Day, adt, at, charted, order

AUTHORITY, DOCUMENTATION = 1, 2


def state(day, facet, seq=1):
    return day.alerts(seq).get(facet, ("none",))[0]


@pytest.mark.req("A3.c", "A4", "A4.a", "A4.b", "A21.d", "A21.e")
def test_charted_in_time(day_anywhere):
    day = day_anywhere
    day.admitted_with_order()
    day.at(0)
    seq = day.removed(0)
    assert day.verdicts() == {seq: "pending"}
    assert day.alerts() == {DOCUMENTATION: ("open", codes.AWAITING_DOCUMENTATION, "")}
    day.at(10)
    day.hospital(charted("emar-1", 10))
    assert day.verdicts() == {seq: "verified"}
    assert day.alerts()[DOCUMENTATION][::2] == ("cleared", "charted by event emar-1 at 22:23 UTC")
    assert [kind for kind, _ in day.decisions()] == [kinds.ALERT_RAISED, kinds.ALERT_CLEARED]
    assert day.rebuilt_the_same()


@pytest.mark.req("A4.b", "A4.c")
@pytest.mark.parametrize("late_ms, final", [(0, "verified"), (1, "charted_late")])
def test_the_boundary(day, late_ms, final):
    day.admitted_with_order()
    day.removed(0)
    day.bench.ask("advance", utc_ms=at(60))
    assert day.verdicts() == {1: "pending"}
    day.hospital(charted("c", 60 + late_ms / MINUTE))
    day.bench.ask("advance", utc_ms=at(60) + 1)
    assert day.verdicts() == {1: final}
    assert state(day, DOCUMENTATION) == ("expired" if late_ms else "cleared")
    row = day.row()
    assert (row.deadline_ms, row.documented_by, row.documented_ms) == (at(60), "c", at(60) + late_ms)


@pytest.mark.req("A4.b")
def test_at_the_deadline_itself_nothing_is_over(day):
    day.admitted_with_order()
    day.at(60)
    day.removed(0)
    assert day.verdicts() == {1: "pending"}
    assert state(day, DOCUMENTATION) == "open"


def test_a_removal_that_comes_late_takes_the_charting_of_the_next(day):
    day.admitted_with_order()
    day.at(200)
    day.removed(10)
    day.hospital(charted("c", 20))
    assert day.verdicts() == {1: "verified"}
    before = Day(day.bench, "ED1")
    assert before.removed(0) == 1
    found = {(r.station, r.verdict) for r in day.bench.rows(schema.verdicts)}
    assert found == {("ED1", "verified"), ("ICU1", "undocumented")}
    assert [row.state for row in day.bench.rows(schema.alerts) if row.station == "ICU1"] == ["expired"]
    day.hospital(charted("d", 30))
    assert {row.verdict for row in day.bench.rows(schema.verdicts)} == {"verified"}
    assert day.rebuilt_the_same()


@pytest.mark.req("A4.c", "A21.e")
def test_never_charted(day_anywhere):
    day = day_anywhere
    day.admitted_with_order()
    day.removed(0)
    day.at(61)
    assert day.verdicts() == {1: "undocumented"}
    assert day.decisions()[-1] == (kinds.UNDOCUMENTED_REMOVAL, ["ICU1", 1, 1])
    assert day.alerts() == {DOCUMENTATION: ("expired", codes.UNDOCUMENTED, "not charted in time: undocumented removal")}
    day.at(300)
    assert len(day.decisions()) == 2
    assert day.rebuilt_the_same()


def test_deadlines_outlive_the_process(day):
    day.admitted_with_order()
    day.removed(0)
    day.bench.restart()
    day.at(61)
    assert day.verdicts() == {1: "undocumented"}
    day.removed(100)
    day.bench.clock.advance(at(200))
    day.bench.restart()
    assert day.verdicts() == {1: "undocumented", 2: "undocumented"}
    assert day.rebuilt_the_same()


@pytest.mark.req("A4.b")
def test_a_removal_charted_before_its_entry_comes_raises_nothing(day):
    day.admitted_with_order()
    day.at(200)
    day.hospital(charted("c", 5))
    day.removed(0)
    assert (day.verdicts(), day.decisions()) == ({1: "verified"}, [])


def test_a_removal_that_comes_hours_late_is_judged_at_once(day):
    day.admitted_with_order()
    day.at(200)
    day.removed(0)
    assert day.verdicts() == {1: "undocumented"}
    day.hospital(charted("c", 30))
    assert day.verdicts() == {1: "verified"}
    assert state(day, DOCUMENTATION) == "cleared"


@pytest.mark.req("A3.d", "A3.e")
@pytest.mark.parametrize(
    "facts, code, mend, by",
    [
        ([adt("A01", -9)], codes.NO_ACTIVE_ORDER, [order("778", -5, said=5)], "order 778 became known"),
        ([order("O1", -9)], codes.NOT_ADMITTED, [adt("A01", -5)], "admission by event A01-P1--5 became known"),
        (
            [adt("A01", -9), adt("A03", -5), order("O1", -9)],
            codes.NOT_ADMITTED,
            [adt("A13", 5)],
            "admission by event A13-P1-5 became known",
        ),
        (
            [],
            codes.NO_ORDER_NOT_ADMITTED,
            [adt("A01", -5), order("7", -5)],
            "order 7 and admission by event A01-P1--5 became known",
        ),
    ],
)
def test_authority_and_what_restored_it(day, facts, code, mend, by):
    day.hospital(*facts)
    day.removed(0)
    day.hospital(charted("c", 10))
    assert day.alerts()[AUTHORITY] == ("open", code, "")
    assert state(day, DOCUMENTATION) == "cleared", "charting is no order, and an order no charting"
    assert day.verdicts()[1].startswith("no")
    day.hospital(*mend)
    assert day.verdicts() == {1: "verified"}
    assert day.alerts()[AUTHORITY][0] == "cleared"
    if not by.startswith("admission by event A13"):
        assert day.alerts()[AUTHORITY][2] == by
    assert day.rebuilt_the_same()


def test_a_half_mended_authority_says_what_is_still_wrong(day):
    day.removed(0)
    day.hospital(adt("A01", -5))
    assert day.alerts()[AUTHORITY][:2] == ("open", codes.NO_ACTIVE_ORDER)
    day.hospital(order("O1", -5))
    assert day.alerts()[AUTHORITY][2] == "order O1 became known"


def test_a_late_correction_takes_authority_away_again(day):
    day.admitted_with_order()
    day.at(20)
    day.removed(10)
    assert AUTHORITY not in day.alerts()
    day.hospital(adt("A03", 5))
    assert day.alerts()[AUTHORITY][:2] == ("open", codes.NOT_ADMITTED)


def test_returned_and_wasted(day_anywhere):
    day = day_anywhere
    day.admitted_with_order()
    day.removes(0, 4)
    day.wastes(1, 1, txn=1)
    day.removes(2, 2)
    day.send()
    day.hospital(charted("c", 5, 3))
    assert day.verdicts() == {1: "verified", 3: "pending"}
    assert (day.row(1).back, day.row(1).charted) == (1, 3)
    day.at(70)
    day.returns(65, 2, txn=3)
    day.send()
    assert day.verdicts() == {1: "verified", 3: "returned"}
    assert day.alerts(3)[DOCUMENTATION][::2] == ("cleared", "all of it was returned or wasted")
    assert day.rebuilt_the_same()


def test_what_was_not_given_documents_nothing(day):
    day.admitted_with_order()
    day.removed(0)
    day.hospital(charted("n", 5, status="not_given"), charted("h", 6, status="held"))
    day.hospital(charted("x", 7, patient="P2"), charted("y", 8, item="OTHER"), charted("z", 9, 1))
    day.at(61)
    assert day.verdicts() == {1: "undocumented"}
    assert day.row().charted == 1


@pytest.mark.req("A21.h")
def test_a_pharmacist_clears_an_authority_alert_for_good(day_anywhere):
    day = day_anywhere
    day.hospital(adt("A01", -9))
    day.removed(0)
    where = {"station": "ICU1", "log": 1, "seq": 1}
    assert day.bench.ask("clear_alert", **where, user="pharm7", note="verbal order, Dr Ruiz") == {"cleared": True}
    assert day.alerts()[AUTHORITY] == ("cleared", codes.NO_ACTIVE_ORDER, "cleared by pharm7: verbal order, Dr Ruiz")
    day.hospital(charted("c", 5), adt("A02", 6))
    assert day.verdicts() == {1: "no_order"}, "what was so is still so"
    assert state(day, AUTHORITY) == "cleared"
    again = day.bench.ask("clear_alert", **where, user="pharm7", note="again")
    assert again["code"] == codes.NO_SUCH_ALERT
    with day.bench.engine.connect() as conn:
        written = [(p.actor, p.kind, p.ext) for p in entries(conn) if p.actor == "pharm7"]
    assert [kind for _, kind, _ in written] == [kinds.ALERT_CLEARED, kinds.OPERATOR]
    assert written[1][2] == ["clear_alert", "ICU1/1/1: verbal order, Dr Ruiz"]
    assert day.rebuilt_the_same()


def entries(conn):
    from server_stub.ledger import store

    return [page.entry for page in store.pages_in_order(conn) if page.entry.station == "centre"]


@pytest.mark.req("A4.c", "A21.h")
def test_a_pharmacist_closes_an_expired_documentation_alert_and_the_verdict_stays(day_anywhere):
    day = day_anywhere
    day.admitted_with_order()
    day.removed(0)
    close = {"station": "ICU1", "log": 1, "seq": 1, "facet": DOCUMENTATION, "user": "pharm7", "note": "nurse told"}
    assert day.bench.ask("clear_alert", **close)["code"] == codes.NO_SUCH_ALERT, "charting may still come"
    day.at(61)
    assert to_look_at(day) == (1, [1], [])
    assert day.bench.ask("clear_alert", **close) == {"cleared": True}
    assert to_look_at(day) == (0, [], [1])
    assert day.alerts()[DOCUMENTATION] == ("cleared", codes.UNDOCUMENTED, "closed by pharm7: nurse told")
    with day.bench.engine.connect() as conn:
        written = [(p.kind, p.ext) for p in entries(conn) if p.actor == "pharm7"]
    assert written[0][0] == kinds.ALERT_CLEARED
    assert written[1] == (kinds.OPERATOR, ["close_alert", "ICU1/1/1: nurse told"])
    before = day.decisions()
    day.bench.restart()
    day.hospital(adt("A02", 70))
    day.at(300)
    assert (day.verdicts(), day.decisions()) == ({1: "undocumented"}, before)
    assert day.bench.ask("clear_alert", **close)["code"] == codes.NO_SUCH_ALERT
    assert day.rebuilt_the_same()


def to_look_at(day):
    """How many undocumented removals wait for a person, which, and which a person has closed."""
    with day.bench.engine.connect() as conn:
        waiting, closed = (queries.undocumented(conn, closed=closed) for closed in (False, True))
        return queries.count_undocumented(conn), [row.seq for row in waiting], [row.seq for row in closed]


@pytest.mark.parametrize(
    "do, args, words",
    [
        ("clear_alert", {"station": "ICU1", "log": 1, "seq": 1, "user": "", "note": "n"}, "user"),
        ("clear_alert", {"station": "ICU1", "log": 1, "seq": 1, "user": "centre", "note": "n"}, "the system itself"),
        ("clear_alert", {"station": "ICU1", "log": 1, "seq": 1, "user": "u", "note": ""}, "note"),
        ("clear_alert", {"station": "ICU1", "log": 1, "seq": "x", "user": "u", "note": "n"}, "seq"),
        ("clear_alert", {"station": "ICU1", "log": 1, "seq": 9, "user": "u", "note": "n"}, "no open alert"),
        ("clear_alert", {"station": "ICU1", "log": 1, "seq": 1, "facet": 2, "user": "u", "note": "n"}, "no expired"),
        ("clear_alert", {"station": "ICU1", "log": 1, "seq": 1, "facet": 3, "user": "u", "note": "n"}, "facet"),
        ("alerts", {"state": "gone"}, "state"),
        ("alerts", {"limit": 0}, "limit"),
        ("verdicts", {"what": 1}, "what"),
    ],
)
def test_a_bad_request_says_what_is_wrong(day, do, args, words):
    day.removed(0)
    before = day.decisions()
    reply = day.bench.ask(do, **args)
    assert reply["code"] in (codes.MALFORMED_EVENT, codes.NO_SUCH_ALERT)
    assert words in reply["message"]
    assert day.decisions() == before


def test_a_failed_transaction_leaves_no_trace_in_memory(day, monkeypatch):
    day.admitted_with_order()
    day.removed(0)
    day.removes(1)
    with monkeypatch.context() as broken:
        broken.setattr(Day, "_sent", 0, raising=False)
        broken.setattr("server_stub.ledger.store.add_outbox", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            day.send()
    assert day.verdicts() == {1: "pending"}
    day._sent = 1
    day.send()
    day.hospital(charted("c", 5, 4))
    assert day.verdicts() == {1: "verified", 2: "verified"}
    assert day.rebuilt_the_same()


def test_memory_for_one_patient_is_enough(day, monkeypatch):
    monkeypatch.setattr("server_stub.verify.book.MAX_PATIENTS", 1)
    patients = [f"P{n}" for n in range(4)]
    for patient in patients:
        day.hospital(adt("A01", -9, patient), order(f"O{patient}", -9, patient=patient))
    for minute in (0, 1):
        for patient in patients:
            day.removed(minute, patient=patient)
    day.hospital(*[charted(f"c{patient}", 5, 3, patient=patient) for patient in patients[1:]])
    day.returns(6, 1, patient="P2", txn=7)
    day.send()
    day.at(70)
    verified = {2, 3, 4, 7}
    assert day.verdicts() == {seq: "verified" if seq in verified else "undocumented" for seq in range(1, 9)}
    assert day.rebuilt_the_same()


@pytest.mark.req("A4.a")
def test_the_interval_is_a_setting_that_the_ledger_knows(day):
    from server_stub.site import config

    day.admitted_with_order()
    day.removed(0)
    was = config.read(day.bench.home)
    try:
        config.write(day.bench.home, was.model_copy(update={"verify": config.Verify(documentation_minutes=30)}))
        day.bench.register.refresh()
        day.bench.restart()
        day.removed(0)
        day.at(31)
        assert day.verdicts() == {1: "pending", 2: "undocumented"}
        assert [tuple(row) for row in day.bench.rows(schema.verify_settings)] == [("documentation_minutes", 30)]
        assert day.rebuilt_the_same()
    finally:
        config.write(day.bench.home, was)


@pytest.mark.req("A3.c")
def test_counts_and_lists(day):
    day.admitted_with_order()
    for minute in (0, 100, 300):
        day.removes(minute)
    day.removes(400, patient="P9")
    day.send()
    day.hospital(charted("c0", 5), charted("c1", 190), charted("c9", 405, patient="P9"))
    day.at(500)
    counts = day.bench.ask("verdicts")
    assert sum(counts["verdicts"].values()) == 4 == day.bench.ask("status")["stations"]["ICU1"]["removals"]
    assert {k: v for k, v in counts["verdicts"].items() if v} == {
        "verified": 1, "charted_late": 1, "undocumented": 1, "no_order_not_admitted": 1,
    }  # fmt: skip
    assert counts["alerts"] == {"raised": 5, "open": 1, "cleared": 2, "expired": 2}
    listed = day.bench.ask("alerts", state="open", facet=AUTHORITY)["alerts"]
    assert [(a["seq"], a["patient"], a["code"]) for a in listed] == [(4, "P9", codes.NO_ORDER_NOT_ADMITTED)]
    assert day.bench.ask("alerts", station="ED1")["alerts"] == []
    with day.bench.engine.connect() as conn:
        (late,) = queries.charted_late(conn)
        assert (late.utc_ms, late.documented_ms, late.documented_by) == (at(100), at(190), "c1")
        assert [row.seq for row in queries.undocumented(conn, closed=False)] == [3]
        assert [row.seq for row in queries.open_alerts(conn)] == [4]
        assert queries.by_station(conn)["ICU1"]["verified"] == 1
        assert queries.verdict_of(conn, "ICU1", 1, 4).verdict == "no_order_not_admitted"
        assert queries.verdict_of(conn, "ICU1", 1, 5) is None


@pytest.mark.req("A5")
def test_notices_and_feed(day):
    day.admitted_with_order()
    day.removed(0)
    day.hospital(charted("c", 5))
    notices = [cbor2.loads(cose.parse(m.payload)[1]) for m in day.bench.sent if m.topic.endswith("/ICU1/down/notice")]
    assert [notice[:2] + notice[3:] for notice in notices] == [
        [1, "ICU1", 1, [1, 2, codes.AWAITING_DOCUMENTATION, "u1", "HEPARIN"]],
        [1, "ICU1", 2, [1, 2, "charted by event c at 22:18 UTC"]],
    ]
    feed = [json.loads(m.payload) for m in day.bench.sent if m.topic.endswith("/feed/alert")]
    assert [(f["station"], f["by"], f["removal_seq"], f["code"], f["raised"]) for f in feed] == [
        ("ICU1", "centre", 1, codes.AWAITING_DOCUMENTATION, True),
        ("ICU1", "centre", 1, codes.NONE, False),
    ]
    assert all("P1" not in str(f) and "u1" not in str(f) for f in feed)


def test_the_decision_carries_what_the_removal_did_but_no_patient(day):
    day.removed(0)
    with day.bench.engine.connect() as conn:
        raised = next(e for e in entries(conn) if e.kind == kinds.ALERT_RAISED)
    (ref,) = [row.ref for row in day.bench.rows(schema.removals)]
    assert (raised.actor, raised.item, raised.ref, raised.patient) == ("u1", "HEPARIN", ref, "")
