"""The vectors of tree, note and checkpoint message: made again they are the same, and `cryptography` agrees."""

import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from firmware.compat import derive
from firmware.wire import note, sealed, signed
from tests.vectors import make as journal
from tests.vectors.tree import make


def case(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((make.HERE / f"{name}.json").read_text())
    return loaded


def test_making_them_again_gives_the_same_bytes() -> None:
    held = {path.stem: path.read_text(encoding="utf-8") for path in make.HERE.glob("*.json")}
    assert held == {name: journal.text(one) for name, one in make.cases().items()}


def verified(data: str, vkey: str) -> bool:
    """By the log's key, as docs/wire.md says; no note and no signature are no good."""
    name, kind, public = signed.read_vkey(vkey)
    try:
        text, _ = note.split(data.encode())
        found = signed.signature_of(data.encode(), name, kind, public)
        if found is None or note.read(data.encode())[0] != "apotheca/1/mercy":
            return False
        if kind == signed.COSIGNATURE:
            text = signed.cosigned(text, int.from_bytes(found[:8], "big"))
            found = found[8:]
        Ed25519PublicKey.from_public_bytes(public).verify(found, text.encode())
    except (ValueError, InvalidSignature):
        return False
    return True


@pytest.mark.req("A12.c")
@pytest.mark.parametrize("key", ["log_vkey", "witness_vkey"])
def test_the_note_is_signed_and_no_other(key: str) -> None:
    vector = case("note")
    assert verified(vector["note"], vector[key])
    assert {why for why, bad in vector["refused"].items() if verified(bad, vector[key])} == set()
    assert note.read(vector["note"].encode()) == (vector["origin"], vector["size"], bytes.fromhex(vector["root"]))


def test_a_key_with_another_id_is_none() -> None:
    vkey = case("note")["log_vkey"]
    assert signed.vkey(*signed.read_vkey(vkey)) == vkey
    for bad in (vkey.replace("mercy", "mercx"), vkey[:-4], "x", ""):
        with pytest.raises(ValueError):
            signed.read_vkey(bad)


def test_the_message_is_sealed_for_the_controller() -> None:
    vector = case("checkpoint")
    key = derive(bytes.fromhex(vector["key"]), "checkpoint")
    assert journal.plain(sealed.open(bytes.fromhex(vector["hex"]), key)) == vector["expect"]
