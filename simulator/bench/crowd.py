"""A site with thousands of enrolled stations that share their keys' bytes: enrolling each for real takes a minute."""

from functools import partial
from pathlib import Path

from agent.keys import Signer
from firmware.journal import entry
from firmware.version import VERSION
from server_stub.site import config
from server_stub.site.home import Home
from simulator import site
from simulator.bench.entries import ENTRIES_A_PATIENT, Author
from simulator.plan import Plan, StationPlan

UTC_MS = 1_700_000_000_000
FIRST = "S1"


def make_home(root: Path, stations: int) -> Home:
    """A site with so many stations, S1 the first; S1 alone has an agent's files."""
    site.make_home(root, Plan(UTC_MS, UTC_MS, (), (StationPlan(FIRST, ("W1",), (), ()),)))
    home = Home(root)
    known = config.read(home)
    key, public = home.mac_key(FIRST).read_bytes(), home.public_key(FIRST).read_bytes()
    more = []
    for name in (f"S{n}" for n in range(2, stations + 1)):
        home.mac_key(name).write_bytes(key)
        home.public_key(name).write_bytes(public)
        genesis = entry.genesis(name, 1, key, VERSION).hex()
        more.append(known.station[0].model_copy(update={"id": name, "genesis": genesis}))
    config.write(home, known.model_copy(update={"station": (*known.station, *more)}))
    return home


def authors(home: Home) -> list[Author]:
    """Who writes for each station, of patients of its own."""
    key = home.mac_key(FIRST).read_bytes()
    path = home.station(FIRST) / "sign.key"
    return [
        Author(one, key, Signer.load(path, one.id), UTC_MS, patients=partial(_patient, one.id))
        for one in config.read(home).station
    ]


def _patient(station: str, txn: int) -> str:
    return f"{station}P{txn // ENTRIES_A_PATIENT}"
