"""Mutations of bytes and, where they are CBOR, of what is in them."""

import random
import re
import struct
from typing import Any

import cbor2

from firmware.wire import cbor

NUMBERS = (
    0,
    1,
    23,
    24,
    255,
    256,
    65535,
    65536,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**32,
    2**53,
    2**62,
    2**63 - 1,
    2**63,
    2**64 - 1,
)
TEXTS = ("", "a", "é", "\x00", "../..", "ICU1", "x" * 33, "x" * 300, "\ud7ff", "|", "0" * 30, "-1", "1e999", "NaN")
ODD = (0, 1, 0x7F, 0x80, 0xFF, 0x1B, 0x3B, 0x5B, 0x9F, 0xF6, 0x0A, 0x22)
MOST = 70_000


def data(rng: random.Random, one: bytes, other: bytes) -> bytes:
    """One input made of another, with a piece of a third."""
    made = bytearray(one)
    for _ in range(1 + min(rng.getrandbits(3), rng.getrandbits(3))):
        _change(rng, made, other)
    return bytes(made[:MOST])


def _change(rng: random.Random, made: bytearray, other: bytes) -> None:
    at = rng.randrange(len(made) + 1)
    end = min(len(made), at + rng.choice((1, 1, 2, 4, 8, 64)))
    piece = other[rng.randrange(len(other) + 1) :][: rng.choice((1, 4, 16, 64, 1024))]
    match rng.randrange(10):
        case 0 if at < len(made):
            made[at] ^= 1 << rng.randrange(8)
        case 1 if at < len(made):
            made[at] = rng.choice((*ODD, rng.randrange(256)))
        case 2:
            del made[at:end]
        case 3:
            made[at:at] = made[at:end] * rng.choice((1, 2, 16, 300))
        case 4:
            made[at:at] = piece
        case 5:
            made[at:end] = piece
        case 6:
            del made[at:]
        case 8:
            _number(rng, made)
        case 7:
            made[at:at] = bytes(rng.randrange(256) for _ in range(rng.choice((1, 2, 8))))
        case _:
            made[at:at] = rng.choice((struct.pack(">Q", rng.choice(NUMBERS)), rng.choice(TEXTS).encode(), b"[" * 3000))


def _number(rng: random.Random, made: bytearray) -> None:
    """Another number in the place of one in a text."""
    found = list(re.finditer(rb"-?\d+", made))[:200]
    if found:
        start, end = rng.choice(found).span()
        made[start:end] = str(rng.choice((1, 1, -1)) * rng.choice(NUMBERS)).encode()


def fields(rng: random.Random, value: Any) -> Any:
    """A value of the CBOR subset with one or two of its members, however deep, replaced, dropped or doubled."""
    for _ in range(rng.choice((1, 1, 2))):
        value = _member(rng, value, 0)
    return value


def _member(rng: random.Random, value: Any, depth: int) -> Any:
    if isinstance(value, list) and value and rng.random() < 0.85 and depth < 4:
        at = rng.randrange(len(value))
        changed = list(value)
        match rng.randrange(12):
            case 0:
                del changed[at]
            case 1:
                changed.insert(at, changed[at])
            case 2:
                changed.append(_value(rng))
            case _:
                changed[at] = _member(rng, changed[at], depth + 1)
        return changed
    if isinstance(value, bytes) and value and rng.random() < 0.6:
        return _inside(rng, value)
    return _value(rng)


def _inside(rng: random.Random, value: bytes) -> bytes:
    """Bytes that are CBOR themselves are changed as such."""
    try:
        inner = cbor.decode(value)
    except ValueError:
        return data(rng, value, value)[:4096]
    return cbor.encode(fields(rng, inner)) if isinstance(inner, list) else data(rng, value, value)[:4096]


def _value(rng: random.Random) -> Any:
    makers = (
        lambda: rng.choice(NUMBERS),
        lambda: -1 - rng.choice(NUMBERS),
        lambda: rng.choice(TEXTS),
        lambda: rng.choice((b"", bytes(16), bytes(32), b"\xff" * 31, cbor2.dumps([[[[[[[1]]]]]]]))),
        lambda: None,
        lambda: [_value(rng) for _ in range(rng.randrange(4))],
        lambda: [[[[1]]]],
    )
    return rng.choice(makers)()
