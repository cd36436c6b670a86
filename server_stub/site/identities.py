"""The certificates of the site's own processes, and of those who read what the centre publishes."""

from server_stub.site import pki
from server_stub.site.config import SiteConfig
from server_stub.site.home import Home

CENTRE = "centre"
NAMES = ("broker", CENTRE, "feed", "supplier")


def pairs(home: Home, config: SiteConfig) -> dict[str, pki.Pair]:
    """A new key and certificate for each of NAMES, under the site's credential; writes nothing."""
    named, hosts = config.site.common_name, config.server_hosts
    return {name: pki.pair(home.authority, named(name), host=hosts.get(name, "")) for name in NAMES}


def write(home: Home, made: dict[str, pki.Pair]) -> None:
    """Put them into `keys/`."""
    for name, one in made.items():
        one.write(home.keys, name)
