"""Mosquitto instead of NATS: its configuration, each certificate with the least rights that do (docs/wire.md 4).

Mosquitto acknowledges before its disk does, rewrites its whole store when it saves, and drops what exceeds its queue;
it says so to nobody. None of that matters here: a PUBACK means nothing, entries are sent until the centre answers.
"""

import getpass

from server_stub.site.address import listen_at
from server_stub.site.config import SiteConfig
from server_stub.site.home import Home, write_private


def main_text(home: Home, config: SiteConfig) -> str:
    """`mosquitto.conf`: TLS with client certificates only, the name in the certificate is the user and the client id.

    It runs as the user who starts it: as another one Mosquitto would go on without its store if it may not write it.
    """
    broker, keys = home.broker.absolute(), home.keys.absolute()
    return f"""user {getpass.getuser()}
pid_file {broker / "mosquitto.pid"}
listener {config.broker.port} {listen_at(config.broker.host)}
cafile {keys / "ca.crt"}
certfile {keys / "broker.crt"}
keyfile {keys / "broker.key"}
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {broker / "mosquitto.acl"}
persistence true
persistence_location {broker}/
autosave_interval 1
autosave_on_changes true
"""


def acl_text(config: SiteConfig) -> str:
    """`mosquitto.acl`: one user a certificate; who is not named here may nothing, whoever signed the certificate."""
    site, named = f"apotheca/1/{config.site.id}", config.site.common_name
    users = [
        _rights(named("centre"), [f"{site}/+/+/down/+", f"{site}/feed/+", f"{site}/supplier/+"], [f"{site}/+/+/up/#"]),
        _rights(named("feed"), [], [f"{site}/feed/#"]),
        _rights(named("supplier"), [], [f"{site}/supplier/#"]),
    ]
    for station in config.station:
        own = f"{site}/{config.shard_of(station)}/{station.id}"
        users.append(_rights(station.common_name, [f"{own}/up/+"], [f"{own}/down/#"]))
    return "\n".join(users)


def _rights(name: str, write: list[str], read: list[str]) -> str:
    lines = [f"user {name}", *(f"topic write {topic}" for topic in write), *(f"topic read {topic}" for topic in read)]
    return "\n".join([*lines, ""])


def write_configuration(home: Home, config: SiteConfig) -> None:
    """Write both files of a site; a running Mosquitto takes the rights up with SIGHUP."""
    write_private(home.broker / "mosquitto.acl", acl_text(config).encode())
    write_private(home.broker / "mosquitto.conf", main_text(home, config).encode())
