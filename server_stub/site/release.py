"""The release key: firmware bundles are signed with it, and each station's flasher knows its public half; and the
certificate under which a station signs what is exported at the cabinet."""

from collections.abc import Iterable

from server_stub.site import pki
from server_stub.site.home import Home, write_private

KEY, PUBLIC = "release-sign.key", "release-sign.pub"


def ensure(home: Home) -> bool:
    """Make the site's release key if it has none; whether one was made. An older site has none until it is asked."""
    if (home.keys / KEY).exists():
        return False
    pki.make_signing_pair(home.keys / KEY, home.keys / PUBLIC)
    return True


def hand_out(home: Home, station: str) -> None:
    """Give a station the public half, if there is one."""
    if (home.keys / PUBLIC).exists():
        write_private(home.station(station) / PUBLIC, (home.keys / PUBLIC).read_bytes())


def certify(home: Home, station: str) -> None:
    """Give a station the certificate of its signing key, if it has none."""
    folder = home.station(station)
    if not (folder / "sign.crt").exists():
        write_private(folder / "sign.crt", certified(home, station))


def certified(home: Home, station: str) -> bytes:
    """A new certificate (PEM) of the station's signing key; writes nothing."""
    return pki.signer_certificate(home.authority, home.public_key(station), f"Cabinet {station}")


def ensure_for(home: Home, stations: Iterable[str]) -> bool:
    """`ensure`, and every station of the site has what it would be given today."""
    made = ensure(home)
    for station in stations:
        hand_out(home, station)
        certify(home, station)
    return made
