"""A new site: authority, certificates, keys, token, configuration. Nothing is default, nothing is shared."""

import secrets

from firmware.journal import entry
from firmware.version import VERSION
from server_stub.site import address, broker, config, identities, pki, release, signers, treekey
from server_stub.site.home import Home, make_folder, write_private

CENTRE_LOG = 1


class SiteExists(Exception):
    """There is a site in that home already."""


def make_site(
    home: Home, site: str, *, broker_port: int = 18883, web_port: int = 8443, host: str = address.LOOPBACK
) -> config.SiteConfig:
    """Make site `site` in `home`; `host` is this computer as cabinets reach it. Raises SiteExists, and ValueError for a
    bad id, port or host."""
    if home.config.exists() or home.keys.exists():
        raise SiteExists(f"{home.root} holds a site already: choose another --home, or remove that folder yourself")
    log_key = secrets.token_bytes(32)
    genesis = entry.genesis(identities.CENTRE, CENTRE_LOG, log_key, VERSION)
    made = config.SiteConfig(
        site=config.Site(id=site, genesis=genesis.hex()),
        broker=config.Broker(host=host, port=broker_port),
        web=config.Web(host=host, port=web_port),
    )
    for folder in (home.root, home.keys, home.run, home.broker, home.keys / "stations", home.root / "stations"):
        make_folder(folder)
    _write_keys(home, made, log_key)
    broker.write_configuration(home, made)
    config.write(home, made)
    return made


def _write_keys(home: Home, made: config.SiteConfig, log_key: bytes) -> None:
    keys, site = home.keys, made.site.id
    pki.make_authority(*home.authority, site)
    identities.write(home, identities.pairs(home, made))
    for name in signers.TITLES:
        signers.ensure(home, name)
    release.ensure(home)
    treekey.ensure(home, site)
    write_private(keys / "supplier-token.key", secrets.token_bytes(32))
    write_private(keys / "centre-log.key", log_key)
    write_private(keys / "hospital.token", secrets.token_urlsafe(32).encode())
