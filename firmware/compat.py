# What the two interpreters do not share, in one place: hashing, HMAC, const.
from binascii import crc32
from hashlib import sha256 as _sha256

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


__all__ = ("Hmac", "const", "crc32", "derive", "hmac_sha256", "same", "sha256", "sha256_over")

_BLOCK = const(64)
_INNER = int.from_bytes(b"\x36" * _BLOCK, "big")
_OUTER = int.from_bytes(b"\x5c" * _BLOCK, "big")


def sha256(*parts):
    return sha256_over(parts)


# of pieces that come one by one
def sha256_over(parts):
    h = _sha256()
    for part in parts:
        h.update(part)
    return h.digest()


# HMAC-SHA256 (RFC 2104) with the pads kept: MicroPython has no hmac, and its hashes can not be copied.
class Hmac:
    def __init__(self, key):
        if len(key) > _BLOCK:
            key = sha256(key)
        number = int.from_bytes(bytes(key) + b"\0" * (_BLOCK - len(key)), "big")
        self._inner = (number ^ _INNER).to_bytes(_BLOCK, "big")
        self._outer = (number ^ _OUTER).to_bytes(_BLOCK, "big")

    def mac(self, *parts):
        return self.mac_over(parts)

    # of pieces that come one by one: together they may not find room
    def mac_over(self, parts):
        return sha256(self._outer, sha256_over(_after(self._inner, parts)))


def _after(first, parts):
    yield first
    for part in parts:
        yield part


def hmac_sha256(key, *parts):
    return Hmac(key).mac(*parts)


# Purposes are those of firmware/keys.py. Who has K derives; a controller was given what it needs.
def derive(key, purpose):
    return hmac_sha256(key, b"apotheca/1/" + purpose.encode())


# Equal? In a time that does not tell where the first difference is.
def same(a, b):
    if len(a) != len(b):
        return False
    different = 0
    for x, y in zip(a, b):
        different |= x ^ y
    return different == 0
