"""Hospital events in; patients and orders of each station out."""

import json

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware import codes
from firmware.compat import derive
from firmware.journal import kinds
from firmware.wire import cose, sealed
from server_stub import fold
from server_stub.integration import reference
from server_stub.integration.roster import GRACE_MS, MAX_PATIENTS, NO_STOP
from server_stub.ledger import schema
from tests.centre.conftest import Bench

T0 = 1_700_000_000_000
ITEMS = [["HEPARIN", 0, 1, 0], ["MORPHINE", 2, 1, 0]]


def adt(number, event, patient, ward, at=T0):
    return {
        "type": "adt",
        "id": f"a{number}",
        "utc_ms": at,
        "event": event,
        "patient": patient,
        "name": f"Name {patient}",
        "ward": ward,
        "from_ward": "",
    }


def order(number, event, patient, item="HEPARIN", at=T0, *, stop=None):
    return {
        "type": "order",
        "id": f"o{number}-{event}",
        "utc_ms": at,
        "event": event,
        "order": f"O{number}",
        "patient": patient,
        "item": item,
        "dose": 1,
        "start_utc_ms": at,
        "stop_utc_ms": stop,
    }


def table_at(bench, station):
    """What the station's tables hold once it has applied every message sent to it, in order."""
    key = derive(bench.home.mac_key(station).read_bytes(), "reference")
    tables, pending = {}, []
    for message in bench.sent:
        if message.topic != f"apotheca/1/demo/s0/{station}/down/reference":
            continue
        fields = sealed.open(cose.parse(message.payload)[1], key)
        assert fields is not None, "the controller would refuse the MAC"
        _, _, table, version, base, part, parts, rows = fields
        pending = [*pending, *rows] if part > 1 else rows
        if part == parts:
            held, at = tables.get(table, ({}, 0))
            assert base in (0, at), "a delta that does not follow"
            tables[table] = (_applied({} if base == 0 else held, pending), version)
    return tables


def _applied(held, rows):
    held = dict(held)
    for row in rows:
        if len(row) == 2 and row[1] is None:
            held.pop(row[0], None)
        else:
            held[row[0]] = row
    return held


def rows_at(bench, station, table):
    return table_at(bench, station).get(table, ({}, 0))[0]


@pytest.fixture
def stocked(quick):
    for station in ("ICU1", "ED1", "ED2"):
        quick.ask("reference", station=station, table="items", rows=ITEMS, mode="snapshot")
    return quick


@pytest.mark.req("A3.b", "A19.b")
def test_an_event_counts_once(bench):
    events = [adt(1, "A01", "P1", "MICU"), adt(1, "A01", "P1", "MICU"), order(1, "new", "P1")]
    first = bench.ask("hospital_events", events=events, key="k1")
    assert (first["accepted"], first["duplicate"], first["refused"]) == (2, 1, [])
    assert bench.ask("hospital_events", events=events, key="k1") == first, "same key, same reply"
    second = bench.ask("hospital_events", events=events, key="k2")
    assert (second["accepted"], second["duplicate"]) == (0, 3)
    kept = [e.kind for e in bench.rows(schema.entries)]
    assert kept.count(kinds.HOSPITAL_ADT) == kept.count(kinds.HOSPITAL_ORDER) == 1


@pytest.mark.parametrize(
    "bad, code, words",
    [
        ("{not json", codes.MALFORMED_EVENT, "dictionary"),
        (7, codes.MALFORMED_EVENT, "dictionary"),
        ({"type": "weather"}, codes.UNKNOWN_EVENT, "adt, order, administration"),
        ({**adt(9, "A99", "P1", "MICU")}, codes.MALFORMED_EVENT, "event"),
        ({**adt(9, "A01", "P1", "")}, codes.MALFORMED_EVENT, "ward"),
        ({**adt(9, "A01", "a b", "MICU")}, codes.MALFORMED_EVENT, "patient"),
        ({**adt(9, "A01", "P1" * 9, "MICU")}, codes.MALFORMED_EVENT, "patient"),
        ({**adt(9, "A01", "P1", "MICU"), "utc_ms": -1}, codes.MALFORMED_EVENT, "utc_ms"),
        ({**order(9, "new", "P1"), "dose": 1.5}, codes.MALFORMED_EVENT, "dose"),
        ({**order(9, "new", "P1"), "surprise": 1}, codes.MALFORMED_EVENT, "surprise"),
    ],
)
def test_a_malformed_line_is_refused_with_its_number_and_the_others_count(quick, bad, code, words):
    reply = quick.ask("hospital_events", events=[adt(1, "A01", "P1", "MICU"), bad, adt(2, "A01", "P2", "MICU")], key="")
    assert reply["accepted"] == 2
    assert [(r["line"], r["code"]) for r in reply["refused"]] == [(2, code)]
    assert words in reply["refused"][0]["message"]


@pytest.mark.req("A3.b", "U17")
def test_a_patient_who_leaves_stays_as_departed_for_the_grace_time(stocked):
    events = [adt(1, "A01", "P1", "MICU"), order(1, "new", "P1"), order(2, "new", "P1", "UNKNOWN")]
    reply = stocked.ask("hospital_events", events=events, key="")
    assert reply["versions"]["ICU1"]["patients"] == 1
    assert rows_at(stocked, "ICU1", "patients") == {"P1": ["P1", 1]}
    assert rows_at(stocked, "ICU1", "orders") == {"O1": ["O1", "P1", "HEPARIN", 1, T0 // 60_000, NO_STOP, 0, 0]}
    assert rows_at(stocked, "ICU1", "patient_names") == {"P1": ["P1", "Name P1", "MICU"]}
    moved = T0 + 1000
    stocked.ask("advance", utc_ms=moved)
    stocked.ask("hospital_events", events=[adt(2, "A02", "P1", "SHARED", moved)], key="")
    assert rows_at(stocked, "ICU1", "patients") == {"P1": ["P1", 2]}
    assert [rows_at(stocked, s, "patients") for s in ("ED1", "ED2")] == [{"P1": ["P1", 1]}] * 2
    stocked.ask("advance", utc_ms=moved + GRACE_MS - 1)
    assert "P1" in rows_at(stocked, "ICU1", "patients")
    stocked.ask("advance", utc_ms=moved + GRACE_MS)
    assert rows_at(stocked, "ICU1", "patients") == rows_at(stocked, "ICU1", "orders") == {}
    assert "P1" in rows_at(stocked, "ED1", "patients")


def test_a_stopped_order_goes_after_the_grace_time_also_over_a_restart(stocked):
    stop = T0 + 60_000
    stocked.ask("hospital_events", events=[adt(1, "A01", "P1", "MICU"), order(1, "new", "P1", stop=stop)], key="")
    stocked.ask("advance", utc_ms=stop + GRACE_MS - 1)
    assert "O1" in rows_at(stocked, "ICU1", "orders")
    stocked.restart()
    stocked.ask("advance", utc_ms=stop + GRACE_MS)
    assert rows_at(stocked, "ICU1", "orders") == {}


def test_new_items_bring_their_orders(stocked):
    stocked.ask("hospital_events", events=[adt(1, "A01", "P1", "MICU"), order(1, "new", "P1", "NEW")], key="")
    assert rows_at(stocked, "ICU1", "orders") == {}
    stocked.ask("reference", station="ICU1", table="items", rows=[["NEW", 0, 1, 0]], mode="delta")
    assert list(rows_at(stocked, "ICU1", "orders")) == ["O1"]


def test_over_the_limit_the_newest_are_kept_and_an_alarm_stands(stocked):
    events = [adt(n, "A01", f"P{n:03}", "MICU", T0 + n) for n in range(MAX_PATIENTS + 2)]
    stocked.ask("hospital_events", events=events, key="")
    assert set(rows_at(stocked, "ICU1", "patients")) == {f"P{n:03}" for n in range(2, MAX_PATIENTS + 2)}
    assert [(a.station, a.code) for a in stocked.rows(schema.alarms)] == [("ICU1", codes.TABLE_FULL)]
    gone = T0 + 10_000
    stocked.ask("hospital_events", events=[adt(100 + n, "A03", f"P{n:03}", "", gone) for n in (5, 6)], key="")
    stocked.ask("advance", utc_ms=gone + GRACE_MS)
    assert len(rows_at(stocked, "ICU1", "patients")) == MAX_PATIENTS
    assert {"P000", "P001"} <= set(rows_at(stocked, "ICU1", "patients"))
    assert stocked.rows(schema.alarms) == []


def test_a_station_behind_gets_what_it_misses_once(stocked):
    for n in range(3):
        stocked.ask("hospital_events", events=[adt(n, "A01", f"P{n}", "MICU")], key="")
    full = table_at(stocked, "ICU1")
    stocked.transport_ms += 5000
    for has in ({}, {"patients": 1, "items": 1}, {"patients": 99}):
        stocked.sent = []
        stocked.up("ICU1", "status", b'{"v":1,"online":true,"tables":' + cbor_json(has) + b"}")
        sent = table_bases(stocked, "ICU1")
        assert sent["patients"] == (1 if has.get("patients") == 1 else 0)
        assert ("items" in sent) == ("items" not in has)
        stocked.up("ICU1", "status", b'{"v":1,"online":true,"tables":' + cbor_json(has) + b"}")
        assert table_bases(stocked, "ICU1") == sent, "what is under way is not sent again"
        stocked.transport_ms += 5000
        stocked.up(
            "ICU1",
            "status",
            b'{"online":true,"tables":{}}'.replace(b"{}", cbor_json({t: v for t, (_, v) in full.items()})),
        )
    for rubbish in (b"", b"[]", b"\xff", b'{"online":true,"tables":7}', b'{"online":false,"tables":{}}'):
        stocked.sent = []
        stocked.up("ICU1", "status", rubbish)
        assert stocked.sent == []


def cbor_json(value):
    return json.dumps(value).encode()


def table_bases(bench, station):
    found = {}
    for message in bench.sent:
        if message.topic.endswith(f"{station}/down/reference"):
            fields = cbor2.loads(cose.parse(message.payload)[1])
            found[fields[2]] = fields[4]
    return found


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("A01", "A02", "A03", "A11", "A12", "A13", "new", "change", "discontinue", "wait", "restart")),
        st.sampled_from(("P1", "P2", "P3")),
        st.sampled_from(("MICU", "ED", "SHARED")),
        st.sampled_from(("HEPARIN", "MORPHINE", "UNKNOWN")),
        st.integers(0, 90),
    ),
    max_size=25,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_deltas_come_to_the_same_as_a_snapshot_and_a_rebuild_to_the_same_bytes(site_home, tmp_path_factory, steps):
    bench = Bench(site_home, f"sqlite:///{tmp_path_factory.mktemp('p') / 'c.db'}")
    for station in ("ICU1", "ED1", "ED2"):
        bench.ask("reference", station=station, table="items", rows=ITEMS, mode="snapshot")
    for number, (what, patient, ward, item, minutes) in enumerate(steps):
        now = bench.clock.utc_ms() + minutes * 60_000
        bench.ask("advance", utc_ms=now)
        if what == "restart":
            bench.restart()
        elif what.startswith("A"):
            bench.ask("hospital_events", events=[adt(number, what, patient, ward, now)], key="")
        elif what != "wait":
            event = {**order(number % 4, what, patient, item, now), "id": f"o{number}"}
            bench.ask("hospital_events", events=[event], key="")
    applied = {station: table_at(bench, station) for station in ("ICU1", "ED1", "ED2")}
    for station, incremental in applied.items():
        bench.sent = []
        bench.transport_ms += 5000
        bench.up(station, "status", b'{"online":true,"tables":{}}')
        assert {t: rows for t, (rows, _) in table_at(bench, station).items()} == {
            t: rows for t, (rows, _) in incremental.items()
        }
        for table, (rows, _version) in incremental.items():
            digest = next(
                v.digest for v in bench.rows(schema.reference_versions) if (v.station, v.table) == (station, table)
            )
            assert digest == reference._digest(cbor2.dumps(row) for row in rows.values())
    with bench.engine.begin() as conn:
        before, after = fold.rebuild(conn)
    assert before == after
    bench.engine.dispose()


def test_large_tables_go_in_parts(stocked):
    rows = [[f"I{n:04}", 0, 1, 0] for n in range(300)]
    stocked.ask("reference", station="ICU1", table="items", rows=rows, mode="snapshot")
    assert len(rows_at(stocked, "ICU1", "items")) == 300
    assert all(len(m.payload) < 3300 for m in stocked.sent)


@pytest.mark.parametrize(
    "args, words",
    [
        ({"table": "items", "rows": [["A", 9, 1, 0]]}, "row 1 of items, column 1"),
        ({"table": "items", "rows": [["A", 0, 1, 0], ["B"]]}, "row 2 of items"),
        ({"table": "patients", "rows": []}, "table must be one of"),
        ({"table": "items", "rows": 7}, "array"),
        ({"table": "items", "rows": [[f"I{n}", 0, 1, 0] for n in range(301)]}, "at most 300"),
        ({"station": "NOBODY", "table": "items", "rows": []}, "enrolled"),
        ({"table": "items", "rows": [["A", 0, 1, 0, 32]]}, "column 4"),
        ({"table": "overrides", "rows": [["A", 1]]}, "row A of overrides names item A"),
        ({"table": "kits", "rows": [["L1", "CODE", "A", 0]]}, "column 3"),
        ({"table": "policy", "rows": [["profiled", -1]]}, "column 1"),
        ({"table": "policy", "rows": [[f"p{n}", 1] for n in range(17)]}, "at most 16"),
        ({"table": "labels", "rows": [[62**4, "A", 1, 1, 9]]}, "column 0"),
        ({"table": "labels", "rows": [["HK01", "A", 1, 1, 9]]}, "column 0"),
        ({"table": "labels", "rows": [[1, "A", 0, 1, 9]]}, "column 2"),
        ({"table": "labels", "rows": [[1, "A", 1, 5, 9]]}, "column 3"),
        ({"table": "labels", "rows": [[1, "A", 1, 1, 9]]}, "row 1 of labels names item A"),
        ({"table": "prompts", "rows": [[0, "Is this vincristine?"]]}, "column 0"),
    ],
)
def test_a_bad_table_is_refused_whole(quick, args, words):
    reply = quick.ask("reference", **{"station": "ICU1", "mode": "snapshot", **args})
    assert reply["code"] == codes.BAD_REFERENCE
    assert words in reply["message"]
    assert table_at(quick, "ICU1") == {}


@pytest.mark.req("F1", "F3", "F15", "U8")
def test_every_table_of_a_whole_cabinet_goes_down_with_its_defaults(stocked):
    badge = ["B1", "u1", "00" * 8, "11" * 16, 100]
    given = {
        "items": (
            [*ITEMS[:1], ["MORPHINE", 2, 10, 3, 4, 7]],
            [["HEPARIN", 0, 1, 0, 0, 0], ["MORPHINE", 2, 10, 3, 4, 7]],
        ),
        "users": ([[*badge, 7]], [["B1", "u1", bytes(8), b"\x11" * 16, 100, 7, 2**32 - 1]]),
        "overrides": ([["HEPARIN"], ["MORPHINE", 3]], [["HEPARIN", 0], ["MORPHINE", 3]]),
        "kits": ([["L1", "CODE", "HEPARIN", 2]],) * 2,
        "policy": ([["profiled", 1], ["temp_low_centi", 10200]],) * 2,
        "item_codes": ([["00312345678906", "HEPARIN"]],) * 2,
        "prompts": ([[7, "Two people have read the label?"]],) * 2,
    }
    for table, (rows, _) in given.items():
        assert stocked.ask("reference", station="ICU1", table=table, rows=rows)["version"] >= 1, table
    assert {table: list(rows_at(stocked, "ICU1", table).values()) for table in given} == {
        table: wanted for table, (_, wanted) in given.items()
    }
    stocked.ask("reference", station="ICU1", table="prompts", rows=[[7, None]], mode="delta")
    assert rows_at(stocked, "ICU1", "prompts") == {}, "the key is the number, as the row has it"


@pytest.mark.req("F19")
def test_a_users_roles_are_those_of_the_stations_area(stocked):
    rows = [
        ["B1", "u1", "00" * 8, "11" * 16, 100, {"ICU": 71, "": 1}],
        ["B2", "u2", "00" * 8, "11" * 16, 100, {"ICU": 1}],
    ]
    stocked.register.areas["ICU1"] = "ICU"
    for station in ("ICU1", "ED1"):
        stocked.ask("reference", station=station, table="users", rows=rows)
    assert {key: row[5] for key, row in rows_at(stocked, "ICU1", "users").items()} == {"B1": 71, "B2": 1}
    assert {key: row[5] for key, row in rows_at(stocked, "ED1", "users").items()} == {"B1": 1}
    stocked.register.areas["ICU1"] = ""


@pytest.mark.req("F1", "F2")
def test_an_orders_interval_and_flags_reach_the_cabinet(stocked):
    plain = order(1, "new", "P1")
    timed = {**order(2, "new", "P1"), "interval_minutes": 360, "prn": True, "verified": False}
    stocked.ask("hospital_events", events=[adt(1, "A01", "P1", "MICU"), plain, timed], key="")
    assert {key: row[6:] for key, row in rows_at(stocked, "ICU1", "orders").items()} == {"O1": [0, 0], "O2": [360, 3]}


def test_stock_usage_and_feed(bench):
    script = bench.station("ICU1")
    script.add(kinds.REFILL, (0, None, None), item="HEPARIN", place="D01-P01", stock=(0, 10), txn=1)
    script.removal(before=10, quantity=3)
    script.add(kinds.INTERRUPTED, (2,), item="HEPARIN", place="D01-P01", txn=2)
    script.add(kinds.ALARM, (1, 1))
    out = bench.up("ICU1", "batch", script.batch(1, len(script.pages)))
    sent = [(m.topic.rsplit("/", 1)[1], json.loads(m.payload)) for m in out if "/feed/" in m.topic]
    feeds = {what: value for what, value in sent if what != "alert" or value["by"] == "ICU1"}
    assert feeds["removal"]["quantity"] == 3
    assert "P1" not in str(feeds)
    assert [p["quantity"] for p in feeds["inventory"]["pockets"]] == [7]
    assert (feeds["alert"]["code"], feeds["alert"]["raised"]) == (1, True)
    assert [(r.quantity, r.must_count) for r in bench.rows(schema.inventory)] == [(7, 1)]
    assert [(r.removed, r.refilled) for r in bench.rows(schema.usage)] == [(3, 10)]
    script.add(kinds.COUNT, (7,), item="HEPARIN", place="D01-P01", stock=(7, 6), txn=9)
    script.add(kinds.ALARM_CLEARED, (1, 1))
    bench.up("ICU1", "batch", script.batch(1, len(script.pages)))
    assert [(r.quantity, r.must_count) for r in bench.rows(schema.inventory)] == [(6, 0)]
    assert bench.rows(schema.alarms) == []
    with bench.engine.begin() as conn:
        before, after = fold.rebuild(conn)
    assert before == after


@pytest.mark.req("A18.a")
def test_a_silent_station_raises_an_alarm_until_it_speaks(quick):
    script = quick.station("ICU1")
    quick.up("ICU1", "heartbeat", script.heartbeat())
    quick.transport_ms += 179_999
    quick.centre.tick()
    assert quick.rows(schema.alarms) == []
    quick.transport_ms += 1
    quick.centre.tick()
    quick.centre.tick()
    assert [(a.station, a.code) for a in quick.rows(schema.alarms)] == [("ICU1", codes.STATION_SILENT)]
    quick.restart()
    quick.up("ICU1", "heartbeat", script.heartbeat())
    assert quick.rows(schema.alarms) == []
