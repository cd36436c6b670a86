"""The sequencer's key: Ed25519, its own, in no database. Stations get its public half as a `vkey` (docs/wire.md 6)."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from firmware.wire import note, signed
from server_stub.site.home import Home, write_private

KEY, PUBLIC = "tree.key", "tree.vkey"


def ensure(home: Home, site: str) -> None:
    """Make the key of `site` if it has none, as one of an earlier release."""
    if not (home.keys / KEY).exists():
        key = Ed25519PrivateKey.generate()
        write_private(home.keys / KEY, pem(key))
        public = key.public_key().public_bytes_raw()
        write_private(home.keys / PUBLIC, f"{signed.vkey(note.origin(site, 1), signed.ED25519, public)}\n".encode())


def hand_out(home: Home, station: str) -> None:
    """Give a station the public half, if there is one."""
    if (home.keys / PUBLIC).exists():
        write_private(home.station(station) / PUBLIC, (home.keys / PUBLIC).read_bytes())


def pem(key: Ed25519PrivateKey) -> bytes:
    """PKCS#8, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
