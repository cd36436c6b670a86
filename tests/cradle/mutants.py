"""Frames drawn from a seed: good ones, the same with damage of lines and damage that block checks miss, plain noise."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.cradle import reference

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CONTROLS = bytes([1, 2, 3, 4, 5, 6, 0x15, 0x1B, 0x7C, *b"0011ABCPRpq"])
STATUSES = ("OK", "QTY", "WRONG_ITEM", "EXPIRED", "LABEL")
TEXT = bytes([*range(0x20, 0x80), 9, 10, 13])
ALL = {"new_address_pol": "00", "general_pol": "11"}
KINDS = ("new_address_pol", "general_pol", "specific_pol", "sel", "ack", "data_ack", "nak", *(["data"] * 9))

Said = dict[str, Any]


@dataclass(frozen=True)
class Drawn:
    """`raw` is what arrives; `origin` what was sent, None for noise; `record` the hashed P or C record in it."""

    raw: bytes
    origin: Said | None
    record: bytes | None

    @property
    def sort(self) -> str:
        """The kind of frame that was sent, with its flag."""
        assert self.origin
        return " ".join(filter(None, (self.origin["kind"], self.origin.get("flag"))))


def draw(rng: random.Random) -> Drawn:
    """One frame in seven is left as it is, one in seven is noise."""
    chance = rng.randrange(7)
    if chance == 0:
        return Drawn(_noise(rng), None, None)
    said, record = frame(rng)
    raw = reference.write(said)
    if chance > 1:
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            raw = rng.choice(DAMAGE)(rng, raw) if raw else raw
    return Drawn(raw, said, record)


def _noise(rng: random.Random) -> bytes:
    size = rng.randrange(48)
    return rng.randbytes(size) if rng.random() < 0.5 else bytes(rng.choices(CONTROLS, k=size))


def frame(rng: random.Random) -> tuple[Said, bytes | None]:
    """A good frame, and the record in it if that has a hash."""
    kind = rng.choice(KINDS)
    if kind == "data":
        return _block(rng)
    said: Said = {"kind": kind, "address": ALL.get(kind) or _letters(rng)}
    if kind == "nak" and rng.random() < 0.2:
        said["address"] = None
    if kind == "data_ack":
        said["block"] = _number(rng)
    if kind in ("new_address_pol", "general_pol", "specific_pol", "sel"):
        said["time"] = _digits(rng, 12)
        new = {"new_address": _letters(rng)}
        said |= new if kind == "new_address_pol" else {"max_block_size": 2 ** rng.randrange(5, 13)}
    return said, None


def _block(rng: random.Random) -> tuple[Said, bytes | None]:
    flag = rng.choice("ABCCDILPPRS")
    address = "00" if flag == "R" and rng.random() < 0.5 else _letters(rng)
    data, hashed = _data(rng, flag), flag in "CP" and rng.random() < 0.8
    if hashed:
        data += b"|#" + hashlib.sha256(data).hexdigest()[:8].encode()
    wire = len(data) + (sum(data.count(byte) for byte in b"\x03\x04\x1b") if flag == "B" else 0)
    said = {"kind": "data", "address": address, "flag": flag, "block": _number(rng), "size": wire}
    said |= {"data": data.hex() if flag == "B" else data.decode(), "last": rng.random() < 0.5}
    return said, data if hashed else None


def _data(rng: random.Random, flag: str) -> bytes:
    common = f"{_letters(rng)}{rng.choice(LETTERS)}0|{rng.randrange(200)}|{_digits(rng, 12)}|{_letters(rng)}01|R"
    if flag == "P":
        return (f"ICU{rng.randrange(20)}|{common}" + (f"|{_digits(rng, 5)}" if rng.random() < 0.5 else "")).encode()
    if flag == "C":
        return f"{_digits(rng, 5)}|{common}|{rng.choice(STATUSES)}".encode()
    if flag == "R":
        return f"{rng.randrange(60):02}:{rng.randrange(60):02}".encode()
    if flag == "I":
        return _letters(rng).encode()
    # rarely long: what goes wrong does so at the edges, and long ones take time
    size = rng.choice((0, 1, 5, 20, 60)) if rng.random() < 0.995 else rng.randrange(1500)
    if flag == "B":
        return bytes(rng.choices(CONTROLS, k=size)) if rng.random() < 0.5 else rng.randbytes(size)
    return bytes(rng.choices(TEXT, k=size))


def _letters(rng: random.Random) -> str:
    return rng.choice(LETTERS) + rng.choice(LETTERS)


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def _number(rng: random.Random) -> int:
    return rng.choice((0, 1, rng.randrange(100), rng.randrange(100_000)))


def _two(rng: random.Random, raw: bytes) -> tuple[int, int]:
    return rng.randrange(len(raw)), rng.randrange(len(raw))


def _put(raw: bytes, at: int, piece: bytes, instead_of: int = 1) -> bytes:
    return raw[:at] + piece + raw[at + instead_of :]


def _flip(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw))
    return _put(raw, at, bytes([raw[at] ^ 1 << rng.randrange(8)]))


def _replace(rng: random.Random, raw: bytes) -> bytes:
    return _put(raw, rng.randrange(len(raw)), bytes([rng.randrange(256)]))


def _lose(rng: random.Random, raw: bytes) -> bytes:
    return _put(raw, rng.randrange(len(raw)), b"")


def _double(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw))
    return _put(raw, at, raw[at : at + 1] * 2)


def _insert(rng: random.Random, raw: bytes) -> bytes:
    return _put(raw, rng.randrange(len(raw)), bytes(rng.choices(CONTROLS)), 0)


def _cut(rng: random.Random, raw: bytes) -> bytes:
    return raw[: rng.randrange(len(raw))]


def _swap(rng: random.Random, raw: bytes) -> bytes:
    """Two bytes change places: a block check never sees it."""
    one, other = _two(rng, raw)
    changed = bytearray(raw)
    changed[one], changed[other] = raw[other], raw[one]
    return bytes(changed)


def _same_bit(rng: random.Random, raw: bytes) -> bytes:
    """The same bit flips in two bytes: a block check that covers both never sees it."""
    changed, bit = bytearray(raw), 1 << rng.randrange(7)
    for at in _two(rng, raw):
        changed[at] ^= bit
    return bytes(changed)


def _move(rng: random.Random, raw: bytes) -> bytes:
    """A byte is late."""
    one, other = _two(rng, raw)
    return _put(_put(raw, one, b""), other, raw[one : one + 1], 0)


DAMAGE: list[Callable[[random.Random, bytes], bytes]] = [
    _flip, _replace, _lose, _double, _insert, _cut, _swap, _swap, _same_bit, _same_bit, _move,
]  # fmt: skip
