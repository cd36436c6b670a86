"""The real sequencer beside the real ingest and broker, and a witness that answers over HTTP."""

import asyncio
import http.client
import os
import queue
import signal
import sys
import threading
from http.client import BadStatusLine
from types import SimpleNamespace

import cbor2
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from firmware.wire import cose, note
from server_stub import sequencer_main
from server_stub.cli_witness import app as witness_app
from server_stub.console.accounts import Accounts
from server_stub.ledger import tree_schema
from server_stub.ledger.checkpoint import Key, NoteSigner
from server_stub.ledger.schema import open_database
from server_stub.replacing import NotSigned, Signature
from server_stub.site import config, treekey
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from server_stub.succeeding import succeed
from tests.centre.conftest import Bench
from tests.centre.processes import Ingest, ScriptedAgent, free_port, nats, running, until
from tests.centre.scripted import Scripted
from tests.centre.test_tree import halted
from tests.console.hospital import taking_requests
from tests.console.visitor import PASSWORD, add_account

WITNESS = "import sys; from server_stub.cli_witness import app; app(sys.argv[1:])"


@pytest.fixture
def broker_port():
    return free_port()


@pytest.fixture
def site(tmp_path, broker_port):
    home = Home(tmp_path / "home")
    make_site(home, "demo", broker_port=broker_port)
    add_stations(home, {"ICU1": ("MICU",)})
    with nats(home, broker_port):
        yield home


@pytest.fixture
def witness(site, tmp_path):
    """A witness of the site as a process; gives its address and key."""
    port = free_port()
    options = ["--name", "demo/compliance", "--log", str(site.keys / treekey.PUBLIC), "--folder", str(tmp_path / "w")]
    log = tmp_path / "witness.log"
    with running([sys.executable, "-u", "-c", WITNESS, "run", *options, "--port", str(port)], log):
        until(lambda: log.read_text().count("\n") > 0, "the witness's key")
        yield config.Witness(url=f"http://127.0.0.1:{port}", vkey=log.read_text().splitlines()[0])


def shown(agent, script):
    """The size of the next checkpoint that comes down; batch and heartbeat go again until then, as an agent's do."""
    for _ in range(60):
        agent.send("batch", script.batch(1, len(script.pages)))
        agent.send("heartbeat", script.heartbeat())
        try:
            while True:
                topic, payload = agent.inbox.get(timeout=1.0)
                if topic.endswith("/checkpoint"):
                    return note.read(cbor2.loads(cose.parse(payload)[1])[4])[1]
        except queue.Empty:
            continue
    pytest.fail("no checkpoint has come down")


@pytest.mark.req("A12.c")
def test_checkpoints_reach_cabinets_and_witnesses_and_a_killed_sequencer_goes_on(site, broker_port, witness):
    before = config.read(site)
    config.write(site, before.model_copy(update={"witness": (witness,)}))
    ingest = Ingest(site)
    command = [sys.executable, "-m", "server_stub.sequencer_main", str(site.root), "--clock", "stepped"]
    engine = open_database(config.database_url(site, before))
    script = Scripted.enrolled(site, "ICU1", bytes.fromhex(before.station[0].genesis))
    agent = ScriptedAgent(site, broker_port, "ICU1")
    try:
        until(site.intake.exists, "ingest")
        with running(command, site.run / "sequencer.log") as process:
            script.removal()
            first = shown(agent, script)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        with running(command, site.run / "sequencer.log"):
            until(lambda: _cosigned(engine) >= first, "a cosignature")
    finally:
        agent.close()
        ingest.stop()
        engine.dispose()


def _cosigned(engine):
    with engine.connect() as conn:
        return max(conn.scalars(select(tree_schema.cosignatures.c.size)), default=0)


@pytest.mark.req("A12.c")
def test_two_people_begin_a_successor_from_the_command_line(tmp_path):
    home = Home(tmp_path / "home")
    make_site(home, "demo")
    add_stations(home, {"ICU1": ("MICU",)})
    accounts = Accounts(home.accounts)
    for name, role in (("phil", "pharmacist"), ("bea", "biomed")):
        add_account(accounts, name, role)
    bench = Bench(home, config.database_url(home, config.read(home)))
    both = [Signature("bea", PASSWORD), Signature("phil", PASSWORD)]
    with taking_requests(home, lambda request: bench.ask(request["do"], **request["args"])):
        with pytest.raises(NotSigned, match="nothing speaks against"):
            succeed(home, both, "no need")
        halted(bench)
        for wrong in (both[:1], [both[0], both[0]], [both[0], Signature("phil", "wrong")]):
            with pytest.raises(NotSigned, match="4037"):
                succeed(home, wrong, "restored")
        assert succeed(home, both, "restored") == "apotheca/1/demo/2"
    bench.engine.dispose()


# ---- witnesses that do not answer as they should


def asking(monkeypatch, *witnesses):
    """The shell of a sequencer with these to ask, each a function that answers; what came of it."""
    answers, kept = {f"http://{n}/add-checkpoint": one for n, one in enumerate(witnesses)}, []
    monkeypatch.setattr(sequencer_main, "_post", lambda url, _body: answers[url]())
    due = [(f"http://{n}", SimpleNamespace(name=str(n))) for n in range(len(witnesses))]

    def answered(key, _old, status, body):
        if body == b"poison":
            raise ValueError("no such value")
        kept.append((key.name, status))

    core = SimpleNamespace(to_ask=lambda _ms: due, question=lambda _old: b"", answered=answered, start=lambda: None)
    shell = sequencer_main.Shell.__new__(sequencer_main.Shell)
    shell._core, shell._hanging = core, set()
    return shell, kept


def refused():
    raise http.client.BadStatusLine("what?")


@pytest.mark.parametrize("other", [refused, lambda: (200, b"poison")], ids=["no HTTP", "poison"])
def test_what_one_witness_answers_keeps_nobody_from_the_next(monkeypatch, other):
    shell, kept = asking(monkeypatch, other, lambda: (200, b""))
    asyncio.run(shell._ask_witnesses())
    assert kept == [("1", 200)]


def test_a_witness_that_never_comes_to_an_end_holds_up_nothing(monkeypatch):
    monkeypatch.setattr(sequencer_main, "ANSWER_WITHIN_S", 0.5)
    end, asked = threading.Event(), []

    def drips():
        asked.append(1)
        end.wait()
        return 200, b""

    shell, kept = asking(monkeypatch, drips, lambda: (200, b""))

    async def twice():
        await shell._ask_witnesses()
        await shell._ask_witnesses()
        assert asked == [1], "one thread waits for it, not one more each time"
        end.set()
        while shell._hanging:
            await asyncio.sleep(0)
        await shell._ask_witnesses()

    asyncio.run(twice())
    assert [name for name, _ in kept].count("1") == 3 and kept[-2] == ("0", 200)


class Asked:
    """A core that has one question, and keeps what was answered."""

    def __init__(self):
        self.answers = []

    def question(self, _old):
        return b""

    def answered(self, *answer):
        self.answers.append(answer)


@pytest.mark.parametrize("away", [TimeoutError(), BadStatusLine("junk"), ConnectionRefusedError(), (503, b"")])
def test_a_witness_that_is_away_in_any_way_holds_nothing_up(monkeypatch, away):
    def post(*_question):
        if isinstance(away, Exception):
            raise away
        return away

    monkeypatch.setattr(sequencer_main, "_post", post)
    shell = object.__new__(sequencer_main.Shell)
    shell._core, shell._hanging = Asked(), set()
    asyncio.run(shell._ask_one("http://w", Key("w", 4, bytes(32))))
    assert not shell._core.answers, "it is asked again"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--host", "0.0.0.0"], "TLS"),
        (["--tls-crt", "x"], "belong together"),
        (["--tls-crt", "junk", "--tls-key", "junk"], "no certificate and its key"),
        (["--name", "with blanks"], "no blanks"),
        (["--name", "a+b"], "no blanks"),
        (["--folder", "old"], "can not be read"),
        (["--log", "none"], "No such file"),
    ],
)
def test_a_witness_that_is_called_wrongly_says_why(tmp_path, monkeypatch, more, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old").mkdir()
    for name in ("junk", "old/seen.db"):
        (tmp_path / name).write_text("nothing that anybody could make use of")
    log = NoteSigner(treekey.pem(treekey.Ed25519PrivateKey.generate()), "apotheca/1/demo").vkey
    (tmp_path / "tree.vkey").write_text(log)
    done = CliRunner().invoke(witness_app, ["run", "--name", "w", "--log", "tree.vkey", "--port", "1", *more])
    assert done.exit_code == 1 and says in done.output, done.exception
