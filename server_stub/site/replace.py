"""A controller is replaced: a new identity under the next log of its station, which names where the old log ended and
the two people who signed. The history stays: the old log keeps its genesis in the ledger, its key beside the new one.
"""

import secrets
from typing import NamedTuple

from firmware.compat import derive
from firmware.journal import entry
from firmware.ports.install import BEFORE, PURPOSE
from firmware.version import VERSION
from firmware.wire import sealed
from server_stub.site import boards, config
from server_stub.site.enrol import NotEnrolled, agent_settings, drawers_of, write_identity
from server_stub.site.home import Home, make_folder, write_private

FOLDER = "replacement"


class Ended(NamedTuple):
    """Where the ledger has the old log's end, and who signed for it."""

    seq: int
    head: bytes
    one: str
    other: str


def station_of(site: config.SiteConfig, station: str) -> config.Station:
    """The station as the site has it; raises NotEnrolled."""
    for one in site.station:
        if one.id == station:
            return one
    raise NotEnrolled(f"{station} is not enrolled here")


def replace_controller(home: Home, station: str, ended: Ended, *, board: str, planogram: str) -> config.Station:
    """Make the new identity (in `stations/ID/replacement/`, for `apotheca cabinet replace`) and have the centre expect
    the new log; raises NotEnrolled and then changes nothing."""
    site = config.read(home)
    old, key, layout = station_of(site, station), secrets.token_bytes(32), boards.read(board)
    drawers = drawers_of(layout, planogram)
    genesis = entry.genesis(station, old.log + 1, key, VERSION)
    new = old.model_copy(update={"log": old.log + 1, "genesis": genesis.hex()})
    changed = site.model_copy(update={"station": tuple(new if one.id == station else one for one in site.station)})
    before = sealed.seal([1, station, new.log, old.log, *ended], derive(key, PURPOSE))
    folder = make_folder(home.station(station) / FOLDER)
    write_identity(folder, new, key, layout, drawers)
    write_private(folder / BEFORE, before)
    write_private(folder / "agent.toml", agent_settings(changed, new))
    mac = home.mac_key(station)
    put_away = mac.with_name(f"{mac.name}.{old.log}")
    # it is there if a replacement was cut here before: then `mac` is already another one
    if not put_away.exists():
        write_private(put_away, mac.read_bytes())
    write_private(mac, key)
    config.write(home, changed)
    return new
