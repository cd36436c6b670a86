"""A signer at work: a key with a certificate of the site's authority for signing documents (A15)."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from server_stub.site import signers
from server_stub.site.home import Home

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class NoSigner(Exception):
    """There is no such signer; the text says what to do."""


class Signatory:
    """Signs as `name`: `keys/NAME.key` and `keys/NAME.crt` of a home; raises NoSigner."""

    def __init__(self, home: Home, name: str) -> None:
        self.name = name
        self.key_file, self.certificate_file = home.keys / f"{name}.key", home.keys / f"{name}.crt"
        self.authority_file = home.keys / "ca.crt"
        try:
            key = serialization.load_pem_private_key(self.key_file.read_bytes(), None)
            self.certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        except FileNotFoundError as error:
            raise NoSigner(f"no signer {name}: {error.filename} is missing") from None
        except ValueError as error:
            raise NoSigner(f"signer {name} cannot be used: {error}") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != self.certificate.public_key():
            raise NoSigner(f"{self.certificate_file} is not the certificate of the P-256 key in {self.key_file}")
        self._key = key

    @property
    def common_name(self) -> str:
        """The certificate's."""
        return str(self.certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def sign(self, data: bytes) -> bytes:
        """ES256 over `data`, as DER with s in the lower half: `openssl dgst -sha256 -verify` takes it too."""
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return encode_dss_signature(r, min(s, P256_ORDER - s))


def signatory(home: Home, name: str) -> Signatory:
    """The signer `name`; what is missing of one that every site has is made. Raises NoSigner."""
    if name in signers.TITLES:
        signers.ensure(home, name)
    return Signatory(home, name)
