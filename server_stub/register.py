"""What the site knows of its stations, read from home and read again when a station has been added."""

from server_stub.ledger.batch import StationKeys
from server_stub.ledger.ingest import Enrolled, Names
from server_stub.ledger.pagekeys import PageKeys
from server_stub.ledger.sign import load_public
from server_stub.site import config
from server_stub.site.home import Home


class SiteRegister:
    """The stations of a site: keys, genesis, wards."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._read_ns = 0
        self.refresh()

    def refresh(self) -> bool:
        """Read `site.toml` again if it has changed; True if it had."""
        changed_ns = self._home.config.stat().st_mtime_ns
        if changed_ns == self._read_ns:
            return False
        self._read_ns = changed_ns
        self.config = config.read(self._home)
        self._stations = {station.id: self._enrolled(station) for station in self.config.station}
        self.wards = {station.id: station.wards for station in self.config.station}
        self.areas = {station.id: station.area for station in self.config.station}
        self.names = Names(self.config.site.id, self.config.site.shard)
        return True

    def _enrolled(self, station: config.Station) -> Enrolled:
        key = self._home.mac_key(station.id).read_bytes()
        public = load_public(self._home.public_key(station.id).read_bytes())
        keys = StationKeys(key, PageKeys(key), public, station.pharmacy)
        return Enrolled(keys, station.log, bytes.fromhex(station.genesis))

    def __call__(self, station: str) -> Enrolled | None:
        """What is known of `station`."""
        return self._stations.get(station)
