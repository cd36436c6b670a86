"""What a batch costs at least, without us: the client that receives it, its signatures, its hashes, its bytes."""

import socket
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import cbor2
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from firmware.wire import cose, topics
from server_stub.ledger.batch import read_batch, verify
from server_stub.ledger.sign import Signer
from server_stub.register import SiteRegister
from server_stub.site import config
from server_stub.site.home import Home
from simulator.bench import measure
from simulator.bench.entries import Author

PAGES = 64
UTC_MS = 1_700_000_000_000
_CONNACK, _PUBLISH_QOS1 = b"\x20\x02\x00\x00", 0x32
_MQTT_HEAD = 5  # type, length, and the packet's number


def run(home: Home, count: int) -> dict[str, Any]:
    """`single`: a batch of one entry received, verified and answered; `verify`: entries of full batches against their
    bare hashes; `wire`: bytes an entry in full batches by part."""
    names = config.read(home)
    station = names.station[0]
    author = Author.of(home, station, UTC_MS)
    author.write(count)
    single = [raw for raw, _ in author.batches(1)]
    full = [raw for raw, _ in author.batches(PAGES)]
    topic = str(topics.up(names.site.id, names.site.shard, station.id, "batch"))
    paho_s, sign_s = _receive(topic, single), _verify_and_sign(home, station.id, single)
    return {
        "single": {"paho_per_s": measure.rate(count, paho_s), "signatures_per_s": measure.rate(count, sign_s)},
        "verify": _verify(home, station.id, full, count),
        "wire": _wire(topic, full[0]),
    }


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _verify_and_sign(home: Home, station: str, batches: list[bytes]) -> float:
    """Seconds for one signature checked and one made of each."""
    known = SiteRegister(home)(station)
    assert known is not None
    public = known.keys.public
    signer = Signer((home.keys / "centre-sign.key").read_bytes())
    parsed = [cose.parse(raw) for raw in batches]
    prepared = [(cose.tbs(kid, "batch", payload), signature) for kid, payload, signature in parsed]
    answer = bytes(100)

    def work() -> None:
        for tbs, signature in prepared:
            assert verify(public, tbs, signature)
            signer.envelope("answer", answer)

    return _timed(work)


def _verify(home: Home, station: str, batches: list[bytes], count: int) -> dict[str, float]:
    """Signature, shape, chain and MAC of each entry, against the two hashes of its chain and nothing else."""
    known = SiteRegister(home)(station)
    assert known is not None
    keys = known.keys
    entries = [row[0] for raw in batches for row in cbor2.loads(cose.parse(raw)[1])[5]]
    ours_s = _timed(lambda: [read_batch(raw, station, keys) for raw in batches])
    bare_s = _timed(lambda: _hash(entries))
    ours, bare = measure.rate(count, ours_s), measure.rate(count, bare_s)
    return {"entries_per_s": ours, "hashlib_per_s": bare, "fraction": measure.ratio(ours, bare)}


def _hash(entries: list[bytes]) -> bytes:
    head = bytes(32)
    for entry in entries:
        head = sha256(b"\2" + head + sha256(b"\0" + entry).digest()).digest()
    return head


def _wire(topic: str, raw: bytes) -> dict[str, float]:
    """Bytes an entry: its own, what its page discloses, its MAC, and what the batch and MQTT put around them."""
    payload = cose.parse(raw)[1]
    rows = cbor2.loads(payload)[5]
    count = len(rows)
    entries = sum(len(entry) for entry, _, _ in rows)
    disclosed = sum(len(cbor2.dumps(disclosure)) for _, disclosure, _ in rows if disclosure)
    macs = sum(len(mac) for _, _, mac in rows)
    packet = len(raw) + len(topic) + 2 + _MQTT_HEAD
    parts = {
        "entry": entries,
        "disclosure": disclosed,
        "mac": macs,
        "batch": len(payload) - entries - disclosed - macs,
        "signature": len(raw) - len(payload),
        "mqtt": packet - len(raw),
    }
    each = {name: measure.figure(size / count) for name, size in parts.items()}
    return {"entries": count, **each, "bytes_per_entry": measure.figure(packet / count)}


def _receive(topic: str, batches: list[bytes]) -> float:
    """Seconds for paho to receive each, with QoS 1 and no TLS, from a peer that has them ready."""
    stream = b"".join(_publish(topic, raw, 1 + n % 65_535) for n, raw in enumerate(batches))
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = threading.Thread(target=_serve, args=(server, stream), daemon=True)
        peer.start()
        left = len(batches)

        def arrived(_client: paho.Client, _userdata: Any, _message: paho.MQTTMessage) -> None:
            nonlocal left
            left -= 1

        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.on_message = arrived
        client.connect("127.0.0.1", server.getsockname()[1])
        began = time.perf_counter()
        while left:
            client.loop()
        took = time.perf_counter() - began
        client.disconnect()
        peer.join()
    return took


def _serve(server: socket.socket, stream: bytes) -> None:
    peer, _ = server.accept()
    with peer:
        drain = threading.Thread(target=_drain, args=(peer,), daemon=True)
        drain.start()
        peer.sendall(_CONNACK + stream)
        drain.join()


def _drain(peer: socket.socket) -> None:
    while peer.recv(65_536):
        pass


def _publish(topic: str, payload: bytes, number: int) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic.encode() + number.to_bytes(2, "big") + payload
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | 0x80 if size else digit])
        if not size:
            return bytes([_PUBLISH_QOS1]) + length + body
