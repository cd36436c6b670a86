"""A fresh site for a plan: keys, stations, people, planograms."""

import hashlib
import random
import secrets
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

from firmware.wire import cbor
from server_stub.site import config, enrol, make
from server_stub.site.home import Home, write_private
from simulator.cabinet.cabinet import bin_wiring
from simulator.intake import Intake
from simulator.picking import PHARMACY
from simulator.plan import Action, LetIn, Person, Plan, Refill, StationPlan, Visit

# A work factor for the speed of a simulation; a real board takes as many as it can do in a quarter of a second.
PIN_ROUNDS = 64
DRAWERS = 6  # field of controller.cbor
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
    if handheld_station(plan):
        enrol.add_station(home, PHARMACY, ("PHARMACY",), board=config.PHARMACY_BOARD)
    for station in plan.stations:
        if station.bin_drawer:
            _fit_bin(home.controller(station.station) / "controller.cbor", station.bin_drawer)
    return config.read(home)


def handheld_visits(plan: Plan) -> list[Visit]:
    """Visits that restock as the pharmacy's list says the one cabinet with a cradle: the middle one of several."""
    number = len(plan.stations)
    place = plan.stations[number // 2].station if number > 1 else ""
    visits = (visit for visit in plan.visits if visit.station == place and Refill() in visit.actions)
    return sorted(visits, key=lambda visit: visit.at_ms)


def handheld_station(plan: Plan) -> str:
    """The station that they go to; "" if there is none, and no pharmacy then."""
    return next((visit.station for visit in handheld_visits(plan)), "")


def _fit_bin(path: Path, drawer: int) -> None:
    """One drawer of the cabinet is its return bin (docs/interfaces.md, controller.cbor)."""
    record = cbor.decode(path.read_bytes())
    record[DRAWERS] = [[*row[:4], *bin_wiring(drawer)[1:]] if row[0] == drawer else row for row in record[DRAWERS]]
    write_private(path, cbor.encode(record))


def with_fresh_pins(plan: Plan) -> Plan:
    """`plan` with PINs that no seed gives away: a person keeps one PIN at all stations, and no two runs share any."""
    pins: dict[str, str] = {}

    def renewed(person: Person) -> Person:
        return replace(person, pin=pins.setdefault(person.user, f"{secrets.randbelow(10**6):06}"))

    def let_in(action: Action | LetIn) -> Action | LetIn:
        if not isinstance(action, LetIn):
            return action
        return replace(action, guest=renewed(action.guest), own_pin=f"{secrets.randbelow(10**6):06}")

    stations = tuple(replace(s, people=tuple(renewed(person) for person in s.people)) for s in plan.stations)
    visits = [replace(visit, actions=tuple(let_in(action) for action in visit.actions)) for visit in plan.visits]
    return replace(plan, stations=stations, visits=visits)


def pin_hash(salt: bytes, pin: str, rounds: int = PIN_ROUNDS) -> bytes:
    """docs/wire.md section 3, PIN hash."""
    digest = hashlib.sha256(salt + pin.encode()).digest()
    for _ in range(rounds):
        digest = hashlib.sha256(digest + salt).digest()
    return digest[:16]


def user_row(person: Person, rng: random.Random) -> Row:
    """A row of the table `users`."""
    salt = rng.randbytes(8)
    digest = pin_hash(salt, person.pin)
    return [person.badge, person.user, salt.hex(), digest.hex(), PIN_ROUNDS, person.roles]


def tables(plan: Plan, station: StationPlan, rng: random.Random) -> dict[str, list[Row]]:
    """The first reference tables of a station, in the order in which they must arrive; none that has no rows."""
    held = {pocket.item for pocket in station.pockets}
    items = [item for item in plan.items if item.item in held]
    made = {
        "items": [[i.item, i.schedule, i.scale, i.flags, i.item_class, i.prompt] for i in items],
        "pockets": [[p.place, p.drawer, p.pocket, p.item, p.min, p.max, p.capacity] for p in station.pockets],
        "users": [user_row(person, rng) for person in station.people],
        "item_names": [[i.item, i.name, i.aliases] for i in items],
        "overrides": [list(row) for row in station.overrides],
        "kits": [[line.line, line.kit, line.item, line.quantity] for line in station.kits],
        "policy": [list(row) for row in station.policy],
        "item_codes": [[i.code, i.item] for i in items if i.code],
        "prompts": [list(row) for row in plan.prompts],
    }
    return {table: rows for table, rows in made.items() if rows}


async def load_tables(plan: Plan, intake: Intake) -> dict[str, dict[str, int]]:
    """Hand the first tables of all stations to the centre; the versions they got, by station and table."""
    rng = random.SystemRandom()
    versions: dict[str, dict[str, int]] = {}
    for station in plan.stations:
        for table, rows in tables(plan, station, rng).items():
            reply = await intake.ask("reference", station=station.station, table=table, rows=rows, mode="snapshot")
            versions.setdefault(station.station, {})[table] = reply["version"]
    return versions
