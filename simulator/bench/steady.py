"""Thousands of stations at a hospital's pace: what it takes of the computer, and how soon an entry is durable.

Broker and ingest are the real processes. One client speaks for all stations: every station sends a heartbeat a minute,
and for each transaction a batch when its drawer opens and one, with the outcome, when it closes.
"""

import heapq
import os
import random
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cbor2
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from rich.console import Console

from firmware.wire import cose, topics
from server_stub.site import broker, config, pki
from server_stub.site.home import Home
from simulator.bench import crowd, measure, show
from simulator.bench.entries import Author

HEARTBEAT_S = 60.0
DAY_S = 86_400
CORES = 2
CLIENT = "crowd"
START_S = 120.0


@dataclass(frozen=True)
class Sizes:
    """So many stations with so many transactions a day each, for so long; what comes before every station was heard
    once does not count. A drawer is open for `access_s`."""

    stations: int = 5_000
    transactions_a_day: int = 300
    seconds: float = 120.0
    warm_s: float = 65.0
    access_s: float = 10.0

    @property
    def length_s(self) -> float:
        """From the first message to the last."""
        return self.warm_s + self.seconds


class Failed(Exception):
    """A process did not come up, or answers are missing."""


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    sizes = sizes or Sizes()
    with tempfile.TemporaryDirectory(prefix="apotheca-bench-") as folder:
        home = crowd.make_home(Path(folder) / "home", sizes.stations)
        console.print(f"{sizes.stations} stations for {sizes.warm_s + sizes.seconds:.0f} s")
        with _processes(home) as pids:
            figures = _play(home, sizes, pids)
    show.table(console, "Steady", [{**figures["load"], "share": figures["share"], **figures["door_close"]}])
    return {"bench": "steady", "stations": sizes.stations, **figures}


@contextmanager
def _processes(home: Home) -> Iterator[dict[str, int]]:
    """Broker and ingest, running; their process ids."""
    pki.pair(home.authority, CLIENT).write(home.keys, CLIENT)
    users = (home.broker / "users.conf").read_text()
    everybody = f'  {{ user: "CN={CLIENT}" }}\n]'
    (home.broker / "users.conf").write_text(users.rstrip().removesuffix("]") + everybody)
    commands = {
        "broker": [broker.executable(), "-c", str(home.broker / "nats.conf")],
        "centre": [sys.executable, "-m", "server_stub.ingest_main", str(home.root)],
    }
    home.run.mkdir(exist_ok=True)
    with (home.run / "bench.log").open("ab") as log:
        running = {name: subprocess.Popen(command, stdout=log, stderr=log) for name, command in commands.items()}
        try:
            yield {name: process.pid for name, process in running.items()}
        finally:
            for process in running.values():
                process.terminate()
                process.wait()


@dataclass
class Crowd:
    """All stations: what each sends next, and what is not answered yet, by station and last seq of the batch."""

    home: Home
    sizes: Sizes
    site: config.SiteConfig = field(init=False)
    unanswered: dict[tuple[str, int], float] = field(default_factory=dict)
    waits_s: list[float] = field(default_factory=list)
    sent: int = 0
    counting: bool = False

    def __post_init__(self) -> None:
        self.site = config.read(self.home)
        self._authors = crowd.authors(self.home)
        self._rng = random.Random(1)
        self._due: list[tuple[float, int, str, Author, bytes]] = []
        self._number = 0
        self._answered = threading.Event()

    def answered(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        """An answer came."""
        now = time.perf_counter()
        station, seq = cbor2.loads(cose.parse(message.payload)[1])[1:5:3]
        self._answered.set()
        sent = self.unanswered.pop((station, seq), None)
        if sent is not None:
            self.waits_s.append(now - sent)

    def ready(self, client: paho.Client) -> None:
        """Until the centre answers a heartbeat."""
        deadline = time.monotonic() + START_S
        while not self._answered.wait(0.5):
            self._publish(client, self._authors[0], "heartbeat", self._beat(self._authors[0]))
            if time.monotonic() > deadline:
                raise Failed("the centre does not answer")

    def plan(self) -> None:
        """Everything that happens, by its second from now on."""
        length = self.sizes.length_s
        for author in self._authors:
            at = self._rng.uniform(0, HEARTBEAT_S)
            while at < length:
                self._add(at, "heartbeat", author, b"")
                at += HEARTBEAT_S
        rate = self.sizes.stations * self.sizes.transactions_a_day / DAY_S
        at = self._rng.expovariate(rate)
        free_s: dict[str, float] = {}
        while at < length:
            author = self._rng.choice(self._authors)
            # one at a time at each cabinet
            if at >= free_s.get(author.station.id, 0.0):
                self._transaction(at, author)
                free_s[author.station.id] = at + self.sizes.access_s + 1.0
            at += self._rng.expovariate(rate)

    def play(self, client: paho.Client) -> None:
        """Send all that is planned when it is due."""
        began = time.perf_counter()
        while self._due:
            at, _, what, author, raw = heapq.heappop(self._due)
            self.counting = self.sizes.warm_s <= at < self.sizes.length_s
            time.sleep(max(0.0, began + at - time.perf_counter()))
            self._publish(client, author, what, raw or self._beat(author))

    def settle(self) -> None:
        """Wait for the last answers."""
        deadline = time.monotonic() + START_S
        while self.unanswered and time.monotonic() < deadline:
            time.sleep(0.1)

    def _transaction(self, at: float, author: Author) -> None:
        first = len(author.made)
        author.write(4)
        opening, closing = (raw for raw, _ in author.batches(2, first))
        self._add(at, "batch", author, opening)
        self._add(at + self.sizes.access_s, "batch", author, closing)

    def _add(self, at: float, what: str, author: Author, raw: bytes) -> None:
        self._number += 1
        heapq.heappush(self._due, (at, self._number, what, author, raw))

    def _publish(self, client: paho.Client, author: Author, what: str, raw: bytes) -> None:
        if what == "batch" and self.counting:
            fields = cbor2.loads(cose.parse(raw)[1])
            if fields[3] % 4 == 3:
                self.unanswered[author.station.id, fields[3] + 1] = time.perf_counter()
        client.publish(topics.up(self.site.site.id, self.site.site.shard, author.station.id, what), raw, qos=1)
        self.sent += self.counting

    def _beat(self, author: Author) -> bytes:
        fields = [1, author.station.id, author.station.log, 1, 0, bytes(32), "0.1.0", crowd.UTC_MS, None, 0]
        return author.signer.seal("heartbeat", cbor2.dumps(fields))


def _play(home: Home, sizes: Sizes, pids: dict[str, int]) -> dict[str, Any]:
    everyone = Crowd(home, sizes)
    everyone.plan()
    client = _client(home, everyone)
    everyone.ready(client)
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    looks = [
        threading.Timer(sizes.warm_s, lambda: before.update(_cpu(pids))),
        threading.Timer(sizes.length_s, lambda: after.update(_cpu(pids))),
    ]
    for look in looks:
        look.start()
    everyone.play(client)
    for look in looks:
        look.join()
    everyone.settle()
    client.disconnect()
    client.loop_stop()
    if everyone.unanswered:
        raise Failed(f"{len(everyone.unanswered)} batches were not answered")
    used = {name: (after[name] - before[name]) / (after["now"] - before["now"]) / CORES for name in pids}
    return {
        "load": {"messages_per_s": measure.rate(everyone.sent, after["now"] - before["now"])},
        "share": measure.figure(used["centre"]),
        "broker_share": measure.figure(used["broker"]),
        "door_close": measure.spread(everyone.waits_s),
    }


def _client(home: Home, everyone: Crowd) -> paho.Client:
    """One client in the name of all stations."""
    context = ssl.create_default_context(cafile=str(home.keys / "ca.crt"))
    context.load_cert_chain(home.keys / f"{CLIENT}.crt", home.keys / f"{CLIENT}.key")
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.tls_set_context(context)
    joined = threading.Event()
    answers = f"apotheca/1/{everyone.site.site.id}/+/+/down/answer"
    client.on_connect = lambda one, *_: one.subscribe(answers, qos=0)
    client.on_subscribe = lambda *_: joined.set()
    client.on_message = everyone.answered
    _connect(client, everyone.site)
    client.loop_start()
    if not joined.wait(START_S):
        raise Failed("the broker does not let us listen")
    return client


def _connect(client: paho.Client, site: config.SiteConfig) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            client.connect(site.broker.host, site.broker.port)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise Failed("the broker does not come up") from None
            time.sleep(0.1)


def _cpu(pids: dict[str, int]) -> dict[str, float]:
    """Processor seconds of each process so far, and the time."""
    tick = os.sysconf("SC_CLK_TCK")
    used = {}
    for name, pid in pids.items():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used[name] = (int(fields[11]) + int(fields[12])) / tick
    return {**used, "now": time.monotonic()}
