"""A database that takes nothing for a while, and a message that it can not take: only the second is to blame."""

import asyncio
import socket
import sys
from types import SimpleNamespace

import paho.mqtt.client as paho
import pytest
from sqlalchemy.exc import OperationalError

from server_stub import ingest_main, shard_main
from server_stub.centre import Arrived, Asked
from server_stub.integration.mqtt import Mqtt
from server_stub.ledger.ingest import Message
from server_stub.ledger.store import Overtaken
from server_stub.site import config
from server_stub.supervisor import Child

MESSAGE = Arrived("apotheca/1/demo/s0/ICU1/up/batch", b"good")


class Centre:
    """Fails with `error`; remembers what it was to refuse."""

    def __init__(self, error):
        self.error, self.refused = error, []

    def take(self, group):
        raise self.error

    ask = take

    def refuse(self, work):
        self.refused.append(work)


def handled(monkeypatch, error, work):
    monkeypatch.setattr(ingest_main, "RETRY_S", 0)
    centre = Centre(error)
    shell = SimpleNamespace(_centre=centre, _send=None)
    shell._do = lambda group: ingest_main.Shell._do(shell, group)
    asyncio.run(ingest_main.Shell._handle_alone(shell, work))
    return centre.refused


@pytest.mark.req("A12.a")
def test_a_full_disk_makes_no_evidence_of_a_good_batch(monkeypatch):
    full = OperationalError("INSERT", {}, Exception("database or disk is full"))
    assert handled(monkeypatch, full, MESSAGE) == []
    asked = Asked({"do": "status"}, lambda reply: None)
    assert handled(monkeypatch, full, asked) == [asked], "who asked is told"


@pytest.mark.req("A12.a")
def test_a_batch_that_another_process_was_faster_with_is_no_evidence(monkeypatch):
    overtaken = Overtaken("another process takes in the same shard")
    assert handled(monkeypatch, overtaken, MESSAGE) == []
    refused, core = [], SimpleNamespace(take=lambda *_: (_ for _ in ()).throw(overtaken))
    core.refuse = lambda *what: refused.append(what)
    monkeypatch.setattr(shard_main, "RETRY_S", 0)
    shell = SimpleNamespace(_ingest=core, _send=None, _now=lambda: None)
    asyncio.run(shard_main.Shell._handle_alone(shell, Message("ICU1", "batch", b"good")))
    assert refused == []


@pytest.mark.req("A12.b")
def test_what_can_not_be_taken_is_kept_as_evidence(monkeypatch):
    assert handled(monkeypatch, ValueError("no such value"), MESSAGE) == [MESSAGE]


@pytest.mark.req("U1")
def test_a_broker_that_comes_back_while_too_much_waits_is_not_read(site_home):
    async def back():
        mqtt = Mqtt(site_home, config.read(site_home), (), None, lambda _id: None)
        ours, brokers = socket.socketpair()
        read = asyncio.Event()

        def loop_read():
            ours.recv(100)
            read.set()
            return paho.MQTT_ERR_NO_CONN

        mqtt._client = SimpleNamespace(socket=lambda: ours, loop_read=loop_read, loop_misc=lambda: None)
        mqtt.pause(True)
        mqtt._client.socket = lambda: None
        mqtt.pause(True)
        mqtt._client.socket = lambda: ours
        serving = asyncio.create_task(mqtt._serve())
        brokers.send(b"more")
        for _ in range(20):
            await asyncio.sleep(0)
        assert not read.is_set(), "what waits here would grow without bound"
        mqtt.pause(False)
        await read.wait()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        asyncio.get_running_loop().remove_reader(ours)
        for end in (ours, brokers):
            end.close()

    asyncio.run(back())


def test_a_full_disk_ends_no_process_that_runs(tmp_path):
    child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path / "sleeper.log")
    (tmp_path / "sleeper.pid").mkdir()
    child.look(1.0)
    assert child._process is not None and child._process.poll() is None, "its number could not be written"
    child._process.kill()
    child._process.wait()
    missing = Child("missing", [str(tmp_path / "none")], tmp_path / "missing.log")
    for now_s in (1.0, 1.1, 5.0):
        missing.look(now_s)
    assert missing._process is None and missing._due_s > 5.0, "it is tried again, less and less often"
