"""The stand-alone verifier's Ed25519, checkpoints, tree and keys, vectors, and what one has from elsewhere."""

import json
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

import verify_apotheca as v
from firmware.wire import cbor
from tests.proof.test_verify import program
from tests.vectors import make as journal

VECTORS = Path(__file__).parents[1] / "vectors"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()


def theirs(public, message, signature):
    """What another implementation says."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 511))
def test_ed25519_agrees_with_another_implementation(seed, message, bit):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert v.is_ed25519(public, message, signature)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert not v.is_ed25519(public, message, bytes(changed))
    assert not v.is_ed25519(public, message + b"x", signature)
    other = bytearray(public)
    other[bit // 16] ^= 1 << bit % 8
    assert v.is_ed25519(bytes(other), message, signature) == theirs(bytes(other), message, signature) is False


def test_ed25519_takes_one_form_of_a_signature_only():
    signature = KEY.sign(b"m")
    s = int.from_bytes(signature[32:], "little")
    larger = signature[:32] + (s + v.L).to_bytes(32, "little")
    for bad in (larger, signature[:-1], signature + b"\0", b"", bytes(64)):
        assert not v.is_ed25519(PUBLIC, b"m", bad)
        assert not theirs(PUBLIC, b"m", bad)
    for nothing in (b"\xff" * 32, PUBLIC[:-1], (2).to_bytes(32, "little")):
        assert not v.is_ed25519(nothing, b"m", signature)


# RFC 8032 section 7.1, tests 1 to 3
RFC_8032 = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)


@pytest.mark.parametrize("vector", RFC_8032, ids=["1", "2", "3"])
def test_ed25519_vectors(vector):
    assert v.is_ed25519(*map(bytes.fromhex, vector))


def test_the_vectors_of_notes():
    case = json.loads((VECTORS / "tree" / "note.json").read_text())
    (log,) = v.note_keys(case["log_vkey"], v.OF_LOG)
    (witness,) = v.note_keys(case["witness_vkey"], v.OF_WITNESS)
    made = v.checkpoint(case["note"].encode())
    assert (made.origin, made.number, made.size, made.root.hex()) == (case["origin"], 1, case["size"], case["root"])
    assert v.signed_by(made, log) and v.signed_by(made, witness)
    assert v.signed_by(made, log._replace(name="another")) is None
    successor = v.checkpoint(case["successor_note"].encode())
    assert (successor.number, v.signed_by(successor, log)) == (2, True)
    for why, note in case["refused"].items():
        with suppress(v.Wrong):
            assert not v.signed_by(v.checkpoint(note.encode()), log), why
    for key in (case["log_vkey"].replace("+9", "+8"), case["witness_vkey"], "x"):
        with pytest.raises(v.Wrong):
            v.note_keys(key, v.OF_LOG)


def test_the_vectors_of_trees():
    case = json.loads((VECTORS / "tree" / "merkle.json").read_text())
    tree = v.Tree(frozenset(range(len(case["roots"]))))
    assert tree.root().hex() == case["roots"][0]
    leaves = [v.sha256(b"\0" + bytes.fromhex(entry)).digest() for entry in case["entries"]]
    for leaf in leaves:
        tree.put(0, leaf)
    assert [tree.roots[size].hex() for size in range(1, len(leaves) + 1)] == case["roots"][1:]
    # whole subtrees give the same
    parts = v.Tree(frozenset())
    eight = v.Tree(frozenset())
    for leaf in leaves[:8]:
        eight.put(0, leaf)
    parts.put(3, eight.root())
    for leaf in leaves[8:]:
        parts.put(0, leaf)
    assert parts.root() == tree.root()
    with pytest.raises(v.Wrong, match="at no place"):
        parts.put(3, eight.root())


def test_the_vectors_of_keys():
    case = json.loads((VECTORS / "evolve.json").read_text())
    for seq, expected in case["expect"]:
        log = v.Log("ICU1", 1, b"", seq, seq, b"", b"", 0)
        epoch_key = bytes.fromhex(case["hex"])
        assert next(v.entry_keys(epoch_key, log.first_seq)).hex() == expected["hex"]


def vectors(what):
    found = {path.stem: json.loads(path.read_text()) for path in sorted(VECTORS.glob("*.json"))}
    return {name: case for name, case in found.items() if case["what"] == what}


@pytest.mark.req("A12.b")
def test_the_vectors_of_entries():
    for name, case in vectors("entry").items():
        page = b"\x83" + v.encode(bytes.fromhex(case["hex"])) + b"\xf6" + v.encode(bytes(16))
        if "expect" in case:
            assert journal.plain(v.read_page(page).fields) == case["expect"], name
        else:
            with pytest.raises(v.Wrong):
                v.read_page(page)


def chain_of(data):
    """Pages as a ledger file would have them, its writer believing them; with the station's key."""
    told = json.loads((VECTORS / "keys.json").read_text())
    genesis, heads, lines = bytes.fromhex(told["genesis"]), [bytes.fromhex(told["head0"])], []
    for seq, page in enumerate(v.decode(data), 1):
        leaf = sha256(b"\0" + page[0]).digest()
        heads.append(sha256(b"\2" + heads[-1] + leaf).digest())
        row = {"seq": seq, "page": cbor.encode(page).hex(), "leaf": leaf.hex(), "head": heads[-1].hex()}
        lines.append(json.dumps(row).encode())
    chain = v.Chain.of(v.Log("ICU1", 1, genesis, 1, len(lines), heads[0], heads[-1], len(lines)))
    for page in v.walk(lines, chain, ("seq", "page", "leaf", "head"), bytes.fromhex(told["key"])):
        chain.pages.append(page.items)
    return chain


@pytest.mark.req("A12.b")
def test_the_vectors_of_pages_and_batches():
    for name, case in vectors("pages").items():
        if "expect" in case:
            assert chain_of(bytes.fromhex(case["hex"])).head(6).hex() == case["expect"]["last_head"]["hex"], name
        else:
            with pytest.raises(v.WrongEntry):
                chain_of(bytes.fromhex(case["hex"]))
    chain = chain_of(bytes.fromhex(vectors("pages")["pages_one_removal"]["hex"]))
    signer = json.loads((VECTORS / "keys.json").read_text())["signer"]
    key = int(signer["x"], 16), int(signer["y"], 16)
    for case in vectors("batch").values():
        raw = bytes.fromhex(case["hex"])
        if "expect" in case:
            v._check_batch(raw, chain, (1, case["expect"]["entries"]), key)
        else:
            with pytest.raises((v.Wrong, v.WrongEntry)):
                v._check_batch(raw, chain, (1, 6), key)


@pytest.mark.req("A12", "A12.b", "A13")
def test_what_one_has_from_elsewhere_is_given_by_options(tampered, tmp_path):
    base, export = tampered
    files = {
        "K": base.keys.logs["ICU1-1"],
        "tree.vkey": f"{base.keys.tree.vkey}\n".encode(),
        "witnesses.vkey": f"{base.keys.witness.vkey}\n".encode(),
        "kept": base.note,
    }
    book = base.books["ICU1-1"]
    row = {"station": "ICU1", "log": 1, "seq": len(book.pages), "head": book.heads[-1].hex()}
    files["heads"] = json.dumps(row).encode() + b"\n"
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    options = ["--key", f"ICU1-1={tmp_path / 'K'}", "--heads", tmp_path / "heads", "--checkpoint", tmp_path / "kept"]
    options += ["--tree-key", tmp_path / "tree.vkey", "--witnesses", tmp_path / "witnesses.vkey", "--against", export]
    done = program(export, *options)
    assert (done.returncode, done.stderr) == (v.GOOD, ""), done.stdout
    assert "witness.example/compliance has cosigned this checkpoint" in done.stdout
    assert "ICU1-1 is complete: 1 to 55 are in the tree, 56 to 65 came after the checkpoint" in done.stdout
    told = json.loads(program(export, *options, "--json").stdout)
    assert (told["good"], told["first"], told["entries"], told["files"]) == (True, {}, [], [])
    (tmp_path / "heads").write_text(json.dumps(row | {"seq": row["seq"] + 1}))
    told = json.loads(program(export, *options, "--json").stdout)
    assert (told["good"], told["first"]) == (False, {"ICU1-1": row["seq"] + 1})
    (tmp_path / "heads").write_text(json.dumps(row | {"station": "GONE"}))
    told = json.loads(program(export, *options, "--json").stdout)
    assert (told["good"], told["first"]) == (False, {"GONE-1": 1}), "a log that was left out whole"


def test_it_is_told_of_which_logs_the_macs_were_looked_at(tampered, tmp_path):
    base, export = tampered
    (tmp_path / "K").write_bytes(base.keys.logs["ICU1-1"])
    for name, told in (
        ("ICU1-1", "each entry's MAC was looked at"),
        ("ICU1-7", "a key was given, and nothing of it is"),
    ):
        done = program(export, "--key", f"{name}={tmp_path / 'K'}")
        assert done.returncode == v.GOOD and f"{name}: {told}" in done.stdout


@pytest.mark.parametrize("option", ["--key", "--heads", "--checkpoint", "--tree-key", "--witnesses", "--against"])
def test_what_is_given_and_makes_no_sense_cannot_be_read(tampered, tmp_path, option):
    (tmp_path / "x").write_text("nothing of the kind")
    word = f"ICU1-1={tmp_path / 'x'}" if option == "--key" else tmp_path / "x"
    done = program(tampered[1], option, word)
    assert done.returncode == v.UNREADABLE and str(tmp_path / "x") in done.stderr


def test_the_key_of_another_log_is_told(tampered, tmp_path):
    base, export = tampered
    (tmp_path / "K").write_bytes(base.keys.logs["ED1-1"])
    done = program(export, "--key", f"ICU1-1={tmp_path / 'K'}")
    assert done.returncode == v.BAD and "names another key than the one given" in done.stdout


def test_seals_may_jump_while_the_alarm_stands():
    log = v.Log("ICU1", 1, b"", 1, 9, b"", b"", 9)

    def seen(*entries):
        chain = v.Chain.of(log)
        for seq, (kind, ext) in enumerate(entries, 1):
            chain.saw([1, "ICU1", 1, 1, seq, 0, 0, 3, kind, "", *[None] * 6, 0, None, ext])
        return chain.odd_seals

    assert seen((54, [7, 1]), (54, [8, 2]), (54, [9, 3])) == []
    assert seen((54, [7, 1]), (54, [7, 2])) == [2]
    assert seen((54, [7, 1]), (54, [9, 2]), (54, [10, 2])) == [2]
    assert seen((54, [7, 1]), (30, [13, 0]), (54, [20, 2]), (31, [13, 0]), (54, [21, 2]), (54, [30, 2])) == [6]
    assert seen((54, [7, 1]), (30, [14, 0]), (54, [1, 2])) == []
