"""What packets and exports say about the tree, read as docs/packets.md has it, apart from the code that writes it."""

import json
from hashlib import sha256

import cbor2
import pytest

import verify_apotheca
from firmware.wire import note
from server_stub.export import write_export
from server_stub.ledger.cabinets import Now
from server_stub.ledger.checkpoint import Key, NoteSigner, signed_by
from server_stub.ledger.sign import Signer
from server_stub.proof.packet import make_packet
from server_stub.proof.period import Period
from server_stub.proof.signatory import signatory
from server_stub.sequencing import PUBLISH_EVERY_MS, Sequencing, Signers
from server_stub.site import config, signers, treekey
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from tests.centre.conftest import Bench
from tests.proof.conftest import MADE_MS

START_MS = 1_700_000_000_000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Two stations whose entries lie mixed in the tree, and some that came after the checkpoint."""
    home = Home(tmp_path_factory.mktemp("tree") / "home")
    make_site(home, "demo")
    add_stations(home, {"ICU1": ("MICU",), "ED1": ("ED",)})
    bench = Bench(home, config.database_url(home, config.read(home)))
    core = sequencing(bench)
    scripts = [bench.station("ICU1"), bench.station("ED1")]
    for _ in range(5):
        for script in scripts:
            first = len(script.pages) + 1
            script.removal()
            bench.up(script.station, "batch", script.batch(first, first + 3))
        core.step(Now(0, bench.transport_ms))
    core.step(Now(0, bench.transport_ms + PUBLISH_EVERY_MS))
    scripts[0].removal()
    bench.up("ICU1", "batch", scripts[0].batch(21, 24))
    yield bench, core
    bench.engine.dispose()


def sequencing(bench):
    keys = bench.home.keys
    notes = NoteSigner((keys / treekey.KEY).read_bytes(), "apotheca/1/demo")
    made = Sequencing(bench.engine, bench.register, Signers(notes, Signer((keys / "centre-sign.key").read_bytes())), 0)
    made.start()
    return made


def node(left, right):
    return sha256(b"\1" + left + right).digest()


def folded(lines, leaf_of):
    """(size, root, entries) of `tree/leaves.ndjson`."""
    position, held, named = 0, [], []

    def put(level, value):
        nonlocal position
        assert position % (1 << level) == 0
        position += 1 << level
        held.append((level, value))
        while len(held) > 1 and held[-1][0] == held[-2][0]:
            (_, right), (level, left) = held.pop(), held.pop()
            held.append((level + 1, node(left, right)))

    for line in map(json.loads, lines):
        if "hash" in line:
            put(line["level"], bytes.fromhex(line["hash"]))
            continue
        for seq in range(line["first_seq"], line["first_seq"] + line["count"]):
            named.append((line["station"], line["log"], seq))
            put(0, leaf_of[named[-1]])
    root = held.pop()[1]
    while held:
        root = node(held.pop()[1], root)
    return position, root, named


def leaves_in(folder, pattern):
    found = {}
    for path in folder.glob(pattern):
        station, _, log = path.stem.rpartition("-")
        for row in map(json.loads, path.read_text().splitlines()):
            entry = cbor2.loads(bytes.fromhex(row["page"]))[0]
            found[station, int(log), row["seq"]] = sha256(b"\0" + entry).digest()
    return found


def checked(folder, pattern):
    """The folder's tree is the one that was signed; the entries that are in it, and all it has."""
    signed = (folder / "tree" / "checkpoint").read_bytes()
    assert signed_by(signed, Key.read((folder / "keys" / "tree.vkey").read_text()))
    held = leaves_in(folder, pattern)
    size, root, named = folded((folder / "tree" / "leaves.ndjson").read_text().splitlines(), held)
    assert note.read(signed) == ("apotheca/1/demo", size, root)
    assert verify_apotheca.check(folder).lines()[-1].startswith("GOOD")
    assert json.loads((folder / "manifest.json").read_text())["files"]["tree/leaves.ndjson"]
    return named, held


@pytest.mark.req("A13", "A12.c")
def test_an_export_is_the_whole_tree(site, tmp_path):
    bench, _ = site
    write_export(bench.home, tmp_path / "out", MADE_MS)
    named, held = checked(tmp_path / "out", "ledger/*.pages")
    assert len(set(named)) == len(named)
    later = {key for key in set(held) - set(named) if key[0] != "centre"}
    assert later == {("ICU1", 1, seq) for seq in range(21, 25)}
    assert '"hash"' not in (tmp_path / "out" / "tree" / "leaves.ndjson").read_text()


@pytest.mark.req("A13", "A12.c")
def test_a_packet_shows_its_entries_in_the_tree_and_no_others(site, tmp_path):
    bench, _ = site
    period = Period(START_MS + 5000, START_MS + 14_000)
    pharmacist = signatory(bench.home, signers.PHARMACIST)
    make_packet(bench.home, period, pharmacist, tmp_path / "p", MADE_MS)
    named, held = checked(tmp_path / "p", "chains/*.ndjson")
    assert set(named) == set(held) and {key[2] for key in held} < set(range(1, 20))
    assert '"hash"' in (tmp_path / "p" / "tree" / "leaves.ndjson").read_text()


def test_without_a_checkpoint_there_is_no_tree(quick, tmp_path):
    (tmp_path / "home").mkdir()
    home = Home(tmp_path / "home")
    for name in ("keys", "site.toml", "stations"):
        (home.root / name).symlink_to(quick.home.root / name)
    quick.engine.connect().exec_driver_sql(f"VACUUM INTO '{home.root / 'centre.db'}'")
    write_export(home, tmp_path / "out", MADE_MS)
    assert not (tmp_path / "out" / "tree").exists()
