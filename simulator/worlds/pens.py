"""ES256 keys that remember what they signed: to verify just that again is to look it up.

Everything else, changed, forged or by another key, goes the whole way. A world verifies some four hundred messages and
nearly all of them are as they were signed; this spares a tenth of its time.
"""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from agent.keys import Signer, Verifier
from server_stub.ledger.sign import Signer as CentreSigner

MOST = 20_000


class Pen:
    """One key pair, for who signs and for who verifies."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key, self._public = key, key.public_key()
        self._signed: set[tuple[bytes, bytes]] = set()

    def sign(self, data: bytes, algorithm: ec.ECDSA) -> bytes:
        """As the private key."""
        signature = self._key.sign(data, algorithm)
        if len(self._signed) >= MOST:
            self._signed.clear()
        self._signed.add((signature, bytes(data)))
        return signature

    def verify(self, signature: bytes, data: bytes, algorithm: ec.ECDSA) -> None:
        """As the public key; raises InvalidSignature."""
        if (signature, bytes(data)) not in self._signed:
            self._public.verify(signature, data, algorithm)


def remember(signer: Signer | CentreSigner, *verifiers: Verifier) -> Any:
    """Give a signer, and those who verify it, the same pen; returns it."""
    held: Any = signer
    pen = Pen(held._key)
    for one in (signer, *verifiers):
        one._key = pen  # type: ignore[assignment]
    return pen
