# What only the ESP32-S3 has: with its radio off, as here, os.urandom is seeded at boot and from then on no more random
# than arithmetic is. What it gives is mixed with the controller's key: nobody without both can say what comes next.
import hashlib
import os

LABEL = b"apotheca entropy"
POOL_BYTES = 32


class Entropy:
    def __init__(self, secret):
        self._pool = _digest(LABEL, secret)

    def __call__(self, n):
        out = b""
        while len(out) < n:
            self._pool = _digest(self._pool, os.urandom(POOL_BYTES))
            out += _digest(LABEL, self._pool)
        return out[:n]


def _digest(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def entropy_of(secret):
    return Entropy(secret)
