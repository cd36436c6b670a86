"""The site whose export is tampered with: made by the centre's own core, with seals, checkpoints and a witness."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.journal import kinds
from firmware.wire import signed
from server_stub.export import write_export
from server_stub.ledger.cabinets import Now
from server_stub.ledger.checkpoint import NoteSigner
from server_stub.ledger.sign import Signer
from server_stub.proof.signatory import Signatory, signatory
from server_stub.sequencing import PUBLISH_EVERY_MS, Sequencing, Signers
from server_stub.site import config, signers, treekey
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.conftest import Bench
from tests.centre.scripted import Scripted
from tests.tamper.story import Keys, Story

SITE = "demo"
STATIONS = {"ICU1": ("MICU",), "ED1": ("ED",)}
ROUNDS = 5
NEVER_ERASED_FROM = 9  # the ring holds entries from here on
WITNESS = "witness.example/compliance"
OK = 200


def make(folder: Path, made_ms: int) -> tuple[Story, Path]:
    """The story of an export, and the export itself, in the new folder `folder`."""
    home = Home(folder / "home")
    make_site(home, SITE)
    add_stations(home, STATIONS)
    bench = Bench(home, config.database_url(home, config.read(home)))
    keys = _keys(home)
    play(bench, keys)
    report = write_export(home, folder / "export", made_ms)
    assert report.ok
    bench.engine.dispose()
    return Story.read(folder / "export", keys), folder / "export"


def _keys(home: Home) -> Keys:
    logs = {f"{name}-1": home.mac_key(name).read_bytes() for name in STATIONS}
    logs["centre-1"] = (home.keys / "centre-log.key").read_bytes()
    pem = {name: (home.station(name) / "sign.key").read_bytes() for name in STATIONS}
    stations = {name: serialization.load_pem_private_key(data, None) for name, data in pem.items()}
    tree = NoteSigner((home.keys / treekey.KEY).read_bytes(), f"apotheca/1/{SITE}")
    cabinets = {name: _Cabinet(home, name) for name in STATIONS}
    centre = signatory(home, signers.CENTRE)
    return Keys(logs, stations, tree, _witness(), centre, cabinets)  # type: ignore[arg-type]


class _Cabinet(Signatory):
    """A station as signer of its own export."""

    def __init__(self, home: Home, name: str) -> None:
        copied = Home(home.root / "cabinets" / name)
        copied.keys.mkdir(parents=True)
        for file in ("sign.key", "sign.crt"):
            (copied.keys / file).write_bytes((home.station(name) / file).read_bytes())
        (copied.keys / "ca.crt").write_bytes((home.keys / "ca.crt").read_bytes())
        super().__init__(copied, "sign")


def _witness() -> NoteSigner:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    coding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return NoteSigner(key.private_bytes(*coding), WITNESS, signed.COSIGNATURE)


def play(bench: Bench, keys: Keys) -> None:
    """Rounds of removals, wastes and seals; cabinets take the checkpoints; the last entries come after the last one."""
    core = Sequencing(
        bench.engine, bench.register, Signers(keys.tree, Signer((bench.home.keys / "centre-sign.key").read_bytes())), 0
    )
    core.start()
    scripts = [bench.station(name) for name in STATIONS]
    for number in range(1, ROUNDS + 1):
        _centre_works(bench, number)
        for script in scripts:
            _round(bench, core, script, number)
        at_ms = bench.transport_ms + number * PUBLISH_EVERY_MS
        core.step(Now(0, at_ms))
        if core.newest:
            line = keys.witness.cosign(core.newest.note.decode().partition("\n\n")[0] + "\n", at_ms // 1000)
            core.answered(keys.witness.key, 0, OK, f"{line}\n".encode())
    for script in scripts:
        _round(bench, None, script, ROUNDS + 1)
        _write_ring(bench.home, script)


def _centre_works(bench: Bench, number: int) -> None:
    for event in range(2):
        patient = f"P{10 * number + event}"
        more = {"patient": patient, "name": "Ann", "ward": "MICU", "event": "A01"}
        row = {"type": "adt", "id": f"e{number}-{event}", "utc_ms": 1_700_000_000_000 + number, **more}
        assert bench.ask("hospital_events", events=[row])["accepted"] == 1


def _round(bench: Bench, core: Sequencing | None, script: Scripted, counter: int) -> None:
    first = len(script.pages) + 1
    if first == 1:
        script.add(kinds.BOOT, ("0.1.0", 0, "software", 0), actor="")
    if core and core.newest:
        number = core.newest.made_ms
        script.add(kinds.CHECKPOINT, (core.newest.size, core.newest.root, 1, number), actor="")
    script.removal()
    txn = len(script.pages) - 3
    script.add(kinds.WASTE, (1, txn, 1), item="HEPARIN", patient="P1")
    script.removal("D02-P01", "MORP4I", 9000, 1000)
    script.add(kinds.SEAL, (counter, 2), actor="")
    last = len(script.pages)
    middle = (first + last) // 2
    out = bench.up(script.station, "batch", script.batch(first, middle), script.batch(middle + 1, last))
    assert bench.verdicts(out) == [0, 0]


def _write_ring(home: Home, script: Scripted) -> None:
    (home.controller(script.station) / "ring.bin").write_bytes(script.ring(NEVER_ERASED_FROM))
