"""The site that all worlds of a process share: keys, identities, an empty database; made by production."""

import random
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from agent.keys import Signer, Verifier
from agent.outbox import Outbox
from agent.settings import Settings
from firmware.config import Config
from firmware.issue import keys_of
from firmware.version import VERSION
from server_stub.centre import Keys
from server_stub.ledger.schema import open_database
from server_stub.register import SiteRegister
from server_stub.site.enrol import add_stations
from server_stub.site.home import Home
from server_stub.site.make import make_site
from simulator.site import pin_hash
from simulator.worlds import pens

SITE = "worlds"
STATIONS = ("S1", "S2", "S3", "S4", "S5")
WARD = "W"
START_MS = 1_800_000_000_000
ALL_ROLES = 0x3FFF
DRAWERS = 3
ITEMS = (("MORP", 2), ("ACET", 0))
PLACES = (
    ("D01-P01", 1, 1, "MORP", 5, 40, 50),
    ("D01-P02", 1, 2, "ACET", 5, 40, 50),
    ("D02-P01", 2, 1, "ACET", 5, 40, 50),
    ("D03-P01", 3, 1, "MORP", 5, 40, 50),
)
USERS = (("b1", "anna", "1234"), ("b2", "ben", "4321"))
TIMINGS = (10_000, 60_000, 60_000, 120_000, 500)
_ROUNDS = 3
Row = list[Any]


def tables() -> dict[str, list[Row]]:
    """The reference tables every cabinet gets, in the order in which they are issued."""
    return {
        "items": [[item, schedule, 1, 0, 0, 0] for item, schedule in ITEMS],
        "pockets": [list(place) for place in PLACES],
        "users": [_user(*user) for user in USERS],
        "item_names": [[item, item.title(), ""] for item, _ in ITEMS],
    }


def _user(badge: str, user: str, pin: str) -> Row:
    salt = badge.encode().ljust(8, b"s")
    return [badge, user, salt.hex(), pin_hash(salt, pin, _ROUNDS).hex(), _ROUNDS, ALL_ROLES]


def beginnings(stations: Iterable[str]) -> list[Row]:
    """What the centre is asked for before anybody comes: each a `do` with its arguments."""
    issued = [
        ["reference", {"station": station, "table": table, "rows": rows, "mode": "snapshot"}]
        for station in stations
        for table, rows in tables().items()
    ]
    return [*issued, ["hospital_events", {"events": hospital_events(), "key": ""}]]


def hospital_events() -> list[dict[str, Any]]:
    """One patient with one order."""
    common = {"utc_ms": START_MS, "patient": "P1"}
    return [
        {
            **common, "type": "adt", "id": "a1", "event": "A01", "name": "Dahl, Kim", "ward": WARD, "from_ward": "",
        },
        {
            **common, "type": "order", "id": "o1", "event": "new", "order": "O1", "item": "MORP", "dose": 1,
            "start_utc_ms": START_MS, "stop_utc_ms": None,
        },
    ]  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """What provisioning gave one station."""

    station: str
    key: bytes
    signer: Signer
    verifier: Verifier
    settings: Settings

    def controller(self, sectors: int) -> Config:
        """The controller's configuration with a ring of so many sectors."""
        drawers = [[number, number - 1, number - 1, number - 1] for number in range(1, DRAWERS + 1)]
        return Config(self.station, self.settings.log, keys_of(self.key), VERSION, sectors, drawers, TIMINGS)


class Site:
    """A site in a folder in RAM, with templates of databases to copy."""

    def __init__(self) -> None:
        ram = Path("/dev/shm")  # noqa: S108 - a folder that is never written to disk
        self.folder = Path(tempfile.mkdtemp(prefix="apotheca-worlds-", dir=ram if ram.is_dir() else None))
        self.home = Home(self.folder / "home")
        # the same secrets each time: what a torn page is taken for depends on its bytes, and a seed replays exactly
        with mock.patch("secrets.token_bytes", random.Random(SITE).randbytes):
            make_site(self.home, SITE)
            add_stations(self.home, {station: (WARD,) for station in STATIONS})
        self.register = SiteRegister(self.home)
        self.keys = Keys.read(self.home)
        self.identities = {station: self._identity(station) for station in STATIONS}
        self._lend_pens()
        self.centre_template = self.folder / "centre.template"
        open_database(f"sqlite:///{self.centre_template}").dispose()
        self.outbox_templates = {station: self._outbox(station) for station in STATIONS}
        self._spoken: Any = None

    def share(self, engine: Any) -> None:
        """Statements are compiled once for all centres of all worlds: a quarter of the time of a world."""
        if self._spoken is None:
            self._spoken = engine.dialect, engine._compiled_cache
        engine.dialect, engine._compiled_cache = self._spoken

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _lend_pens(self) -> None:
        pens.remember(self.keys.signer, *(identity.verifier for identity in self.identities.values()))
        for station, identity in self.identities.items():
            enrolled, pen = self.register._stations[station], pens.remember(identity.signer)
            self.register._stations[station] = enrolled._replace(keys=enrolled.keys._replace(public=pen))

    def _identity(self, station: str) -> Identity:
        folder = self.home.station(station)
        settings = Settings(folder, station, SITE, self.register.names.shard, 1, (WARD,), "broker", 1, 1000, folder)
        signer = Signer.load(folder / "sign.key", station)
        verifier = Verifier.load(folder / "centre-sign.pub", "centre")
        return Identity(station, self.home.mac_key(station).read_bytes(), signer, verifier, settings)

    def _outbox(self, station: str) -> Path:
        path = self.folder / f"outbox.{station}.template"
        Outbox(path, station, 1).close()
        return path
