"""Who signs documents: key, and certificate of the site's authority (A15).

The responsible pharmacist signs packets, the centre signs exports, answers, commands and reference. The key files
have no passphrase: their mode 0600 is all that guards them.
"""

from server_stub.site import pki
from server_stub.site.home import Home, write_private

PHARMACIST = "pharmacist-sign"
CENTRE = "centre-sign"
TITLES = {PHARMACIST: "Responsible pharmacist", CENTRE: "Centre"}


def ensure(home: Home, name: str) -> None:
    """Make what is missing of the signer's key pair and certificate; a site of an earlier release lacks some."""
    key, certificate = home.keys / f"{name}.key", home.keys / f"{name}.crt"
    if not key.exists():
        pki.make_signing_pair(key, home.keys / f"{name}.pub")
    if not certificate.exists():
        write_private(certificate, certified(home, name))


def certified(home: Home, name: str) -> bytes:
    """A new certificate (PEM) of the signer's key; writes nothing."""
    return pki.signer_certificate(home.authority, home.keys / f"{name}.pub", TITLES[name])
