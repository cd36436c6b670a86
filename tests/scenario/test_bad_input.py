"""Bad input to a whole running hospital: told to who can mend it, journaled where due, and nothing is lost by it.

Each test ends with a good removal that goes all the way to the ledger. docs/errors.md has the table.
"""

import json
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from agent import words
from firmware import codes
from firmware.journal import kinds
from firmware.wire import frame, messages
from server_stub.console import queries
from server_stub.console.accounts import Accounts
from tests.centre.processes import ScriptedAgent
from tests.centre.scripted import Scripted, sign
from tests.console.visitor import sign_in
from tests.waits import PATIENCE_S, until

ROOT = Path(__file__).parents[2]
NURSE = {"badge": "10001", "pin": "4711"}


@pytest.fixture
def s1(live):
    """The hospital with station S1 at rest; where its log and the centre's stand."""
    live.before = {log: live.entries(log)[-1].seq for log in ("S1", "centre")}
    return live


def new(live, log, kind):
    return [entry for entry in live.entries(log, live.before[log]) if entry.kind == kind]


def evidence(live, code):
    return [row for row in queries.evidence(live.engine) if row["code"] == code]


def console(live, path="/stations"):
    """A page of the console as a pharmacist's browser gets it."""
    with client(live) as browser:
        browser.headers["Origin"] = str(browser.base_url).rstrip("/")
        sign_in(browser, Accounts(live.home.accounts), "pharmacist")
        return browser.get(path).text


def call(live, method, path, token=None, **more):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with client(live) as program:
        return program.request(method, path, headers=headers, **more)


def client(live):
    context = ssl.create_default_context(cafile=str(live.home.keys / "ca.crt"))
    base = f"https://127.0.0.1:{live.world.site.web.port}"
    return httpx.Client(verify=context, base_url=base, trust_env=False, timeout=PATIENCE_S)


@pytest.fixture
def on_the_wire(live):
    """Speaks to the centre over the broker with the identity of a station."""
    opened = []

    def speak_as(station):
        opened.append(ScriptedAgent(live.home, live.world.site.broker.port, station))
        return opened[-1]

    yield speak_as
    for agent in opened:
        agent.close()


def forged(live, station, entries):
    """Another history of a station, made with its own keys."""
    genesis = next(s.genesis for s in live.world.site.station if s.id == station)
    script = Scripted.enrolled(live.home, station, bytes.fromhex(genesis))
    for _ in range(entries):
        script.add()
    return script


@pytest.mark.req("A12.b")
def test_unknown_badge(s1):
    reply = s1.ask("S1", "sign_on", badge="NOBODY", pin="1234")
    assert reply.code == codes.UNKNOWN_BADGE
    assert "not known here" in words.of(reply.code)
    assert [(e.actor, e.ext) for e in new(s1, "S1", kinds.SIGN_ON_FAILED)] == [("NOBODY", [codes.UNKNOWN_BADGE])]
    assert s1.a_good_removal("S1")


@pytest.mark.req("A12.b")
def test_wrong_pin_and_lock_out(s1):
    wrong = [s1.ask("S1", "sign_on", badge=NURSE["badge"], pin="0000").code for _ in range(5)]
    assert wrong == [codes.WRONG_PIN] * 4 + [codes.LOCKED_OUT]
    assert s1.ask("S1", "sign_on", **NURSE).code == codes.LOCKED_OUT, "the right PIN neither"
    assert "Wait a few minutes" in words.of(codes.LOCKED_OUT)
    failed = [(e.actor, e.ext) for e in new(s1, "S1", kinds.SIGN_ON_FAILED)]
    assert failed == [("RN1", [codes.WRONG_PIN])] * 4 + [("RN1", [codes.LOCKED_OUT])] * 2
    s1.pass_minutes(6)
    assert s1.a_good_removal("S1")


@pytest.mark.req("A12.b")
def test_a_patient_who_is_not_here_is_denied(s1):
    assert s1.ask("S1", "sign_on", **NURSE).code == 0
    reply = s1.ask("S1", "remove", patient="NOONE", item="MORP4I", quantity=1)
    assert (reply.code, reply.state["phase"]) == (codes.UNKNOWN_PATIENT, messages.SIGNED_ON)
    assert "not on this ward's list" in words.of(reply.code)
    (denied,) = new(s1, "S1", kinds.DENIED)
    assert (denied.actor, denied.item, denied.ext) == ("RN1", "MORP4I", [1, codes.UNKNOWN_PATIENT, 1])
    s1.ask("S1", "sign_off")
    assert s1.a_good_removal("S1")


@pytest.mark.req("A12.a")
def test_damaged_frames_on_the_link_both_ways(s1):
    before = s1.status("S1")["frames_dropped"]
    damaged = bytearray(frame.encode(b"\x82\x02\x01" * 9))
    damaged[5] ^= 4
    wire = s1.world.stations["S1"].wire

    async def damage():
        wire.agent.give(bytes(damaged))
        wire.controller.give(bytes(damaged))
        await s1.world.stations["S1"].bus.rest()

    s1.do(damage())
    expected = {end: count + 1 for end, count in before.items()}
    until(lambda: s1.status("S1")["frames_dropped"] == expected, "both ends to count it")
    assert s1.a_good_removal("S1")


@pytest.mark.req("A12.b")
@pytest.mark.parametrize("what", ["unsigned", "signed by another"])
def test_a_batch_that_the_station_did_not_sign(s1, on_the_wire, what):
    script = forged(s1, "S1", 2)
    known = {row["sha256"] for row in evidence(s1, codes.UNSIGNED_BATCH)}
    payload = script.payload(1, 2)
    other = forged(s1, "S2", 1)
    on_the_wire("S1").send("batch", payload if what == "unsigned" else sign(other.signing, "S1", "batch", payload))

    def kept():
        return [row for row in evidence(s1, codes.UNSIGNED_BATCH) if row["sha256"] not in known]

    (row,) = until(kept, "evidence")
    assert row["station"] == "S1"
    assert row["detail"] in console(s1)
    (entry,) = new(s1, "centre", kinds.EVIDENCE)
    assert (entry.ext[:2], entry.ext[4].hex()) == ([codes.UNSIGNED_BATCH, "S1"], row["sha256"])
    assert s1.a_good_removal("S1")


@pytest.mark.req("A12.a", "A12.b")
def test_a_batch_with_a_gap_before_it(s1, on_the_wire):
    seq = s1.before["S1"]
    script = forged(s1, "S1", seq + 9)
    agent = on_the_wire("S1")
    agent.send("batch", script.batch(seq + 8, seq + 9))
    until(lambda: agent.answer() == (messages.GAP, seq), "the answer: where to go on")
    assert s1.entries("S1", seq) == [], "nothing of it is taken"
    assert s1.a_good_removal("S1")


@pytest.mark.req("A12.a")
def test_malformed_hospital_events(s1):
    token = (s1.home.keys / "hospital.token").read_text().strip()
    at_ms = s1.world.clock.low()
    good = {"type": "adt", "id": "bad-input", "utc_ms": at_ms, "event": "A01", "patient": "P77", "ward": "Ward 1"}
    lines = ["{", json.dumps(good), json.dumps(good | {"id": "x", "ward": ""}), json.dumps({"type": "lab", "id": "y"})]
    reply = call(s1, "POST", "/api/v1/hospital-events", token, content="\n".join(lines)).json()
    assert (reply["accepted"], reply["duplicate"]) == (1, 0)
    told = [(r["line"], r["code"]) for r in reply["refused"]]
    assert told == [(1, codes.MALFORMED_EVENT), (3, codes.MALFORMED_EVENT), (4, codes.UNKNOWN_EVENT)]
    assert "needs the ward" in reply["refused"][1]["message"]
    assert [(e.patient, e.ext[0]) for e in new(s1, "centre", kinds.HOSPITAL_ADT)] == [("P77", "bad-input")]
    not_text = call(s1, "POST", "/api/v1/hospital-events", token, content=b"\xff\xfe")
    assert (not_text.status_code, not_text.json()["code"]) == (400, codes.MALFORMED_EVENT)
    stranger = call(s1, "POST", "/api/v1/hospital-events", "guess", content=lines[1])
    assert (stranger.status_code, stranger.json()["code"]) == (401, codes.NOT_AUTHORISED)
    assert s1.a_good_removal("S1")


@pytest.mark.req("A12.a")
def test_a_malformed_row_of_a_table(s1, tmp_path):
    rows = {"items": '["MORP4I",2,1000,0]\n["ACET500",9,1,0]\n', "pockets": "", "users": "{\n"}
    files = {table: tmp_path / f"{table}.jsonl" for table in rows}
    for table, text in rows.items():
        files[table].write_text(text)

    def load():
        given = [arg for table, path in files.items() for arg in (f"--{table}", path)]
        command = [sys.executable, "-m", "apotheca", "--home", s1.home.root, "station", "load", "S1", *given]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        return done.returncode, done.stderr.replace("\n", " ")

    code, told = load()
    assert (code, "users.jsonl, line 1: not JSON" in told) == (1, True), told
    files["users"].write_text("")
    code, told = load()
    assert (code, f"error {codes.BAD_REFERENCE}: items: row 2 of items, column 1" in told) == (1, True), told
    assert new(s1, "centre", kinds.REFERENCE_ISSUED) == []
    assert s1.a_good_removal("S1")


@pytest.mark.req("A12.b")
def test_another_history_of_a_station_stops_its_log_and_no_other(s1, on_the_wire):
    script = forged(s1, "S2", 4)
    agent = on_the_wire("S2")
    agent.send("batch", script.batch(3, 4))
    until(lambda: (agent.answer() or (None,))[0] == messages.FORK, "the answer")
    (row,) = evidence(s1, codes.FORK)
    assert row["station"] == "S2"
    assert [e.ext for e in new(s1, "centre", kinds.CENTRE_ALARM)] == [[codes.FORK, "S2", 1]]
    (entry,) = new(s1, "centre", kinds.EVIDENCE)
    assert entry.ext[:2] == [codes.FORK, "S2"]

    def verdicts():
        return {row.station: row.verdict for row in queries.stations(s1.engine, s1.world.site.station)}

    assert verdicts()["S2"] == "stopped"
    until(lambda: verdicts()["S1"] == "in sync", "S1 to be in sync as before")
    assert row["detail"] in console(s1)
    log = s1.home.run / "S2.agent.log"
    until(lambda: f"code {codes.FORK}" in log.read_text(), "the kiosk of S2 to tell")
    assert s1.a_good_removal("S1")
    stands = s1.status("S2")
    assert s1.ask("S2", "sign_on", badge="10002", pin="4721").code == 0
    until(lambda: s1.status("S2")["depth"] == stands["depth"] + 1, "what goes on at S2 to be kept in its outbox")
