"""The definitions in docs/wire.md and docs/journal.md are what the vectors are and what the code sends."""

import json
from pathlib import Path

import cbor2
import pytest

from firmware.journal import entry
from firmware.wire import cose
from tests.centre.conftest import quick, site_home  # noqa: F401 - fixtures
from tests.docs.cddl import Cddl

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors"
DEFINED = Cddl(*((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("wire.md", "journal.md")))
SENT = ("batch", "heartbeat", "answer", "command", "reference", "notice", "checkpoint")


def vector(name):
    return bytes.fromhex(json.loads((VECTORS / f"{name}.json").read_text())["hex"])


def payload(envelope):
    return cbor2.loads(cose.parse(envelope)[1])


def test_every_message_is_defined_and_refers_to_what_is():
    assert set(DEFINED.rules) >= {*SENT, "entry", "page", "disclosure", "genesis", "envelope", "successor"}
    for name in DEFINED.rules:
        DEFINED.fits(name, [None] * 40), DEFINED.fits(name, [1, "x", 1, 1, b"", [], b""])


@pytest.mark.parametrize("name", sorted(path.stem for path in VECTORS.glob("entry_*.json")))
def test_entries(name):
    fields = entry.decode(vector(name))
    assert DEFINED.fits("entry", fields)
    for at, wrong in ((0, 2), (1, 7), (4, -1), (7, 4), (9, None), (16, None), (17, b"short"), (18, None)):
        assert not DEFINED.fits("entry", [*fields[:at], wrong, *fields[at + 1 :]]), at
    assert not DEFINED.fits("entry", fields[:-1]) and not DEFINED.fits("entry", [*fields, 0])


def test_pages_batches_answers_and_checkpoints_of_the_vectors():
    envelope = cbor2.loads(vector("batch"))
    assert DEFINED.fits("envelope", list(envelope.value))
    batch = payload(vector("batch"))
    assert DEFINED.fits("batch", batch) and all(DEFINED.fits("page", page) for page in batch[5])
    assert any(page[1] for page in batch[5]) and all(
        DEFINED.fits("disclosure", page[1]) for page in batch[5] if page[1]
    )
    assert not DEFINED.fits("batch", [*batch[:5], [], batch[6]])
    assert not DEFINED.fits("batch", [*batch[:5], batch[5] * 64, batch[6]])
    assert DEFINED.fits("answer", cbor2.loads(vector("sealed_answer")))
    assert DEFINED.fits("checkpoint", cbor2.loads(vector("tree/checkpoint")))
    genesis = json.loads((VECTORS / "keys.json").read_text())["genesis"]
    assert DEFINED.fits("genesis", cbor2.loads(bytes.fromhex(genesis)))


def test_what_centre_and_station_send(quick):  # noqa: F811
    script = quick.station()
    script.removal()
    script.utc_ms = quick.clock.utc_ms()
    assert DEFINED.fits("heartbeat", payload(script.heartbeat()))
    quick.up("ICU1", "heartbeat", script.heartbeat())
    quick.up("ICU1", "batch", script.batch(1, 4))
    quick.ask("reference", station="ICU1", table="items", rows=[["HEPARIN", 2, 1, 0, 0, 0]])
    assert quick.ask("critical_override", station="ICU1", hours=1, person="phil", reason="flood")["number"] == 1
    kinds = {}
    for message in quick.sent:
        kind = message.topic.rsplit("/", 1)[-1]
        if "/down/" in message.topic:
            kinds.setdefault(kind, []).append(payload(message.payload))
    assert {"answer", "command", "reference"} <= set(kinds)
    for kind, payloads in kinds.items():
        assert all(DEFINED.fits(kind, one) for one in payloads), kind
        assert not DEFINED.fits(kind, payloads[0][:-1])
