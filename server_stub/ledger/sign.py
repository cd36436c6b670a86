"""The centre's signature, and the answers it puts it under (docs/wire.md section 3)."""

import hmac
from functools import lru_cache
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from firmware.compat import derive
from firmware.wire import cose
from server_stub.ledger.record import Held

CENTRE = "centre"
_ES256 = ec.ECDSA(hashes.SHA256())
# bytes of 16
_MAC_HEAD = b"\x50"


class Signer:
    """Signs what the centre sends down, or what another id (`kid`) says; `pem` is its private ES256 key."""

    def __init__(self, pem: bytes, kid: str = CENTRE) -> None:
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the centre's signing key is not an EC key: make the site anew")
        self._key = key
        self._kid = kid

    def envelope(self, kind: str, payload: bytes) -> bytes:
        """COSE_Sign1 of `payload` under the type `kind`."""
        der = self._key.sign(cose.tbs(self._kid, kind, payload), _ES256)
        r, s = decode_dss_signature(der)
        return bytes(cose.envelope(self._kid, payload, r.to_bytes(32, "big") + s.to_bytes(32, "big")))


def load_public(pem: bytes) -> ec.EllipticCurvePublicKey:
    """An agent's public key from PEM; ValueError if it is none."""
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("not an EC public key")
    return key


def answer(signer: Signer, key: bytes, held: Held, verdict: int, utc_ms: int) -> bytes:
    """The signed answer to a batch: `verdict`, and where the log is durable; `key` is the station's K."""
    fields = [1, held.station, held.log, verdict, held.seq, held.head, utc_ms]
    return signer.envelope("answer", seal(fields, answer_key(key)))


@lru_cache(maxsize=20_000)
def answer_key(key: bytes) -> bytes:
    """The key of a station's answers."""
    return bytes(derive(key, "answer"))


def seal(fields: list[Any], key: bytes) -> bytes:
    """As `firmware.wire.sealed.seal` for up to 22 fields, with the centre's own libraries: one is made for each batch
    that comes."""
    body = cbor2.dumps([*fields, b""])[:-1]
    return body + _MAC_HEAD + hmac.digest(key, body, "sha256")[:16]
