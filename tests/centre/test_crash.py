"""Ingest is killed for real, again and again: nothing acknowledged is lost, each entry is stored once."""

import asyncio
import random
from functools import partial

import pytest
from sqlalchemy import select

from firmware.wire import messages
from server_stub.integration.intake import IntakeAway, ask
from server_stub.ledger import schema
from server_stub.ledger.schema import open_database
from server_stub.site import config
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.processes import Ingest, ScriptedAgent, nats
from tests.centre.scripted import Scripted
from tests.waits import PATIENCE_S, free_port, until

ENTRIES = 400


@pytest.fixture
def site(tmp_path):
    home = Home(tmp_path / "h")
    port = free_port()
    make_site(home, "demo", broker_port=port)
    with nats(home, port):
        genesis = bytes.fromhex(add_station(home, "ICU1", ["MICU"]).genesis)
        ingest = Ingest(home)
        agent = ScriptedAgent(home, port, "ICU1")
        yield home, ingest, agent, Scripted.enrolled(home, "ICU1", genesis)
        agent.close()
        ingest.stop()


def asked(home, do, **args):
    def attempt():
        try:
            return asyncio.run(ask(home.intake, {"do": do, "args": args}, PATIENCE_S))
        except IntakeAway:
            return None

    return until(attempt, f"intake {do}")


@pytest.mark.req("A12.a", "A1.c")
def test_killed_between_commit_and_answer(site):
    home, ingest, agent, script = site
    for _ in range(ENTRIES):
        script.add()
    rng = random.Random(7)
    acknowledged, kills = 0, 0
    while acknowledged < ENTRIES:
        last = min(ENTRIES, acknowledged + rng.randint(1, 64))
        agent.send("batch", script.batch(acknowledged + 1, last))
        if kills < 4 and rng.random() < 0.4:
            ingest.kill()
            ingest.start()
            kills += 1
        while (got := agent.answer()) is not None:
            verdict, seq = got
            assert verdict in (messages.ACCEPT, messages.DUP)
            acknowledged = max(acknowledged, seq)
            if acknowledged >= last:
                break
    assert kills == 4
    with open_database(config.database_url(home, config.read(home))).connect() as conn:
        table = schema.entries.c
        stored = conn.execute(select(table.seq, table.head).where(table.station == "ICU1").order_by(table.id)).all()
    assert [tuple(row) for row in stored] == [(n, script.heads[n]) for n in range(1, ENTRIES + 1)]
    assert asked(home, "status")["stations"]["ICU1"]["entries"] == ENTRIES


@pytest.mark.req("A19.b")
def test_hospital_events_survive_a_kill_once_answered(site):
    home, ingest, _agent, _script = site
    event = {"type": "adt", "utc_ms": 1000, "event": "A01", "name": "Ann", "ward": "MICU"}
    for number in range(6):
        events = [{**event, "id": f"e{number}", "patient": f"P{number}"}]
        assert asked(home, "hospital_events", events=events, key=f"k{number}")["accepted"] == 1
        if number % 2:
            ingest.kill()
            ingest.start()
    again = [{**event, "id": f"e{number}", "patient": f"P{number}"} for number in range(7)]
    reply = asked(home, "hospital_events", events=again, key="all")
    assert (reply["accepted"], reply["duplicate"]) == (1, 6)


def test_a_station_added_while_all_run_is_taken_up(site):
    home, _ingest, _agent, _script = site
    asked(home, "versions")
    port = config.read(home).broker.port
    genesis = bytes.fromhex(add_station(home, "ED1", ["ED"]).genesis)
    script = Scripted.enrolled(home, "ED1", genesis)
    script.add()
    agent = until(lambda: _try_agent(home, port), "the broker takes the new station")
    try:
        agent.send("batch", script.batch(1, 1))
        assert until(agent.answer, "answer") == (messages.ACCEPT, 1)
    finally:
        agent.close()


def _try_agent(home, port):
    try:
        return ScriptedAgent(home, port, "ED1")
    except Exception:
        return None


def test_the_broker_is_killed(tmp_path):
    home = Home(tmp_path / "h")
    port = free_port()
    make_site(home, "demo", broker_port=port)
    script = Scripted.enrolled(home, "ICU1", bytes.fromhex(add_station(home, "ICU1", ["MICU"]).genesis))
    for _ in range(6):
        script.add()
    ingest = Ingest(home)
    try:
        for first in (1, 3, 5):
            with nats(home, port) as broker:
                agent = ScriptedAgent(home, port, "ICU1")
                until(partial(agent.answered, script.batch(first, first + 1), first + 1), "answer")
                broker.kill()
                broker.wait()
                agent.close()
    finally:
        ingest.stop()
    assert ingest.process.returncode == 0
