"""A fresh site for a plan: keys, stations, people, planograms."""

import hashlib
import random
import secrets
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

from firmware.wire import messages
from server_stub.site import config, enrol, make
from server_stub.site.home import Home
from simulator.intake import Intake
from simulator.plan import Person, Plan, StationPlan

# A work factor for the speed of a simulation; a real board takes as many as it can do in a quarter of a second.
PIN_ROUNDS = 64
Row = list[Any]


def free_port() -> int:
    """A TCP port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_home(root: Path, plan: Plan) -> config.SiteConfig:
    """Make the site of `plan` in `root` with ports that are free; raises what `make` and `enrol` raise."""
    home = Home(root)
    make.make_site(home, "demo", broker_port=free_port(), web_port=free_port())
    enrol.add_stations(home, {station.station: station.wards for station in plan.stations})
    return config.read(home)


def with_fresh_pins(plan: Plan) -> Plan:
    """`plan` with PINs that no seed gives away: a person keeps one PIN at all stations, and no two runs share any."""
    pins: dict[str, str] = {}

    def renewed(person: Person) -> Person:
        return replace(person, pin=pins.setdefault(person.user, f"{secrets.randbelow(10**6):06}"))

    stations = tuple(replace(s, people=tuple(renewed(person) for person in s.people)) for s in plan.stations)
    return replace(plan, stations=stations)


def pin_hash(salt: bytes, pin: str, rounds: int = PIN_ROUNDS) -> bytes:
    """docs/wire.md section 3, PIN hash."""
    digest = hashlib.sha256(salt + pin.encode()).digest()
    for _ in range(rounds):
        digest = hashlib.sha256(digest + salt).digest()
    return digest[:16]


def user_row(person: Person, rng: random.Random) -> Row:
    """A row of the table `users`. Everybody may witness, and count: an interrupted pocket waits for nobody."""
    salt = rng.randbytes(8)
    roles = person.roles | messages.ROLE_COUNT | messages.ROLE_WITNESS
    digest = pin_hash(salt, person.pin)
    return [person.badge, person.user, salt.hex(), digest.hex(), PIN_ROUNDS, roles]


def tables(plan: Plan, station: StationPlan, rng: random.Random) -> dict[str, list[Row]]:
    """The first reference tables of a station, in the order in which they must arrive."""
    held = {pocket.item for pocket in station.pockets}
    items = [item for item in plan.items if item.item in held]
    return {
        "items": [[i.item, i.schedule, i.scale, 0] for i in items],
        "pockets": [[p.place, p.drawer, p.pocket, p.item, p.min, p.max, p.capacity] for p in station.pockets],
        "users": [user_row(person, rng) for person in station.people],
        "item_names": [[i.item, i.name, i.aliases] for i in items],
    }


async def load_tables(plan: Plan, intake: Intake) -> dict[str, dict[str, int]]:
    """Hand the first tables of all stations to the centre; the versions they got, by station and table."""
    rng = random.SystemRandom()
    versions: dict[str, dict[str, int]] = {}
    for station in plan.stations:
        for table, rows in tables(plan, station, rng).items():
            reply = await intake.ask("reference", station=station.station, table=table, rows=rows, mode="snapshot")
            versions.setdefault(station.station, {})[table] = reply["version"]
    return versions
