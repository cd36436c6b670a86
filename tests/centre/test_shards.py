"""Several processes take in, each its shard of the stations, over one PostgreSQL; one folds (A12.a)."""

from uuid import uuid4

import pytest
from sqlalchemy import create_engine, select, text

from firmware.wire import messages
from server_stub.fold import rebuild
from server_stub.integration.mqtt import filters
from server_stub.ledger import schema
from server_stub.ledger.schema import open_database
from server_stub.site import config
from server_stub.site.broker import users_text
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from server_stub.site.mosquitto import acl_text
from tests.centre.processes import Ingest, ScriptedAgent, nats
from tests.centre.scripted import Scripted
from tests.waits import free_port, until

SHARDS = {"ICU1": "", "ED1": "s1", "ED2": "s2"}


@pytest.fixture
def home(tmp_path, postgres):
    """A site on PostgreSQL with a station in each of three shards."""
    home, name = Home(tmp_path / "h"), f"t{uuid4().hex}"
    make_site(home, "demo", broker_port=free_port())
    site = config.read(home)
    config.write(home, site.model_copy(update={"database": config.Database(url=postgres.format(name))}))
    for station, shard in SHARDS.items():
        add_station(home, station, [f"Ward {station}"], shard=shard)
    admin = create_engine(postgres.format("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
    yield home
    with admin.connect() as conn:
        conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def sent(agent, script, first, last):
    """Send until it is answered, as an agent does; the verdict."""
    while True:
        agent.send("batch", script.batch(first, last))
        while (got := agent.answer()) is not None:
            if got[1] >= last:
                return got[0]


def stored(engine, station):
    with engine.connect() as conn:
        table = schema.entries.c
        query = select(table.seq, table.head).where(table.station == station).order_by(table.id)
        return [tuple(row) for row in conn.execute(query)]


@pytest.mark.req("A12.a")
def test_each_shard_is_taken_in_by_its_process_and_one_may_die_without_the_others(home):
    site = config.read(home)
    engine = open_database(site.database.url)
    scripts = {s.id: Scripted.enrolled(home, s.id, bytes.fromhex(s.genesis)) for s in site.station}
    for script in scripts.values():
        for n in range(6):
            script.removal(place=f"D01-P{n:02}")
    with nats(home, site.broker.port):
        ingest = Ingest(home, args=())
        shards = {name: Ingest(home, "shard_main", (name,)) for name in site.further_shards}
        agents = {s: ScriptedAgent(home, site.broker.port, s, shard or "s0") for s, shard in SHARDS.items()}
        try:
            for station, agent in agents.items():
                assert sent(agent, scripts[station], 1, 8) in (messages.ACCEPT, messages.DUP)
            until(lambda: all(len(stored(engine, s)) == 8 for s in SHARDS), "all is folded by one")
            shards["s1"].kill()
            agents["ED1"].send("batch", scripts["ED1"].batch(9, 16))
            for station in ("ICU1", "ED2"):
                assert sent(agents[station], scripts[station], 9, 16) in (messages.ACCEPT, messages.DUP)
            ingest.kill()
            assert sent(agents["ED2"], scripts["ED2"], 17, 24) in (messages.ACCEPT, messages.DUP), "needs nobody else"
            ingest.start()
            shards["s1"].start()
            for station in ("ICU1", "ED1"):
                first = 17 if station == "ICU1" else 9
                assert sent(agents[station], scripts[station], first, 24) in (messages.ACCEPT, messages.DUP)
            until(lambda: all(len(stored(engine, s)) == 24 for s in SHARDS), "all is folded by one")
        finally:
            for agent in agents.values():
                agent.close()
            for process in (ingest, *shards.values()):
                process.stop()
    for station, script in scripts.items():
        assert stored(engine, station) == [(n, script.heads[n]) for n in range(1, 25)]
    with engine.begin() as conn:
        before, after = rebuild(conn)
    assert before == after
    engine.dispose()


def test_every_message_has_one_process(home):
    site = config.read(home)
    assert site.further_shards == ("s1", "s2")
    assert filters(site) == [
        f"apotheca/1/demo/{which}" for which in ("s0/+/up/batch", "s0/+/up/heartbeat", "+/+/up/status")
    ]
    assert filters(site, "s1") == ["apotheca/1/demo/s1/+/up/batch", "apotheca/1/demo/s1/+/up/heartbeat"]
    assert filters(site, alone=True) == ["apotheca/1/demo/+/+/up/#"]
    sqlite = site.model_copy(update={"database": config.Database()})
    assert sqlite.further_shards == (), "SQLite has one writer"


def test_a_station_may_speak_in_its_own_shard_only(home):
    users = users_text(config.read(home))
    assert 'user: "CN=ED1", permissions: { publish: ["apotheca.1.demo.s1.ED1.up.*"]' in users
    assert 'user: "CN=ICU1", permissions: { publish: ["apotheca.1.demo.s0.ICU1.up.*"]' in users
    rights = acl_text(config.read(home))
    assert "user ED1\ntopic write apotheca/1/demo/s1/ED1/up/+\ntopic read apotheca/1/demo/s1/ED1/down/#\n" in rights
    assert "user ICU1\ntopic write apotheca/1/demo/s0/ICU1/up/+\n" in rights
    assert 'shard = "s2"' in (home.station("ED2") / "agent.toml").read_text()
