"""A site for tests of the agent's process: keys, a real nats-server, a pty with a fake cabinet, a fake centre."""

import ipaddress
import json
import os
import pty
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import tty
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from firmware.wire import frame
from tests.agent.fake_cabinet import LOG, STATION, Cabinet
from tests.agent.fake_centre import Centre
from tests.mqtt_client import Client
from tests.waits import PATIENCE_S, free_port, serving, until

ROOT = Path(__file__).parents[2]
ROOM = f"apotheca/1/demo/s0/{STATION}"


class CabinetOnPty:
    """A fake cabinet behind a pty; everything that touches it holds the lock."""

    def __init__(self) -> None:
        self.cabinet, self.lock = Cabinet(), threading.Lock()
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.path, self._slave = os.ttyname(slave), slave
        self._decoder, self._stop = frame.Decoder(), threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def do(self, act):
        """Change the cabinet, then send what it has to say."""
        with self.lock:
            said = act(self.cabinet) or []
            self._send([*(said if isinstance(said, list) else []), *self.cabinet.stream()])

    def _serve(self):
        while not self._stop.is_set():
            if not select.select([self._master], [], [], 0.05)[0]:
                continue
            with self.lock:
                for payload in self._decoder.feed(os.read(self._master, 65536)):
                    self._send(self.cabinet.handle(payload))

    def _send(self, payloads):
        for payload in payloads:
            os.write(self._master, frame.encode(payload))

    def close(self):
        self._stop.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)


class Broker:
    """A real nats-server with one user for the station and one for the centre."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder, free_port()
        users = ", ".join(f'{{ user: "CN={name}" }}' for name in (STATION, "centre"))
        (folder / "nats.conf").write_text(
            f'server_name: n1\nlisten: "127.0.0.1:-1"\njetstream {{ store_dir: "{folder}/data" }}\n'
            f'mqtt {{ listen: "127.0.0.1:{self.port}"\n tls {{ cert_file: "{folder}/broker.crt",'
            f' key_file: "{folder}/broker.key", ca_file: "{folder}/ca.crt", verify_and_map: true }} }}\n'
            f"accounts {{ APO {{ jetstream: enabled, users: [ {users} ] }} }}\n"
        )
        self.start()

    def start(self):
        binary = Path(sys.executable).with_name("nats-server")
        with (self._folder / "nats.log").open("a") as out:
            self.process = subprocess.Popen([binary, "-c", self._folder / "nats.conf"], stdout=out, stderr=out)
        serving(self.process, self.port, "the broker")

    def kill(self):
        self.process.kill()
        self.process.wait()


class CentreOnMqtt:
    """The fake centre at the broker; `deaf` loses what comes and `mute` loses its answers."""

    def __init__(self, folder: Path, port: int, centre: Centre) -> None:
        self.centre, self.statuses = centre, []
        self.deaf = self.mute = False
        self.client = Client(clean_session=True)
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        context.load_cert_chain(folder / "centre.crt", folder / "centre.key")
        self.client.tls_set_context(context)
        self.client.reconnect_delay_set(0.05, 0.1)
        self.client.on_connect = lambda client, *_: client.subscribe(f"{ROOM}/up/#", 1)
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _on_message(self, _client, _user, message):
        kind = message.topic.rsplit("/", 1)[1]
        if kind == "status":
            self.statuses.append(json.loads(message.payload))
        elif not self.deaf:
            answer = self.centre.received(kind, message.payload)
            if not self.mute:
                self.client.publish(f"{ROOM}/down/answer", answer, 1)

    def send(self, kind, fields):
        self.client.publish(f"{ROOM}/down/{kind}", self.centre.down(kind, fields), 1)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class AgentProcess:
    """The real agent as its own process."""

    def __init__(self, home: Path, link: str, *options: str) -> None:
        self._home, self._link, self._options = home, link, options
        self.start()

    def start(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        code = (
            "import sys; from agent.cli import app; from pathlib import Path; app(sys.argv[2:], obj=Path(sys.argv[1]))"
        )
        command = [sys.executable, "-c", code, self._home, "run", STATION, "--link", self._link, *self._options]
        with (self._home / "agent.log").open("a") as out:
            self.process = subprocess.Popen(command, env=environment, stderr=out, stdout=out)

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def end(self):
        """Gone, whether it still ran or not."""
        if self.process.poll() is None:
            self.kill()

    def ask(self, do, rid=None, **args):
        """One request over the panel socket."""
        path = self._home / "run" / f"{STATION}.panel.sock"

        def connect():
            self.socket = socket.socket(socket.AF_UNIX)
            if self.socket.connect_ex(str(path)) == 0:
                return True
            self.socket.close()
            return False

        until(connect, "the panel socket")
        with self.socket as sock, sock.makefile("rw") as lines:
            request = {"id": 7, "do": do, "args": args} | ({} if rid is None else {"rid": rid})
            lines.write(json.dumps(request) + "\n")
            lines.flush()
            return json.loads(lines.readline())


class Site:
    """Everything together, in `home`; files as docs/interfaces.md has them."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder = home, home / "stations" / STATION
        self.folder.mkdir(parents=True, mode=0o700)
        ca = _authority(self.folder / "ca.crt")
        _issue(ca, home, "broker")
        _issue(ca, home, "centre")
        _issue(ca, self.folder, STATION, "tls")
        (home / "ca.crt").write_bytes((self.folder / "ca.crt").read_bytes())
        station_key, centre_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        _write_key(self.folder / "sign.key", station_key)
        (self.folder / "centre-sign.pub").write_bytes(_public(centre_key))
        self.centre = Centre(station_key.public_key(), centre_key)
        with ExitStack() as made:
            self.broker = Broker(home)
            made.callback(self.broker.kill)
            self.pty = CabinetOnPty()
            made.callback(self.pty.close)
            self.wire = CentreOnMqtt(home, self.broker.port, self.centre)
            made.callback(self.wire.close)
            self._made = made.pop_all()
        (self.folder / "agent.toml").write_text(
            f'station = "{STATION}"\nsite = "demo"\nshard = "s0"\nlog = {LOG}\nward = "MICU"\n'
            f'broker_host = "127.0.0.1"\nbroker_port = {self.broker.port}\nlinger_ms = 50\n'
        )

    def agent(self, *options):
        self.process = AgentProcess(self.home, self.pty.path, *options)
        self._made.callback(self.process.end)
        return self.process

    def close(self):
        self._made.close()


def _authority(path: Path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    certificate = _builder(name, name, key.public_key())
    certificate = certificate.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    path.write_bytes(certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return name, key


def _issue(ca, folder: Path, common: str, stem: str = "") -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = _builder(subject, ca[0], key.public_key()).add_extension(names, critical=False)
    signed = certificate.sign(ca[1], hashes.SHA256())
    (folder / f"{stem or common}.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    _write_key(folder / f"{stem or common}.key", key)


def _builder(subject, issuer, key):
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    return builder.not_valid_after(now + timedelta(days=1))


def _write_key(path: Path, key) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _public(key) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
