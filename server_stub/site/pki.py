"""The site's own certificate authority and keys: ECDSA P-256 throughout (docs/interfaces.md, Home)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from server_stub.site import address
from server_stub.site.home import write_private

_CA_DAYS = 3650
_LEAF_DAYS = 825

Authority = tuple[Path, Path]
_T = TypeVar("_T")


class Unusable(Exception):
    """A file of keys or certificates can not be used; the text says which and what to do."""


class Pair(NamedTuple):
    """A certificate and its private key, PEM."""

    crt: bytes
    key: bytes

    def write(self, folder: Path, name: str) -> None:
        """Put both into `folder`, as `NAME.key` and `NAME.crt`."""
        write_private(folder / f"{name}.key", self.key)
        write_private(folder / f"{name}.crt", self.crt)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8 PEM, unencrypted: the file's mode guards it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """SubjectPublicKeyInfo PEM."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def make_signing_pair(private: Path, public: Path) -> None:
    """A new ES256 key pair in two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    write_private(private, key_pem(key))
    write_private(public, public_pem(key))


def make_authority(crt: Path, key_path: Path, site: str) -> None:
    """A new self-signed authority for `site`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Apotheca {site} authority")
    certificate = (
        _builder(name, name, key.public_key(), _in_days(_CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificate_signing=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(key_path, key_pem(key))
    write_private(crt, certificate.public_bytes(serialization.Encoding.PEM))


def pair(authority: Authority, name: str, *, host: str = "") -> Pair:
    """A new key and its certificate with CN = `name` from `authority` (certificate, key); that of a server names this
    computer too, itself and as others reach it (`host`)."""
    key = ec.generate_private_key(ec.SECP256R1())
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH] + ([ExtendedKeyUsageOID.SERVER_AUTH] if host else [])
    ca, ca_key = _open(authority)
    builder = _leaf(ca, key.public_key(), name, _usage()).add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    if host:
        names = dict.fromkeys(_general(one) for one in ("localhost", address.LOOPBACK, host))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Pair(builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), key_pem(key))


def _general(host: str) -> x509.GeneralName:
    found = address.ip(host)
    return x509.IPAddress(found) if found else x509.DNSName(host)


def signer_certificate(authority: Authority, public: Path, name: str) -> bytes:
    """A certificate (PEM) for signing documents with CN = `name` for the key whose public half is in `public`; good for
    nothing else."""
    ca, ca_key = _open(authority)
    builder = _leaf(ca, _public(public), name, _usage(documents=True))
    return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def belong(folder: Path, name: str) -> bool:
    """Whether `NAME.crt` and `NAME.key` can be read and are a certificate and its key."""
    try:
        crt, key = _read(folder / f"{name}.crt", x509.load_pem_x509_certificate), _private(folder / f"{name}.key")
    except Unusable:
        return False
    return crt.public_key() == key.public_key()


def _open(authority: Authority) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    return _read(authority[0], x509.load_pem_x509_certificate), _private(authority[1])


def _private(path: Path) -> ec.EllipticCurvePrivateKey:
    key = _read(path, lambda pem: serialization.load_pem_private_key(pem, None))
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Unusable(f"{path} is not an EC key: make the site anew")
    return key


def _public(path: Path) -> ec.EllipticCurvePublicKey:
    key = _read(path, serialization.load_pem_public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Unusable(f"{path} is not an EC key: put it back from the backup of the keys")
    return key


def _read(path: Path, load: Callable[[bytes], _T]) -> _T:
    try:
        return load(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Unusable(f"{path} can not be used ({error}): put it back from the backup of the keys") from None


def _leaf(
    ca: x509.Certificate, key: ec.EllipticCurvePublicKey, name: str, usage: x509.KeyUsage
) -> x509.CertificateBuilder:
    issuer = ca.public_key()
    assert isinstance(issuer, ec.EllipticCurvePublicKey)
    return (
        _builder(_name(name), ca.subject, key, min(_in_days(_LEAF_DAYS), ca.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
    )


def _in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_in_days(-1))
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, certificate_signing: bool = False, documents: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificate_signing,
        content_commitment=documents,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificate_signing,
        crl_sign=certificate_signing,
        encipher_only=False,
        decipher_only=False,
    )
