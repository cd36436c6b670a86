"""Cosignatures: what a witness is asked, and what is made of its answer (C2SP tlog-witness; docs/wire.md section 6)."""

from base64 import b64decode, b64encode
from typing import NamedTuple

from sqlalchemy import Connection

from firmware.merkle import HASH_BYTES
from firmware.wire import signed
from server_stub.ledger import tiles
from server_stub.ledger.checkpoint import Checkpoint, Key, signed_by

MOST_PROOF = 63
MOST_BYTES = 16_384
SIZE_TYPE = "text/x.tlog.size"


class Question(NamedTuple):
    """The body of `add-checkpoint`: the size the witness holds, the proof from there, and the note."""

    old_size: int
    proof: list[bytes]
    note: bytes


class BadQuestion(ValueError):
    """The body is none."""


def encode(question: Question) -> bytes:
    """As it goes over the wire."""
    lines = [f"old {question.old_size}", *(b64encode(one).decode() for one in question.proof)]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + question.note


def decode(body: bytes) -> Question:
    """Read a body; raises BadQuestion."""
    head, blank, data = body.partition(b"\n\n")
    lines = head.split(b"\n")
    if not blank or len(lines) > MOST_PROOF + 1 or len(body) > MOST_BYTES:
        raise BadQuestion("not old size, proof, empty line and note")
    try:
        return Question(_size(lines[0]), [_hash(line) for line in lines[1:]], data)
    except ValueError as error:
        raise BadQuestion(str(error)) from None


def _size(line: bytes) -> int:
    word, _, digits = line.partition(b" ")
    if word != b"old" or not digits.isdigit() or str(int(digits)).encode() != digits:
        raise ValueError("the first line is not old and a size")
    return int(digits)


def _hash(line: bytes) -> bytes:
    data = b64decode(line, validate=True)
    if len(data) != HASH_BYTES:
        raise ValueError("not a hash")
    return data


def question(conn: Connection, made: Checkpoint, old_size: int) -> bytes:
    """What to ask a witness that holds `old_size`."""
    proof = tiles.proofs(conn, made.number).consistency(old_size, made.size)
    return encode(Question(old_size, proof, made.note))


def good_line(made: Checkpoint, key: Key, answer: bytes) -> str | None:
    """The witness's line out of its answer, if it is right; None otherwise."""
    try:
        for line in answer.decode().splitlines():
            data = made.note + f"{line}\n".encode()
            if signed_by(data, key):
                # as we would write it: who signed may have put more around it
                return str(signed.line(*key, signed.signature_of(data, *key)))
    except ValueError:
        pass
    return None
