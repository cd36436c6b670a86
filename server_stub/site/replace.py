"""A controller is replaced: a new identity under the next log of its station, which names where the old log ended and
the two people who signed, and a new certificate for its agent. The history stays: the old log keeps its genesis in the
ledger, its key beside the new one.
"""

import secrets
from typing import NamedTuple

from firmware.compat import derive
from firmware.journal import entry
from firmware.ports.install import BEFORE, PURPOSE
from firmware.version import VERSION
from firmware.wire import sealed
from server_stub.site import boards, broker, config, pki, planograms
from server_stub.site.enrol import TLS, NotEnrolled, agent_settings, drawers_of, write_identity
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


def fitted_as(old: config.Station, board: str, planogram: str) -> dict[str, str]:
    """Board and planogram of the new controller: those named, else the old one's; raises NotEnrolled where nothing says
    what that has, and for a cabinet that would become a pharmacy's computer or the other way round."""
    fitted = {"board": board or old.board, "planogram": planogram or old.planogram}
    lacking = [f"--{what}" for what, name in fitted.items() if not name]
    if lacking:
        none = f"; --planogram {planograms.NONE}: all drawers matrix" if not fitted["planogram"] else ""
        raise NotEnrolled(f"{old.id} was enrolled before that was kept: say what it has, {' and '.join(lacking)}{none}")
    if old.board and old.pharmacy != (fitted["board"] == config.PHARMACY_BOARD):
        raise NotEnrolled(f"{old.id} was enrolled with the board {old.board}: enrol the other computer by itself")
    return fitted


def replace_controller(home: Home, station: str, ended: Ended, *, board: str, planogram: str) -> config.Station:
    """Make the new identity (in `stations/ID/replacement/`, for `apotheca cabinet replace`), have the centre expect the
    new log, and the broker the new certificate: the old one is refused from now on. "" for `board` and `planogram`:
    those of the old controller. Raises NotEnrolled and BrokerRefused and then changes nothing."""
    site = config.read(home)
    old, key = station_of(site, station), secrets.token_bytes(32)
    fitted = fitted_as(old, board, planogram)
    layout = boards.read(fitted["board"])
    drawers = drawers_of(layout, fitted["planogram"])
    genesis = entry.genesis(station, old.log + 1, key, VERSION)
    log = {"log": old.log + 1, "genesis": genesis.hex(), "credential": old.credential + 1}
    new = old.model_copy(update=fitted | log)
    changed = site.with_station(new)
    identity = pki.pair(home.authority, new.common_name)
    # first: whoever stole the old one is out, also if this is cut short and signed again
    broker.adopt(home, site.with_station(old.model_copy(update={"credential": new.credential})))
    folder = make_folder(home.station(station) / FOLDER)
    write_identity(folder, new, key, layout, drawers)
    identity.write(folder, TLS)
    write_private(folder / BEFORE, sealed.seal([1, station, new.log, old.log, *ended], derive(key, PURPOSE)))
    write_private(folder / "agent.toml", agent_settings(changed, new))
    _put_away(home, old, key)
    config.write(home, changed)
    return new


def _put_away(home: Home, old: config.Station, key: bytes) -> None:
    """The new K in place of the old one, which stays beside it: old entries are verified with it."""
    mac = home.mac_key(old.id)
    put_away = mac.with_name(f"{mac.name}.{old.log}")
    # it is there if a replacement was cut here before: then `mac` is already another one
    if not put_away.exists():
        write_private(put_away, mac.read_bytes())
    write_private(mac, key)
