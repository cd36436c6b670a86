"""The demo: a hospital's day or calendar through the whole chain, and then something to look at."""

import asyncio
import json
import random
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from firmware.wire.messages import ROLE_CHECK
from server_stub.console.accounts import Accounts
from server_stub.site.home import Home
from simulator.picking import PickingRoom
from simulator.plan import Plan
from simulator.results import Results
from simulator.run import Run
from simulator.site import handheld_station
from simulator.world import World


@dataclass(frozen=True)
class Options:
    """What the command line asked for; `json_to` `-` is standard output, `kiosk_port` 0 a free one."""

    seed: int
    exit_after: bool
    json_to: str | None
    kills: int
    kiosk_port: int


async def demo(plan: Plan, home: Path, options: Options, console: Console) -> bool:
    """Run the demo in `home`; whether everything held."""
    world = World(plan, home, options.seed, None if options.exit_after else options.kiosk_port)
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        results = await Run(world, console, options.kills).play()
        results.show(console)
        write_json(results, options.json_to)
        if not options.exit_after:
            await _stay(world, console)
        return not results.wrong
    finally:
        await world.stop()


def write_json(results: Results, to: str | None) -> None:
    """The results as JSON to a file, or to standard output alone for `-`."""
    if to is None:
        return
    text = json.dumps(results.as_json(), indent=2) + "\n"
    if to == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        Path(to).write_text(text)


def _show_cradles(world: World, room: PickingRoom, console: Console) -> None:
    """Where somebody can put a unit of his own (docs/handheld.md)."""
    station = world.stations[handheld_station(world.plan)].plan
    person = next(person for person in station.people if person.roles & ROLE_CHECK)
    console.print("handheld apotheca handheld PORT --state FILE, with the same FILE in both cradles:")
    console.print(
        f"         PORT {room.cradle.units[0].path} (pharmacy), {room.at_station.units[0].path} ({station.station})"
    )
    console.print(f"         user label Z3|{person.user}; at the station badge {person.badge}, PIN {person.pin}")


async def _stay(world: World, console: Console) -> None:
    station = world.stations[world.kiosk_station]
    person = random.Random(world.seed).choice([p for p in station.plan.people if p.roles & 1] or station.plan.people)
    console.print(f"console  https://127.0.0.1:{world.site.web.port}/")
    for role in ("pharmacist", "administrator"):
        once = Accounts(Home(world.home).accounts).add(role, role, "demo")
        console.print(f"         sign in as {role} with the one-time password {once}")
    console.print(f"kiosk    http://127.0.0.1:{world.kiosk_port}/  ({station.plan.station})")
    console.print(f"         badge {person.badge}, PIN {person.pin} (made for this demo)")
    if world.room:
        _show_cradles(world, world.room, console)
    console.print("Ctrl-C ends the demo.")
    try:
        await world.keep_alive()
    except asyncio.CancelledError:
        console.print("ending")
