"""Enrolment: a station gets its key, certificate and files, and the site learns of it (docs/interfaces.md, Home)."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from firmware import issue
from firmware.journal import entry
from firmware.version import VERSION
from firmware.wire import cbor
from server_stub.site import boards, broker, config, identities, pki, planograms, release, treekey
from server_stub.site.home import Home, make_folder, write_private

FIRST_LOG = 1
# name of a station's certificate and key without their endings
TLS = "tls"


class NotEnrolled(Exception):
    """The station can not be added; the text says why."""


def add_station(  # noqa: PLR0913 - what there is to say of a station
    home: Home,
    station: str,
    wards: Iterable[str],
    *,
    board: str = "linux-bus",
    planogram: str = planograms.NONE,
    shard: str = "",
) -> config.Station:
    """Enrol one station; raises NotEnrolled and then changes nothing of the site."""
    return add_stations(home, {station: tuple(wards)}, board=board, planogram=planogram, shard=shard)[0]


def add_stations(
    home: Home,
    wards: dict[str, tuple[str, ...]],
    *,
    board: str = "linux-bus",
    planogram: str = planograms.NONE,
    shard: str = "",
) -> list[config.Station]:
    """Enrol several stations at once (`wards` by station id): the broker takes up one change. Without a planogram all
    drawers of the board are matrix drawers; without a `shard` they are of the site's own."""
    site = config.read(home)
    known = {s.id for s in site.station}
    layout = boards.read(board)
    drawers = drawers_of(layout, planogram)
    added, keys = [], {}
    for station, its_wards in wards.items():
        if station in known or station in identities.NAMES:
            raise NotEnrolled(f"{station} is taken: choose another station id")
        keys[station] = secrets.token_bytes(32)
        described = {"id": station, "wards": its_wards, "board": board, "planogram": planogram, "shard": shard}
        added.append(_describe(described, keys[station]))
    grown = site.model_copy(update={"station": (*site.station, *added)})
    for one in added:
        folder = make_folder(home.controller(one.id))
        make_folder(folder / "tables")
        write_identity(folder, one, keys[one.id], layout, drawers)
        _write_agent(home, grown, one)
        if not layout.drawer:
            write_token(home, one.id)
        write_private(home.mac_key(one.id), keys[one.id])
    broker.adopt(home, grown)
    return added


def _describe(station: dict[str, Any], key: bytes) -> config.Station:
    genesis = entry.genesis(station["id"], FIRST_LOG, key, VERSION)
    try:
        return config.Station(**station, log=FIRST_LOG, genesis=genesis.hex())
    except ValidationError:
        ids = f"{station['id']!r} or {station['shard']!r}"
        raise NotEnrolled(f"{ids} is no id: 1 to 32 letters, digits, - and _") from None


def drawers_of(board: boards.Board, planogram: str) -> list[list[int]]:
    """The `drawers` of controller.cbor; raises NotEnrolled for a planogram that is none, or does not fit."""
    try:
        return boards.rows(board, None if planogram == planograms.NONE else planograms.read(planogram))
    except (planograms.BadPlanogram, boards.DoesNotFit) as error:
        raise NotEnrolled(str(error)) from None


def write_identity(
    folder: Path, station: config.Station, key: bytes, board: boards.Board, drawers: list[list[int]]
) -> None:
    """What the controller gets of the station's log: controller.cbor, and the first page of its ring."""
    t = board.timings
    timings = [t.release_ms, t.ajar_ms, t.confirm_ms, t.idle_ms, t.latch_ms]
    record = [2, station.id, station.log, issue.keys_of(key), VERSION, board.ring_sectors, drawers, timings]
    write_private(folder / "controller.cbor", bytes(cbor.encode([*record, board.hardware()])))
    write_private(folder / "ring.bin", issue.ring_start(key))


def _write_agent(home: Home, site: config.SiteConfig, station: config.Station) -> None:
    folder = make_folder(home.station(station.id))
    pki.pair(home.authority, station.common_name).write(folder, TLS)
    pki.make_signing_pair(folder / "sign.key", home.public_key(station.id))
    release.certify(home, station.id)
    for name in ("ca.crt", "centre-sign.pub"):
        write_private(folder / name, (home.keys / name).read_bytes())
    release.hand_out(home, station.id)
    treekey.hand_out(home, station.id)
    write_private(folder / "agent.toml", agent_settings(site, station))


def agent_settings(site: config.SiteConfig, station: config.Station) -> bytes:
    """agent.toml of the station's log; it holds on any computer, wherever its home is."""
    fields = {
        "station": station.id,
        "log": station.log,
        "site": site.site.id,
        "shard": site.shard_of(station),
        "ward": ", ".join(station.wards),
        "broker_host": site.broker.host,
        "broker_port": site.broker.port,
        "api_url": f"https://{site.web.host}:{site.web.port}",
    }
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in fields.items()).encode()


def write_token(home: Home, station: str) -> None:
    """A new token for a station without drawers, the pharmacy's interface computer, to read the centre's API with: the
    centre keeps its hash only."""
    token = secrets.token_urlsafe(32)
    write_private(home.station(station) / "api.token", token.encode())
    write_private(home.token_hash(station), hashlib.sha256(token.encode()).hexdigest().encode())
