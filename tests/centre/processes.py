"""Real processes of a site: broker, ingest, and a scripted agent over MQTT with TLS."""

import os
import queue
import signal
import ssl
import subprocess
import sys
from contextlib import contextmanager

import cbor2

from firmware.wire import cose, topics
from server_stub.site import broker
from tests.mqtt_client import Client
from tests.waits import PATIENCE_S, free_port, serving, until  # noqa: F401


@contextmanager
def running(command, log):
    with log.open("ab") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(PATIENCE_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise


@contextmanager
def nats(home, port):
    with running([broker.executable(), "-c", str(home.broker / "nats.conf")], home.run / "broker.log") as process:
        serving(process, port, "broker")
        yield process


class Broker:
    """The broker of a site, to be killed and started again."""

    def __init__(self, home, port):
        self._home, self._port = home, port
        self.start()

    def start(self):
        with (self._home.run / "broker.log").open("ab") as out:
            command = [broker.executable(), "-c", str(self._home.broker / "nats.conf")]
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        serving(self._process, self._port, "broker")

    def kill(self):
        self._process.kill()
        self._process.wait(PATIENCE_S)


class Ingest:
    """The process `ingest`, or that of a further shard, to be killed and started again."""

    def __init__(self, home, module="ingest_main", args=("--clock", "stepped")):
        self._command = [sys.executable, "-m", f"server_stub.{module}", str(home.root), *args]
        self._log = (home.run / f"{module}.log").open("ab")
        self.start()

    def start(self):
        self.process = subprocess.Popen(self._command, stdout=self._log, stderr=self._log)

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self._log.close()


class ScriptedAgent:
    """Sends batches and collects answers as (verdict, seq)."""

    def __init__(self, home, port, station, shard="s0"):
        self.station = station
        self._shard = shard
        self.inbox = queue.Queue()
        self._joined = queue.Queue()
        folder = home.station(station)
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
        self.client = Client()
        self.client.tls_set_context(context)
        self.client.on_connect = lambda client, *_: client.subscribe(f"apotheca/1/demo/{shard}/{station}/down/#", qos=1)
        self.client.on_subscribe = lambda _c, _u, _m, codes, _p: self._joined.put(codes)
        self.client.on_message = lambda _c, _u, message: self.inbox.put((message.topic, message.payload))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert not self._joined.get(timeout=PATIENCE_S)[0].is_failure

    def send(self, what, payload):
        self.client.publish(topics.up("demo", self._shard, self.station, what), payload, qos=1)

    def answer(self, timeout_s=1.0):
        """The next answer, or None if none comes in time (then an agent sends again)."""
        try:
            while True:
                topic, payload = self.inbox.get(timeout=timeout_s)
                if topic.endswith("/answer"):
                    fields = cbor2.loads(cose.parse(payload)[1])
                    return fields[3], fields[4]
        except queue.Empty:
            return None

    def answered(self, batch, seq):
        """Send (again); the answer up to `seq`, or None. An answer of before a kill may come once more."""
        self.send("batch", batch)
        got = self.answer()
        while got is not None and got[1] < seq:
            got = self.answer()
        return got

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
