"""What the console shows, as a person sees it."""

from firmware import codes
from firmware.journal import kinds
from server_stub.console import attention, queries, words
from server_stub.console.table import Cell, table
from server_stub.site import config


def verdicts(bench):
    return {row.station: row for row in queries.stations(bench.engine, config.read(bench.home).station)}


def test_where_stations_stand(quick, monkeypatch):
    now = [quick.transport_ms]
    monkeypatch.setattr("server_stub.console.queries.time.time_ns", lambda: now[0] * 1_000_000)
    script = quick.station("ICU1")
    script.removal()
    quick.up("ICU1", "batch", script.batch(1, 2))
    quick.up("ICU1", "heartbeat", script.heartbeat())
    assert verdicts(quick)["ED1"].verdict == "waiting"
    assert (verdicts(quick)["ICU1"].verdict, verdicts(quick)["ICU1"].why) == ("in sync", "2 entries under way")
    quick.up("ICU1", "batch", script.batch(3, 4))
    assert (verdicts(quick)["ICU1"].why, verdicts(quick)["ICU1"].removals) == ("", 1)
    now[0] += 100_000
    assert verdicts(quick)["ICU1"].verdict == "late"
    now[0] += 100_000
    assert verdicts(quick)["ICU1"].verdict == "silent"
    other = script.fork(1)
    other.add()
    quick.up("ICU1", "batch", other.batch(2, 2))
    assert (verdicts(quick)["ICU1"].verdict, verdicts(quick)["ICU1"].alarms) == ("stopped", 1)
    assert [e["code"] for e in queries.evidence(quick.engine)] == [codes.FORK]
    standing = queries.alarms(quick.engine)[0]
    assert "contradicts" in words.alarm(standing["code"], standing["drawer"])


def test_entries_in_words_and_pockets_that_need_a_hand_first(quick):
    script = quick.station("ICU1")
    script.removal(place="D01-P01", before=10, quantity=2)
    script.removal(place="D01-P02", before=1, quantity=1)
    script.removal(place="D01-P03", before=5, quantity=1)
    script.add(kinds.INTERRUPTED, (1,), item="HEPARIN", place="D01-P01", txn=1)
    quick.up("ICU1", "batch", script.batch(1, len(script.pages)))
    said = [words.entry(e) for e in queries.last_entries(quick.engine, "ICU1")]
    assert said[0].startswith("interrupted")
    assert "removed 2 × HEPARIN, 10 → 8" in said
    known = {"HEPARIN": queries.Item("Heparin 5,000 units/1 mL vial", 4)}
    in_units = [words.entry(e, known) for e in queries.last_entries(quick.engine, "ICU1")]
    assert "removed 0.5 × Heparin 5,000 units/1 mL vial, 2.5 → 2" in in_units
    assert queries.totals(quick.engine) == queries.Totals(removals=3, pockets=2)
    found = {p.name: p.number for p in attention.points(quick.engine, [])}
    assert {name: found[name] for name in ("owed", "empty")} == {"owed": 1, "empty": 1}


def test_what_comes_from_outside_is_escaped():
    html = table("t", "T", ("A", "B"), [("<script>", Cell("<b>", note="&"))])
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html
