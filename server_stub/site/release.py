"""The release key: firmware bundles are signed with it, and each station's flasher knows its public half."""

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


def hand_out(home: Home, *stations: str) -> None:
    """Give stations the public half, if there is one."""
    if (home.keys / PUBLIC).exists():
        for station in stations:
            write_private(home.station(station) / PUBLIC, (home.keys / PUBLIC).read_bytes())


def ensure_for(home: Home, stations: Iterable[str]) -> bool:
    """`ensure`, and every station of the site has it."""
    made = ensure(home)
    hand_out(home, *stations)
    return made
