"""Mosquitto as the broker: it loses what it acknowledged, and through our stack nothing is lost."""

import json
import os
import queue
import shutil
import signal
import ssl
import subprocess
import threading

import pytest
from sqlalchemy import select

from firmware.wire import topics
from server_stub.ledger import schema
from server_stub.ledger.schema import open_database
from server_stub.site import config
from server_stub.site.enrol import add_station
from server_stub.site.home import Home
from server_stub.site.make import make_site
from server_stub.site.renew import renew_station
from tests.centre.chain import Station
from tests.centre.processes import Ingest
from tests.centre.scripted import Scripted
from tests.mqtt_client import Client
from tests.tools import peers
from tests.waits import free_port, serving, until

pytestmark = pytest.mark.peers

NOTICES = "apotheca/1/demo/s0/ICU1/down/notice"
BATCHES = "apotheca/1/demo/s0/ICU1/up/batch"


class Mosquitto:
    """The broker as a process, to be killed and started again; `wipe` forgets what it kept."""

    def __init__(self, home, port):
        written = peers.VENV / "peers.json"
        found = json.loads(written.read_text()) if written.exists() else peers.installed()
        self._command = [*found["mosquitto"], "-c", str(home.broker / "mosquitto.conf")]
        self._env = os.environ | found["env"]
        self._home, self._port = home, port
        self.start()

    def start(self):
        with (self._home.run / "mosquitto.log").open("ab") as out:
            self.process = subprocess.Popen(self._command, env=self._env, stdout=out, stderr=out)
        serving(self.process, self._port, "mosquitto")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def dropped(self):
        """How often it said that a queue is full and the rest is dropped."""
        return (self._home.run / "mosquitto.log").read_text().count("being dropped")

    def wipe(self):
        (self._home.broker / "mosquitto.db").unlink(missing_ok=True)


@pytest.fixture
def site(tmp_path):
    home, port = Home(tmp_path / "h"), free_port()
    make_site(home, "demo", broker_port=port)
    genesis = bytes.fromhex(add_station(home, "ICU1", ["MICU"]).genesis)
    broker = Mosquitto(home, port)
    yield home, port, broker, genesis
    broker.kill()


def client(home, certificate, port, name, *, clean=True):
    context = ssl.create_default_context(cafile=str(home.keys / "ca.crt"))
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    made = Client(client_id=name, clean_session=clean)
    made.tls_set_context(context)
    made.max_inflight_messages_set(500)
    made.connect("127.0.0.1", port)
    made.loop_start()
    return made


class Listener:
    """A client of the station with a session that the broker keeps."""

    def __init__(self, home, port, name="listener"):
        self.got = []
        joined = threading.Event()
        self._client = client(home, home.station("ICU1") / "tls.crt", port, name, clean=False)
        self._client.on_message = lambda _c, _u, message: self.got.append(message.payload)
        self._client.on_subscribe = lambda *_: joined.set()
        self._client.subscribe("apotheca/1/demo/s0/ICU1/down/#", qos=1)
        assert joined.wait(30)

    def publish(self, topic, payload):
        return self._client.publish(topic, payload, qos=1)

    def away(self):
        self._client.disconnect()
        self._client.loop_stop()


def stored(home):
    with open_database(config.database_url(home, config.read(home))).connect() as conn:
        table = schema.entries.c
        return conn.execute(select(table.seq, table.head).where(table.station == "ICU1").order_by(table.id)).all()


@pytest.mark.req("A12.a", "A18")
@pytest.mark.parametrize("entries, steps", [(3000, 3), (500, 1)])
def test_a_killed_broker_with_a_full_queue_loses_nothing(site, entries, steps, record_property):
    home, _port, broker, genesis = site
    # a queue of its own for each client, far smaller than what comes
    with (home.broker / "mosquitto.conf").open("a") as file:
        file.write("max_queued_messages 2\nmax_inflight_messages 1\n")
    broker.kill()
    broker.start()
    script, ingest = Scripted.enrolled(home, "ICU1", genesis), Ingest(home)
    station = Station(home, script)
    try:
        station.append(1)
        until(lambda: station.answered() == 1, "the first answer")
        for step in range(steps):
            # the centre takes nothing: what the broker acknowledges waits in its queue, or is dropped
            ingest.process.send_signal(signal.SIGSTOP)
            station.append(entries // steps - (step == 0))
            until(lambda dropped=step: broker.dropped() > dropped, "a queue that is full")
            broker.kill()
            if step % 2:
                broker.wipe()
            broker.start()
            ingest.process.send_signal(signal.SIGCONT)
            until(lambda: station.answered() == len(script.pages), "all answered")
    finally:
        station.close()
        ingest.process.send_signal(signal.SIGCONT)
        ingest.stop()
    assert [tuple(row) for row in stored(home)] == [(seq, script.heads[seq]) for seq in range(1, entries + 1)]
    record_property("mosquitto, lost through our stack", f"0 of {entries}")


@pytest.mark.req("A12.a")
def test_the_same_broker_alone_loses_what_it_acknowledged(site, record_property):
    """The control: what the queue of a broker is worth, in its own settings."""
    home, port, broker, _genesis = site
    listener = Listener(home, port)
    listener.away()
    sender = client(home, home.keys / "centre.crt", port, "sender")
    sent = [sender.publish(NOTICES, b"%d" % number, qos=1) for number in range(3000)]
    for info in sent:
        info.wait_for_publish(30)
    assert all(info.is_published() for info in sent)
    sender.disconnect()
    sender.loop_stop()
    broker.kill()
    broker.start()
    listener = Listener(home, port)
    sender = client(home, home.keys / "centre.crt", port, "sender")
    sender.publish(NOTICES, b"last", qos=1)
    until(lambda: b"last" in listener.got, "what is left")
    listener.away()
    sender.disconnect()
    sender.loop_stop()
    lost = 3000 - len(set(listener.got) - {b"last"})
    record_property("mosquitto alone, lost of 3000 that it acknowledged", lost)
    assert lost >= 1900


@pytest.mark.req("U4")
def test_rights_are_those_of_the_certificate(site):
    home, port, _broker, _genesis = site
    add_station(home, "ED1", ["ED"])
    listener = Listener(home, port)
    sender = client(home, home.keys / "centre.crt", port, "sender")
    # enrolled, but for topics of its own
    stranger = client(home, home.station("ED1") / "tls.crt", port, "stranger")
    stranger.publish(NOTICES, b"forged", qos=1).wait_for_publish(30)
    sender.publish(NOTICES, b"right", qos=1)
    until(lambda: b"right" in listener.got, "what the centre sent")
    sender.publish(NOTICES, b"again", qos=1)
    until(lambda: b"again" in listener.got, "what the centre sent")
    assert b"forged" not in listener.got
    for one in (sender, stranger):
        one.disconnect()
        one.loop_stop()
    listener.away()


def test_a_station_of_a_further_shard_is_heard_there_and_hears(site):
    home, port, _broker, _genesis = site
    add_station(home, "ED1", ["ED"], shard="s1")
    names, heard, joined = ("demo", "s1", "ED1"), queue.Queue(), queue.Queue()
    ends = []
    for certificate, listens in (
        (home.keys / "centre.crt", topics.up(*names, "batch")),
        (home.station("ED1") / "tls.crt", topics.down(*names, "notice")),
    ):
        end = client(home, certificate, port, certificate.stem)
        end.on_message = lambda _c, _u, message: heard.put(message.topic)
        end.on_subscribe = lambda *_: joined.put(1)
        end.subscribe(listens, qos=1)
        joined.get(timeout=30)
        ends.append(end)
    centre, station = ends
    station.publish(topics.up(*names, "batch"), b"x", qos=1)
    assert heard.get(timeout=30) == topics.up(*names, "batch")
    centre.publish(topics.down(*names, "notice"), b"x", qos=1)
    assert heard.get(timeout=30) == topics.down(*names, "notice")
    for end in ends:
        end.disconnect()
        end.loop_stop()


@pytest.mark.req("U4")
def test_a_renewed_station_s_old_certificate_has_no_topic(site, tmp_path):
    """It is let in, as all who are signed by the authority are, and may nothing: also who was in before."""
    home, port, _broker, _genesis = site
    for name in ("tls.crt", "tls.key"):
        shutil.copy(home.station("ICU1") / name, tmp_path / name)
    old, heard = Listener(home, port), []
    centre = client(home, home.keys / "centre.crt", port, "centre")
    centre.on_message = lambda _c, _u, message: heard.append(message.payload)
    centre.subscribe("apotheca/1/demo/+/+/up/#", qos=1)
    centre.publish(NOTICES, b"before", qos=1)
    until(lambda: old.got == [b"before"], "it listens")
    renew_station(home, "ICU1")
    new = Listener(home, port, "new")
    again = client(home, tmp_path / "tls.crt", port, "stolen")
    until(lambda: new.publish(BATCHES, b"new") and b"new" in heard, "what the new one sends")
    for acknowledged in (again.publish(BATCHES, b"stolen", qos=1), old.publish(BATCHES, b"stolen")):
        acknowledged.wait_for_publish(30)
    new.publish(BATCHES, b"last")
    until(lambda: b"last" in heard, "what the new one sends")
    centre.publish(NOTICES, b"after", qos=1)
    until(lambda: b"after" in new.got, "what the new one hears")
    assert set(heard) == {b"new", b"last"} and old.got == [b"before"]
    for one in (old, new):
        one.away()
    for one in (centre, again):
        one.disconnect()
        one.loop_stop()
