"""An export of a real run is verified by a program in another language, which finds every change made to it."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cbor2
import pytest

import verify_apotheca
from agent import settings
from agent.cabinet import export as cabinet
from server_stub.proof.packet import make_packet
from server_stub.proof.period import Period
from server_stub.proof.signatory import signatory
from server_stub.site import signers
from server_stub.site.home import Home
from tests.node import NODE, VERIFY_EXPORT
from tests.scenario.live import Live

TESTS = Path(__file__).parents[1]
LEDGER, RING, MANIFEST = "ledger/S1-1.pages", "journals/S1.ring", "manifest.json"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Home and export of a small run whose processes have all ended."""
    folder = tmp_path_factory.mktemp("export")
    Live(folder / "home", stations=1).close()
    command = [sys.executable, "-m", "apotheca", "--home", folder / "home", "export", "--out", folder / "out"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=TESTS.parent, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "every head is right" in done.stdout
    return folder / "home", folder / "out"


def verify(folder):
    command = [NODE, VERIFY_EXPORT, folder]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def lines(folder, name=LEDGER):
    return (folder / name).read_text().splitlines(keepends=True)


def write(folder, changed, name=LEDGER):
    (folder / name).write_text("".join(changed))


def with_byte_flipped(data, at=-20):
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def edited(line, edit):
    """A ledger line whose entry is another one, its disclosure and MAC untouched."""
    row = json.loads(line)
    data, disclosure, mac = cbor2.loads(bytes.fromhex(row["page"]))
    row["page"] = cbor2.dumps([edit(data), disclosure, mac]).hex()
    return json.dumps(row) + "\n"


def rechained(folder, changed):
    """Leaves and heads written anew, as one who knows the format would."""
    from firmware.journal import chain

    (log,) = (log for log in json.loads((folder / MANIFEST).read_text())["logs"] if log["station"] == "S1")
    head, out = chain.head0(bytes.fromhex(log["genesis"])), []
    for line in changed:
        row = json.loads(line)
        leaf = chain.leaf(cbor2.loads(bytes.fromhex(row["page"]))[0])
        head = chain.next_head(head, leaf)
        out.append(json.dumps(row | {"leaf": leaf.hex(), "head": head.hex()}) + "\n")
    write(folder, out)
    return len(out), head


def other_actor(data):
    entry = cbor2.loads(data)
    return cbor2.dumps([*entry[:9], "SOMEONE", *entry[10:]])


def edit(folder):
    all_lines = lines(folder)
    all_lines[6] = edited(all_lines[6], other_actor)
    write(folder, all_lines)


def edit_and_rechain(folder):
    all_lines = lines(folder)
    all_lines[6] = edited(all_lines[6], other_actor)
    seq, head = rechained(folder, all_lines)
    declare_end(folder, seq, head)


def declare_end(folder, seq, head):
    manifest = json.loads((folder / MANIFEST).read_text())
    for log in manifest["logs"]:
        if log["station"] == "S1":
            log.update(seq=seq, head=head.hex())
    (folder / MANIFEST).write_text(json.dumps(manifest))


def drop(folder):
    all_lines = lines(folder)
    write(folder, all_lines[:6] + all_lines[7:])


def swap(folder):
    all_lines = lines(folder)
    write(folder, [*all_lines[:6], all_lines[7], all_lines[6], *all_lines[8:]])


def insert(folder):
    all_lines = lines(folder)
    write(folder, [*all_lines[:6], all_lines[5], *all_lines[6:]])


def truncate(folder, after=6):
    """The tail cut off, and the manifest made to agree: only batches and journal know better."""
    all_lines = lines(folder)
    declare_end(folder, after, bytes.fromhex(json.loads(all_lines[after - 1])["head"]))
    write(folder, all_lines[:after])


def truncate_with_the_last_batch(folder):
    """As `truncate`, from the last batch on, which goes as well; gives the first entry that is gone."""
    batches = {int(file.stem.split("-")[2]): file for file in (folder / "batches").glob("S1-*")}
    first = max(batches)
    batches[first].unlink()
    truncate(folder, first - 1)
    return first


def truncate_centre(folder):
    all_lines = lines(folder, "ledger/centre-1.pages")
    write(folder, all_lines[:6], "ledger/centre-1.pages")


def journal_differs(folder):
    rows = [json.loads(line) for line in lines(folder, RING)]
    row = next(row for row in rows if row["seq"] == 7)
    row["page"] = with_byte_flipped(bytes.fromhex(row["page"]), -1).hex()
    write(folder, [json.dumps(row) + "\n" for row in rows], RING)


def foreign_genesis(folder):
    manifest = json.loads((folder / MANIFEST).read_text())
    for log in manifest["logs"]:
        log["genesis"] = manifest["logs"][0]["genesis"]
    (folder / MANIFEST).write_text(json.dumps(manifest))


def disclose_otherwise(folder):
    """The removal's patient becomes another one; the entry itself stays."""
    all_lines = lines(folder)
    for number, line in enumerate(all_lines):
        row = json.loads(line)
        data, disclosure, mac = cbor2.loads(bytes.fromhex(row["page"]))
        if disclosure and disclosure[1]:
            row["page"] = cbor2.dumps([data, [disclosure[0], "P9", disclosure[2]], mac]).hex()
            all_lines[number] = json.dumps(row) + "\n"
            return write(folder, all_lines) or number + 1
    raise AssertionError("no removal")


CHANGES = {
    "an entry edited": (edit, 7),
    "an entry edited and the chain written anew": (edit_and_rechain, 7),
    "an entry dropped": (drop, 7),
    "two entries swapped": (swap, 7),
    "an entry inserted": (insert, 7),
    "the tail cut off, batches know better": (truncate, 7),
    "the journal holds something else": (journal_differs, 7),
}


@pytest.mark.req("A12.b", "A12.c", "U25")
def test_an_export_of_a_real_run_verifies(exported):
    done = verify(exported[1])
    assert (done.returncode, done.stderr) == (0, "")
    count = len(lines(exported[1]))
    assert count > 10
    assert f"S1-1: {count} entries follow from the genesis" in done.stdout
    assert "every entry is as its station wrote it" in done.stdout
    assert verify_apotheca.check(exported[1]).lines()[-1].startswith("GOOD")


@pytest.fixture(scope="module")
def clean(exported, tmp_path_factory):
    """Everything that can be had of that run: export, packets of all and of parts of it, the cabinet's own export."""
    home, out = Home(exported[0]), tmp_path_factory.mktemp("clean")
    pharmacist = signatory(home, signers.PHARMACIST)
    made_ms = json.loads((exported[1] / MANIFEST).read_text())["made_utc_ms"]
    utc_ms = sorted(entry_of(line)[5] for line in lines(exported[1]))
    middle = utc_ms[len(utc_ms) // 2]
    periods = {"whole": (0, 2 * middle), "first": (0, middle), "second": (middle, 2 * middle), "nothing": (0, 1)}
    for name, period in periods.items():
        make_packet(home, Period(*period), pharmacist, out / name, made_ms)
    cabinet.export(settings.load(home.station("S1")), out / "cabinet", made_ms)
    return [exported[1], *(out / name for name in (*periods, "cabinet"))]


def entry_of(line):
    return cbor2.loads(cbor2.loads(bytes.fromhex(json.loads(line)["page"]))[0])


@pytest.mark.req("A12", "A12.b", "A13")
def test_what_nobody_touched_raises_no_alarm_in_either_verifier(exported, clean, tmp_path):
    """With all there is to judge by: keys, the last head that was answered, the checkpoint, and each other."""
    home, out = Home(exported[0]), exported[1]
    keys = {"S1-1": home.mac_key("S1").read_bytes(), "centre-1": (home.keys / "centre-log.key").read_bytes()}
    last = json.loads(lines(out)[-1])
    heads = [{"station": "S1", "log": 1, "seq": last["seq"], "head": last["head"]}]
    kept = {"kept": (out / "tree" / "checkpoint").read_bytes()}
    authority = (home.keys / "ca.crt").read_text()
    others = {str(folder): verify_apotheca.examine(folder, verify_apotheca.Given()) for folder in clean}
    coded = {name: base64.b64encode(data).decode() for name, data in keys.items()}
    cases = []
    for folder in clean:
        whole = folder != clean[-1]  # a cabinet has no tree
        given = verify_apotheca.Given(
            authority=verify_apotheca.certificate(authority),
            keys=keys,
            heads=verify_apotheca.read_heads(json.dumps(heads[0]).encode()),
            tree_key=verify_apotheca.note_keys((home.keys / "tree.vkey").read_text(), verify_apotheca.OF_LOG)[0],
            checkpoints={name: verify_apotheca.checkpoint(data) for name, data in kept.items()} if whole else {},
            against=others,
        )
        found = verify_apotheca.examine(folder, given).findings
        assert (found.entries, found.files) == ([], []), folder
        cases.append({"folder": str(folder), "given": {"ca": authority, "keys": coded, "heads": heads}})
        cases[-1]["given"]["against"] = list(others)
        if whole:
            cases[-1]["given"]["checkpoints"] = {"kept": base64.b64encode(kept["kept"]).decode()}
    (tmp_path / "cases").write_text("".join(json.dumps(case) + "\n" for case in cases))
    command = [NODE, VERIFY_EXPORT, "--cases", tmp_path / "cases"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["entries"], one["files"]) for one in said] == [([], [])] * len(clean), done.stderr


@pytest.mark.req("A12.b", "A12.c")
@pytest.mark.parametrize("change", CHANGES)
def test_the_first_bad_entry_is_named(exported, tmp_path, change):
    make, seq = CHANGES[change]
    folder = shutil.copytree(exported[1], tmp_path / "out")
    make(folder)
    done = verify(folder)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith(f"station S1, log 1, seq {seq}: "), done.stderr
    assert "NOT" in done.stdout


@pytest.mark.req("A12.b", "A12.c")
def test_the_bad_file_is_named(exported, tmp_path):
    folder = shutil.copytree(exported[1], tmp_path / "out")
    batch = sorted((folder / "batches").iterdir())[0]
    whole = batch.read_bytes()
    for at in (-1, -64, len(whole) // 2, 0):
        batch.write_bytes(with_byte_flipped(whole, at))
        done = verify(folder)
        assert done.returncode == 1
        assert f"batches/{batch.name}: " in done.stderr, done.stderr
    batch.unlink()
    assert re.match(r"station S1, log 1, seq \d+: no batch with", verify(folder).stderr)
    batch.write_bytes(whole)
    assert verify(folder).returncode == 0


@pytest.mark.req("A12.b")
def test_other_bad_places_are_named(exported, tmp_path):
    folder = shutil.copytree(exported[1], tmp_path / "1")
    seq = disclose_otherwise(folder)
    assert verify(folder).stderr.startswith(f"station S1, log 1, seq {seq}: ref")
    folder = shutil.copytree(exported[1], tmp_path / "2")
    foreign_genesis(folder)
    assert verify(folder).stderr.splitlines()[1].startswith("manifest.json: genesis of S1-1: ")
    folder = shutil.copytree(exported[1], tmp_path / "5")
    seq = truncate_with_the_last_batch(folder)
    ahead = json.loads(lines(folder, RING)[-1])["seq"] - seq + 1
    assert f"S1-1: {ahead} entries are in the journal and not yet in the ledger" in verify(folder).stdout
    folder = shutil.copytree(exported[1], tmp_path / "3")
    truncate_centre(folder)
    assert verify(folder).stderr.startswith("station centre, log 1, seq 7: is missing")
    folder = shutil.copytree(exported[1], tmp_path / "4")
    (folder / LEDGER).unlink()
    assert f"{LEDGER}: missing" in verify(folder).stderr.splitlines()


def secrets_of(home):
    """Every private key, token and MAC key of a home, in each form in which it could be written."""
    files = [*home.keys.glob("*.key"), *home.keys.glob("*.token"), *(home.keys / "stations").glob("*.mac")]
    files += home.root.glob("stations/*/*.key")
    assert len(files) >= 9
    for file in files:
        data = file.read_bytes()
        if data.startswith(b"-----"):
            assert b"PRIVATE KEY" in data
            yield from (line for line in data.splitlines() if not line.startswith(b"-----") and len(line) > 20)
        else:
            yield from (data, data.hex().encode(), data.strip())


def test_an_export_holds_no_secret(exported):
    home, out = exported
    files = [Path(root, name) for root, _, names in os.walk(out) for name in names]
    everything = b"".join(file.read_bytes() for file in files)
    assert b"PUBLIC KEY" in everything
    assert not [secret for secret in secrets_of(Home(home)) if secret in everything]
    of_the_tree = {"", ".ndjson", ".vkey"}
    assert {file.suffix for file in files} == {".json", ".sig", ".crt", ".pages", ".cose", ".ring"} | of_the_tree
