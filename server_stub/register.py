"""What the site knows of its stations, read from home and read again when a station has been added."""

import logging
import time

from server_stub.ledger.batch import StationKeys
from server_stub.ledger.ingest import Enrolled, Names
from server_stub.ledger.pagekeys import PageKeys
from server_stub.ledger.sign import load_public
from server_stub.site import config
from server_stub.site.home import Home

log = logging.getLogger(__name__)

AGAIN_S = 5.0


class SiteRegister:
    """The stations of a site: keys, genesis, wards. Raises NoSite, OSError or ValueError where they can not be read."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._read_ns = 0
        self._again_s = 0.0
        self._elsewhere: dict[str, str] = {}
        self._read(home.config.stat().st_mtime_ns if home.config.exists() else 0)
        self.names = Names(self.config.site.id, self.config.site.shard, self._elsewhere)

    def refresh(self) -> bool:
        """Read `site.toml` again if it has changed; True if it had.

        While it, or a key that it needs, can not be read all goes on as before, and it is tried again.
        """
        try:
            changed_ns = self._home.config.stat().st_mtime_ns
            if changed_ns == self._read_ns or time.monotonic() < self._again_s:
                return False
            self._read(changed_ns)
        except (config.NoSite, OSError, ValueError):
            log.exception("the site can not be read: going on with what it was, and trying again")
            self._again_s = time.monotonic() + AGAIN_S
            return False
        return True

    def _read(self, changed_ns: int) -> None:
        """All or nothing."""
        site = config.read(self._home)
        stations = {station.id: self._enrolled(station) for station in site.station}
        self.config, self._stations = site, stations
        self.wards = {station.id: station.wards for station in site.station}
        self.areas = {station.id: station.area for station in site.station}
        self._elsewhere.clear()
        self._elsewhere.update({station.id: station.shard for station in site.station if station.shard})
        self._read_ns, self._again_s = changed_ns, 0.0

    def _enrolled(self, station: config.Station) -> Enrolled:
        key = self._home.mac_key_of(station.id, station.log).read_bytes()
        public = load_public(self._home.public_key(station.id).read_bytes())
        keys = StationKeys(key, PageKeys(key), public, station.pharmacy)
        return Enrolled(keys, station.log, bytes.fromhex(station.genesis))

    def __call__(self, station: str) -> Enrolled | None:
        """What is known of `station`."""
        return self._stations.get(station)
