"""Certificates anew, before they end or when somebody else may have one: only the new one is good at the broker."""

from server_stub.site import broker, config, identities, pki, release, signers
from server_stub.site.enrol import TLS, write_token
from server_stub.site.home import Home, write_private
from server_stub.site.replace import FOLDER, station_of

# of `stations/ID`, for that station's computer
OF_A_STATION = (f"{TLS}.key", f"{TLS}.crt", "sign.crt")
OF_A_PHARMACY = (*OF_A_STATION, "api.token")


def renew_station(home: Home, station: str) -> config.Station:
    """A new TLS key and certificate for the agent of a station, a new certificate of its signing key, and a pharmacy's
    new token. Cut short, the same call again mends it. Raises NotEnrolled, BrokerRefused and pki.Unusable and then
    changes nothing."""
    site = config.read(home)
    old = station_of(site, station)
    new = old.model_copy(update={"credential": old.credential + 1})
    made, certificate = pki.pair(home.authority, new.common_name), release.certified(home, station)
    broker.adopt(home, site.with_station(new))
    folder = home.station(station)
    made.write(folder, TLS)
    write_private(folder / "sign.crt", certificate)
    if new.pharmacy:
        write_token(home, station)
    # a replacement that still waits must not bring back an older one
    for name in OF_A_STATION:
        (folder / FOLDER / name).unlink(missing_ok=True)
    return new


def renew_site(home: Home) -> config.SiteConfig:
    """New TLS keys and certificates for the site's own processes and those who read what the centre publishes, and new
    certificates of its signing keys. Cut short, the same call again mends it. Raises BrokerRefused and pki.Unusable and
    then changes nothing of what is in use."""
    old = config.read(home)
    site = old.site.model_copy(update={"credential": old.site.credential + 1})
    changed = old.model_copy(update={"site": site})
    for name in signers.TITLES:
        signers.ensure(home, name)
    made = identities.pairs(home, changed)
    certificates = {name: signers.certified(home, name) for name in signers.TITLES}
    # a renewal that was cut between the two: a broker would refuse every configuration
    if not pki.belong(home.keys, "broker"):
        made["broker"].write(home.keys, "broker")
    broker.adopt(home, changed)
    identities.write(home, made)
    for name, certificate in certificates.items():
        write_private(home.keys / f"{name}.crt", certificate)
    # once more: a broker that met key and certificate half written has refused all of it
    broker.reload(home)
    return changed
