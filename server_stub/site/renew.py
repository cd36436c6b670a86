"""Certificates anew, before they end or when somebody else may have one: only the new one is good at the broker."""

from server_stub.site import broker, config, identities, pki, release, signers
from server_stub.site.enrol import TLS
from server_stub.site.home import Home, write_private
from server_stub.site.replace import FOLDER, station_of

# of `stations/ID`, for that station's computer
OF_A_STATION = (f"{TLS}.key", f"{TLS}.crt", "sign.crt")


def renew_station(home: Home, station: str) -> config.Station:
    """A new TLS key and certificate for the agent of a station, and a new certificate of its signing key. Cut short,
    the same call again mends it. Raises NotEnrolled and BrokerRefused and then changes nothing."""
    site = config.read(home)
    old = station_of(site, station)
    new = old.model_copy(update={"credential": old.credential + 1})
    made, certificate = pki.pair(home.authority, new.common_name), release.certified(home, station)
    changed = site.with_station(new)
    broker.update_users(home, changed)
    config.write(home, changed)
    folder = home.station(station)
    made.write(folder, TLS)
    write_private(folder / "sign.crt", certificate)
    # a replacement that still waits must not bring back an older one
    for name in OF_A_STATION:
        (folder / FOLDER / name).unlink(missing_ok=True)
    return new


def renew_site(home: Home) -> config.SiteConfig:
    """New TLS keys and certificates for the site's own processes and those who read what the centre publishes, and new
    certificates of its signing keys. Cut short, the same call again mends it. Raises BrokerRefused and then changes
    nothing of what is in use."""
    old = config.read(home)
    site = old.site.model_copy(update={"credential": old.site.credential + 1})
    changed = old.model_copy(update={"site": site})
    for name in signers.TITLES:
        signers.ensure(home, name)
    made = identities.pairs(home, changed)
    certificates = {name: signers.certified(home, name) for name in signers.TITLES}
    broker.update_users(home, changed)
    config.write(home, changed)
    identities.write(home, made)
    for name, certificate in certificates.items():
        write_private(home.keys / f"{name}.crt", certificate)
    return changed
