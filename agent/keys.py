"""ES256 over COSE_Sign1 (RFC 9052, docs/wire.md section 3): the agent signs as its station, the centre as `centre`."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from firmware.wire import cose, note, signed

_ES256 = ec.ECDSA(SHA256())


class KeyFileError(ValueError):
    """A key file cannot be used; the text says which and why."""


class BadSignatureError(ValueError):
    """A message is not a COSE envelope of the signer expected, or its signature is wrong (code 4003)."""


class Signer:
    """Signs payloads in the name of `kid` with an EC P-256 private key."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, kid: str) -> None:
        self._key, self._kid = key, kid

    @classmethod
    def load(cls, path: Path, kid: str) -> "Signer":
        """From a PEM file that only its owner may read; raises `KeyFileError`."""
        _check_private(path)
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeyFileError(f"{path} is not an EC P-256 key: enrol the station again")
        return cls(key, kid)

    def seal(self, kind: str, payload: bytes) -> bytes:
        """The COSE envelope of `payload`; `kind` is `batch` or `heartbeat`."""
        r, s = decode_dss_signature(self._key.sign(cose.tbs(self._kid, kind, payload), _ES256))
        return bytes(cose.envelope(self._kid, payload, r.to_bytes(32, "big") + s.to_bytes(32, "big")))


class Verifier:
    """Opens what `kid` signed with the matching private key."""

    def __init__(self, key: ec.EllipticCurvePublicKey, kid: str) -> None:
        self._key, self._kid = key, kid

    @classmethod
    def load(cls, path: Path, kid: str) -> "Verifier":
        """From a PEM file; raises `KeyFileError`."""
        if not path.exists():
            raise KeyFileError(f"{path} is missing: enrol the station again")
        key = load_pem_public_key(path.read_bytes())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise KeyFileError(f"{path} is not an EC P-256 public key: enrol the station again")
        return cls(key, kid)

    def open(self, kind: str, data: bytes) -> bytes:
        """The payload of a verified envelope of this `kind`; raises `BadSignatureError`."""
        try:
            kid, payload, signature = cose.parse(data)
        except ValueError as error:
            raise BadSignatureError(str(error)) from None
        if kid != self._kid:
            raise BadSignatureError(f"signed by {kid}, not by {self._kid}")
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._key.verify(encode_dss_signature(r, s), cose.tbs(kid, kind, payload), _ES256)
        except InvalidSignature:
            raise BadSignatureError(f"signature of a message of kind {kind} is wrong") from None
        return bytes(payload)


class NoteVerifier:
    """Checks checkpoints of the site's tree against the sequencer's key; without one, none is good."""

    def __init__(self, vkey: str) -> None:
        self._key = signed.read_vkey(vkey) if vkey else None

    @classmethod
    def load(cls, path: Path) -> "NoteVerifier":
        """From a station's `tree.vkey`, which stations of an earlier release lack; raises `KeyFileError`."""
        try:
            return cls(path.read_text(encoding="utf-8") if path.exists() else "")
        except ValueError as error:
            raise KeyFileError(f"{path}: {error}") from None

    def check(self, data: bytes) -> None:
        """Raises `BadSignatureError` unless the log's key signed this note."""
        if self._key is None:
            raise BadSignatureError("tree.vkey is missing: run `apotheca station release-key` at the centre")
        name, kind, public = self._key
        try:
            signature = signed.signature_of(data, name, kind, public)
            Ed25519PublicKey.from_public_bytes(public).verify(signature or b"", note.split(data)[0].encode())
        except (ValueError, InvalidSignature):
            raise BadSignatureError("the log did not sign this checkpoint") from None


def _check_private(path: Path) -> None:
    if not path.exists():
        raise KeyFileError(f"{path} is missing: enrol the station again")
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others: run `chmod 600 {path}`")
