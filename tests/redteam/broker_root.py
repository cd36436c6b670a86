"""Root on the broker: its configuration is the attacker's, who reads and says everything and answers to no rule.

Has: the broker's TLS key and store, all traffic, also of before. Has not: any station's or the centre's key.
"""

import queue
import shutil

from cryptography.hazmat.primitives.asymmetric import ec

from agent.keys import Signer
from firmware import codes
from firmware.journal import kinds
from firmware.wire import cbor, messages, topics
from server_stub.ledger import store
from server_stub.watch.silence import SILENT_MS
from tests.centre.chain import Station
from tests.centre.conftest import Bench
from tests.centre.scripted import Scripted
from tests.mqtt_client import Client
from tests.redteam.report import Attack
from tests.redteam.site import SITE, payload_of, site
from tests.waits import PATIENCE_S, until

ACCEPT, DUP, GAP = messages.ACCEPT, messages.DUP, messages.GAP
HAS = "broker.key, the broker's store and configuration, all traffic"
HAS_NOT = "sign.key of a station, centre-sign.key, K, the database"
EACH = 20


class Root:
    """A client that the broker lets do everything; it hears and keeps all."""

    def __init__(self, here):
        self.here, self.heard, self._joined = here, [], queue.Queue()
        here.broker.kill()
        (here.home.broker / "nats.conf").write_text(_open_to_all(here))
        here.broker.start()
        self.client = Client()
        self.client.tls_set(str(here.home.keys / "ca.crt"))
        self.client.on_connect = lambda client, *_: client.subscribe("apotheca/#", qos=1)
        self.client.on_subscribe = lambda *_: self._joined.put(True)
        self.client.on_message = lambda _c, _u, message: self.heard.append((message.topic, message.payload))
        self.client.connect("127.0.0.1", here.port)
        self.client.loop_start()
        self._joined.get(timeout=PATIENCE_S)
        self.signer = Signer(ec.generate_private_key(ec.SECP256R1()), "centre")

    def say(self, topic, payload):
        self.client.publish(topic, payload, qos=1)

    def up(self, station, payload, what="batch"):
        self.say(topics.up(SITE, "s0", station, what), payload)

    def down(self, station, what, payload):
        self.say(topics.down(SITE, "s0", station, what), payload)

    def recorded(self, end):
        return [payload for topic, payload in list(self.heard) if topic.endswith(end)]

    def evidence_of(self, say):
        """Do it; gives (code, why) of what the centre kept of it."""
        before = len(self.here.evidence())
        say()
        return until(lambda: self.here.evidence()[before:], "evidence")[-1]

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def _open_to_all(here):
    broker, keys = here.home.broker.absolute(), here.home.keys.absolute()
    return f"""server_name: "evil"
listen: "127.0.0.1:-1"
jetstream {{ store_dir: "{broker}/data" }}
mqtt {{ listen: "127.0.0.1:{here.port}"
  tls {{ cert_file: "{keys}/broker.crt", key_file: "{keys}/broker.key", timeout: 5 }} }}
"""


def run(folder):
    with site(folder) as here:
        root = Root(here)
        script = Scripted.enrolled(here.home, "ICU1", here.genesis("ICU1"))
        station = Station(here.home, script)
        try:
            return _attack(here, root, station, script, folder)
        finally:
            station.close()
            root.close()


def _attack(here, root, station, script, folder):
    attack = Attack("broker_root", HAS, HAS_NOT)
    for _ in range(2):
        station.append(EACH)
        until(lambda: station.answered() == len(script.pages), "all is answered")
    until(lambda: len(root.recorded("ICU1/up/batch")) > 1, "traffic")
    _to_the_centre(attack, here, root, script)
    _out_of_order(attack, here, root)
    _to_the_station(attack, root, station)
    _wipe(attack, here, station, script)
    _dead_station(attack, here.home, folder)
    return attack


def _to_the_centre(attack, here, root, script):
    batches = root.recorded("ICU1/up/batch")
    own = Signer(ec.generate_private_key(ec.SECP256R1()), "ICU1")
    changed = bytearray(batches[0])
    changed[len(changed) // 2] ^= 1
    for what, raw, station in (
        ("a batch under a key of its own", own.seal("batch", script.payload(1, 2)), "ICU1"),
        ("a real batch with one bit changed", bytes(changed), "ICU1"),
        ("ICU1's batch as ED1's", batches[0], "ED1"),
    ):
        code, why = root.evidence_of(lambda raw=raw, station=station: root.up(station, raw))
        attack.tried("forge", what, f"refused, evidence kept, code {code} ({why})", code == codes.UNSIGNED_BATCH)
    before, answers = here.stored("ICU1"), len(root.recorded("ICU1/down/answer"))
    for raw in reversed(batches):
        root.up("ICU1", raw)
    until(lambda: len(root.recorded("ICU1/down/answer")) >= answers + len(batches), "answers")
    verdicts = {payload_of(raw)[3] for raw in root.recorded("ICU1/down/answer")[answers:]}
    same = here.stored("ICU1") == before and verdicts == {DUP}
    attack.tried("reorder", f"all {len(batches)} batches again, last first", "answered DUP, nothing stored twice", same)


def _out_of_order(attack, here, root):
    """Batches of ED1 that the broker kept back and gives on as it likes."""
    script = Scripted.enrolled(here.home, "ED1", here.genesis("ED1"))
    for _ in range(6):
        script.add()
    kept = [script.batch(first, first + 1) for first in (1, 3, 5)]
    got = []
    for raw in (kept[2], kept[0], kept[2], kept[1], kept[2]):
        before = len(root.recorded("ED1/down/answer"))
        root.up("ED1", raw)
        until(lambda before=before: len(root.recorded("ED1/down/answer")) > before, "an answer")
        got.append(payload_of(root.recorded("ED1/down/answer")[-1])[3:5])
    until(lambda: len(here.stored("ED1")) == 6, "all is in the ledger")
    right = got == [[GAP, 0], [ACCEPT, 2], [GAP, 2], [ACCEPT, 4], [ACCEPT, 6]]
    attack.tried("reorder", "three batches, the last first", "answered GAP until its turn, stored in order", right)


def _to_the_station(attack, root, station):
    answered = station.answered()
    payload = [1, "ICU1", 1, ACCEPT, answered + 10, bytes(32), 1, bytes(16)]
    real = root.recorded("ICU1/down/answer")
    other = root.recorded("ED1/down/answer")[-1]
    for what, kind, envelope, code in (
        (
            "an acknowledgement under its own key",
            "answer",
            root.signer.seal("answer", cbor.encode(payload)),
            codes.BAD_SIGNATURE,
        ),
        ("ED1's acknowledgement for ICU1", "answer", other, codes.WRONG_STATION),
        ("a command under its own key", "command", root.signer.seal("command", cbor.encode([1])), codes.BAD_SIGNATURE),
        (
            "a table under its own key",
            "reference",
            root.signer.seal("reference", cbor.encode([1])),
            codes.BAD_SIGNATURE,
        ),
        ("a real answer as a command", "command", real[-1], codes.BAD_SIGNATURE),
    ):
        station.quiet()
        root.down("ICU1", kind, envelope)
        seen = until(station.troubles, "the agent says what is wrong")
        good = code in seen and station.answered() == answered
        attack.tried("hide" if kind == "answer" else "forge", what, f"the agent refuses, code {code}", good)
    station.quiet()
    for envelope in real:
        root.down("ICU1", "answer", envelope)
    station.append(1)
    until(lambda: station.answered() == answered + 1, "the entry that came meanwhile is answered")
    attack.tried(
        "hide", "all old acknowledgements again", "nothing is taken back, nothing is skipped", not station.troubles()
    )


def _wipe(attack, here, station, script):
    here.broker.kill()
    station.append(EACH)
    shutil.rmtree(here.home.broker / "data")
    here.broker.start()
    until(lambda: station.answered() == len(script.pages), "all is answered")
    until(lambda: len(here.stored("ICU1")) == len(script.pages), "all is in the ledger")
    attack.tried("hide", f"{EACH} entries come while it is down, its store wiped", "the agent sends them again", True)


def _dead_station(attack, home, folder):
    """It keeps back all that a station says and sends recorded heartbeats instead: the centre's core, virtual time."""
    bench = Bench(home, f"sqlite:///{folder / 'other.db'}")
    script, recorded = bench.station("ICU1"), []
    for _ in range(5):
        script.add()
        script.utc_ms = bench.clock.utc_ms()
        recorded.append(script.heartbeat())
        bench.up("ICU1", "heartbeat", recorded[-1])
        _minute(bench)
    since, lost = bench.transport_ms, []
    while not lost and bench.transport_ms < since + 10 * SILENT_MS:
        bench.up("ICU1", "heartbeat", *recorded)
        _minute(bench)
        with bench.engine.connect() as conn:
            every = [page.entry for page in store.pages_in_order(conn)]
        lost = [
            one for one in every if one.kind == kinds.CENTRE_ALARM and one.ext[:2] == [codes.STATION_SILENT, "ICU1"]
        ]
    bench.engine.dispose()
    after_s = (bench.transport_ms - since) // 1000
    outcome = f"alarm {codes.STATION_SILENT} after {after_s} s, entry {lost[-1].seq if lost else 0} of the centre's log"
    attack.tried("hide", "a station cut off, recorded heartbeats in its place", outcome, lost and after_s <= 240)


def _minute(bench):
    bench.transport_ms += 60_000
    bench.clock.advance(bench.clock.utc_ms() + 60_000)
    bench.centre.tick()
