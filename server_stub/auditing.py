"""The keys of a home for `ledger.audit`."""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from server_stub.ledger.audit import Log, Wrong, check
from server_stub.ledger.pagekeys import PageKeys
from server_stub.ledger.sign import CENTRE
from server_stub.proof.stretch import LogKey, all_logs
from server_stub.site.config import SiteConfig
from server_stub.site.home import Home


def audit(conn: Connection, home: Home, site: SiteConfig) -> list[Wrong]:
    """The first wrong entry of each log of the site that has one."""
    return check(conn, _logs(conn, home, site))


def _logs(conn: Connection, home: Home, site: SiteConfig) -> Iterator[Log]:
    for key, genesis in all_logs(conn, site).items():
        yield Log(*key, genesis, _key_of(home, key))


def _key_of(home: Home, key: LogKey) -> Callable[[int], bytes]:
    station, log = key
    if station == CENTRE:
        secret = (home.keys / "centre-log.key").read_bytes()
        return lambda _seq: secret
    keys = PageKeys(home.mac_key_of(station, log).read_bytes())
    return lambda seq: keys.run(seq, 1)[0]
