"""The broker's configuration: NATS as MQTT broker, each certificate with the least rights that do (docs/wire.md 4).

For Mosquitto in its place: mosquitto.py.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from server_stub.site import config as site_config
from server_stub.site import mosquitto, pki
from server_stub.site.address import listen_at
from server_stub.site.config import SiteConfig
from server_stub.site.home import Home, make_folder, write_private

_CENTRE_SENDS = ("*.*.down.*", "feed.*", "supplier.*")


class BrokerRefused(Exception):
    """The broker would not take the configuration; nothing was changed."""


def executable() -> str:
    """The nats-server beside this interpreter, else the one on the path; raises BrokerRefused if there is none."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise BrokerRefused("nats-server is not installed: run `make setup`")
    return found


def main_text(home: Home, config: SiteConfig) -> str:
    """`nats.conf`. The native port must be open but serves nobody: a free one on loopback (-1), refusing who comes."""
    broker = home.broker.absolute()
    keys = home.keys.absolute()
    return f"""server_name: {json.dumps("apotheca-" + config.site.id)}
listen: "127.0.0.1:-1"
pid_file: {json.dumps(str(broker / "nats.pid"))}
jetstream {{ store_dir: {json.dumps(str(broker / "data"))}, sync_interval: always }}
mqtt {{
  listen: {json.dumps(f"{listen_at(config.broker.host)}:{config.broker.port}")}
  ack_wait: "10s"
  max_ack_pending: 100
  tls {{
    cert_file: {json.dumps(str(keys / "broker.crt"))}
    key_file: {json.dumps(str(keys / "broker.key"))}
    ca_file: {json.dumps(str(keys / "ca.crt"))}
    verify_and_map: true
    timeout: 5
  }}
}}
accounts {{
  APO {{
    jetstream: enabled
    include ./users.conf
  }}
}}
"""


def users_text(config: SiteConfig) -> str:
    """`users.conf`: one user a certificate; an older one of the same name is nobody's. A filter that ends in `.>` needs
    its parent as well, to subscribe `x/#`."""
    site = config.site.id
    named = config.site.common_name
    users = [
        _user(named("centre"), [f"apotheca.1.{site}.{way}" for way in _CENTRE_SENDS], _tree(f"{site}.*.*.up")),
        _user(named("feed"), [], _tree(f"{site}.feed")),
        _user(named("supplier"), [], _tree(f"{site}.supplier")),
    ]
    for station in config.station:
        own = f"{site}.{config.shard_of(station)}.{station.id}"
        users.append(_user(station.common_name, [f"apotheca.1.{own}.up.*"], _tree(f"{own}.down")))
    return "users: [\n" + "\n".join(users) + "\n]\n"


def _tree(under: str) -> list[str]:
    return [f"apotheca.1.{under}", f"apotheca.1.{under}.>"]


def _user(name: str, publish: list[str], subscribe: list[str]) -> str:
    allowed = json.dumps(publish) if publish else '{ deny: [">"] }'
    return f'  {{ user: "CN={name}", permissions: {{ publish: {allowed}, subscribe: {json.dumps(subscribe)} }} }}'


def write_configuration(home: Home, config: SiteConfig) -> None:
    """Write all files."""
    write_private(home.broker / "users.conf", users_text(config).encode())
    write_private(home.broker / "nats.conf", main_text(home, config).encode())
    mosquitto.write_configuration(home, config)


def renew_configuration(home: Home, config: SiteConfig) -> None:
    """Write all files anew for a broker that is about to start; raises BrokerRefused, as `adopt`."""
    _check(home, main_text(home, config), users_text(config))
    write_configuration(home, config)


def adopt(home: Home, config: SiteConfig) -> None:
    """Write `config` to site.toml and its users to `users.conf`, and have a running broker take them up: who is none
    any more is thrown out.

    The whole configuration is tried first; raises BrokerRefused and leaves the old one if it would not load.
    """
    users, main = users_text(config), home.broker / "nats.conf"
    # a broker that runs takes up users only: what else has changed in site.toml waits for its next start
    _check(home, main.read_text() if main.exists() else main_text(home, config), users)
    # first: a broker that starts writes the users of site.toml, and must let nobody in again
    site_config.write(home, config)
    write_private(home.broker / "users.conf", users.encode())
    mosquitto.write_configuration(home, config)
    reload(home)


def _check(home: Home, main: str, users: str) -> None:
    if not pki.belong(home.keys, "broker"):
        raise BrokerRefused("keys/broker.crt and broker.key are no pair: give `apotheca server renew`")
    with tempfile.TemporaryDirectory(dir=make_folder(home.broker)) as folder:
        path = Path(folder, "nats.conf")
        path.write_text(main)
        path.with_name("users.conf").write_text(users)
        command = [executable(), "-c", str(path), "-t"]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode:
        raise BrokerRefused(f"the broker refuses its configuration, nothing was changed: {tried.stderr.strip()}")


def reload(home: Home) -> None:
    """SIGHUP the broker of this home, whichever of the two it is, if it runs."""
    for file, name in (("nats.pid", b"nats-server"), ("mosquitto.pid", b"mosquitto")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
            pid = int((home.broker / file).read_text())
            if name in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGHUP)
