"""From the touch on `remove` to the energised lock, against the link alone.

A whole site runs: MicroPython controller, virtual cabinet, agent, broker, centre. A small and a full station are used
one after the other, by the simulator's own nurses.
"""

import asyncio
import os
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from firmware import schema
from firmware.wire import cbor, frame, messages
from simulator.bench import measure, rig, show
from simulator.cabinet.cabinet import LOCKS
from simulator.panel import Panel, Reply
from simulator.plan import Item, Person, Plan, Pocket, Refill, Remove, StationPlan, Visit
from simulator.station import Station
from simulator.wire import Wire
from simulator.world import World

START_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
ALL_ROLES = 31
PATIENT = "P0000001"
READ_BYTES = 65536
PLENTY = 9999


@dataclass(frozen=True)
class Sizes:
    """Removals at each station, and the pockets of each."""

    removals: int = 200
    pockets: tuple[int, ...] = (16, schema.POCKETS.limit)


def run(console: Console, sizes: Sizes | None = None) -> dict[str, Any]:
    """Measure; docs/benchmarks.md says what the keys mean."""
    return asyncio.run(_run(console, sizes or Sizes()))


async def _run(console: Console, sizes: Sizes) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="apotheca-bench-") as folder:
        world = World(_plan(sizes), Path(folder) / "home")
        console.print("a site comes up")
        try:
            growth = await world.crew.guard(_measure(world, console, sizes))
        finally:
            await world.stop()
    console.print("echo over the same kind of cable")
    echo = measure.spread(await _echoes(sizes.removals))
    for row in growth:
        row["touch_over_echo"] = measure.over(row["touch"], echo)
    show.table(console, "From touch to energised lock", [_flat(row, echo) for row in growth])
    return {"bench": "touch", "echo": echo, "growth": growth}


async def _measure(world: World, console: Console, sizes: Sizes) -> list[dict[str, Any]]:
    await world.start()
    watches = {name: Watch(station) for name, station in world.stations.items()}
    console.print(f"{sizes.removals} removals at each of {len(watches)} stations")
    await world.play()
    rows: list[dict[str, Any]] = []
    for (name, watch), pockets in zip(watches.items(), sizes.pockets, strict=True):
        touch = measure.spread(watch.seconds)
        state = measure.spread(await _states(world.stations[name].panel, sizes.removals))
        over = {"touch_over_state": measure.over(touch, state)}
        rows.append({"pockets": pockets, "touch": touch, "state_request": state, **over})
        watch.seconds.clear()
    console.print("the same while broker and centre are down")
    await _alone(world, sizes.removals)
    for row, watch in zip(rows, watches.values(), strict=True):
        alone = measure.spread(watch.seconds)
        row |= {"alone": alone, "alone_over_touch": measure.over(alone, row["touch"])}
    return rows


async def _alone(world: World, removals: int) -> None:
    """End the broker and the centre; then as many removals again at each station."""
    for name in ("server", "broker"):
        await world.crew.keepers[name].stop()
    at_ms = world.clock.latest()
    for name, station in world.stations.items():
        station.before = _nobody_tells
        at_ms += 10 * HOUR_MS
        removal = Remove("", PATIENT, "", world.plan.items[0].item, 1, 0, "")
        station.expect(Visit(at_ms, name, station.a_user(), (removal,) * removals))
    while any(station.visits_open for station in world.stations.values()):
        at_ms += HOUR_MS
        await world.clock.run(at_ms)


async def _nobody_tells(_station: str) -> None:
    """There is no centre that hospital time could come from."""


@dataclass
class Watch:
    """Notes the time from each `remove` at a station's panel to the first lock energised after it."""

    station: Station
    seconds: list[float] = field(default_factory=list)
    _asked: float | None = None

    def __post_init__(self) -> None:
        locks, panel = self.station.cabinet.expanders[LOCKS], self.station.panel
        moved, act = locks.on_output, panel.act

        def note() -> None:
            if locks.outputs and self._asked is not None:
                self.seconds.append(time.perf_counter() - self._asked)
                self._asked = None
            moved()

        async def touch(do: str, **args: Any) -> Reply:
            if do == "remove":
                self._asked = time.perf_counter()
            return await act(do, **args)

        locks.on_output = note
        panel.act = touch  # type: ignore[method-assign]


async def _states(panel: Panel, count: int) -> list[float]:
    """Seconds of `state` requests over panel socket, agent and link, and back."""
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        await panel.look()
        taken.append(time.perf_counter() - began)
    return taken


async def _echoes(count: int) -> list[float]:
    """Seconds of a `remove` request's frame to a MicroPython that only sends it back."""
    args = [PATIENT, "", "I000", 1, None, None, 0, "", 0]
    sent = frame.encode(cbor.encode([messages.REQUEST, 1, messages.REMOVE, args]))
    wire = Wire()
    wire.plug_in()
    wire.power(True)
    fd = wire.open_controller_end()
    process = await rig.start("echo.py", str(fd), fds=[fd])
    try:
        await asyncio.wait_for(_echo(wire.agent.slave, sent), rig.ENOUGH_S)
        return [await asyncio.wait_for(_echo(wire.agent.slave, sent), rig.ENOUGH_S) for _ in range(count)]
    finally:
        await rig.end(process)
        wire.close()


async def _echo(fd: int, sent: bytes) -> float:
    loop, left, done = asyncio.get_running_loop(), len(sent), asyncio.Event()

    def readable() -> None:
        nonlocal left
        left -= len(os.read(fd, READ_BYTES))
        if left <= 0:
            done.set()

    loop.add_reader(fd, readable)
    began = time.perf_counter()
    os.write(fd, sent)
    try:
        await done.wait()
    finally:
        loop.remove_reader(fd)
    return time.perf_counter() - began


def _plan(sizes: Sizes) -> Plan:
    """A small and a full station; at each a refill and a visit with all removals, hours apart."""
    items = tuple(Item(f"I{n:03}", f"item {n}") for n in range(schema.ITEMS.limit))
    stations = tuple(_station(f"S{n}", pockets, items) for n, pockets in enumerate(sizes.pockets, 1))
    removal = Remove("", PATIENT, "", items[0].item, 1, 0, "")
    visits = []
    for n, station in enumerate(stations):
        at = START_MS + (1 + 10 * n) * HOUR_MS
        user = station.people[0].user
        visits.append(Visit(at, station.station, user, (Refill(opening=True),)))
        visits.append(Visit(at + HOUR_MS, station.station, user, (removal,) * sizes.removals))
    admit = {"type": "adt", "id": "1", "utc_ms": START_MS, "event": "A01", "patient": PATIENT}
    admit |= {"name": "Nobody", "ward": "W", "from_ward": ""}
    return Plan(START_MS, START_MS + 20 * HOUR_MS, items, stations, [(START_MS, admit)], visits)


def _station(name: str, count: int, items: tuple[Item, ...]) -> StationPlan:
    """A station whose first pocket holds enough; the others are empty."""
    places = [(1 + n % 16, 1 + n // 16) for n in range(count)]
    pockets = [
        Pocket(schema.place_name(d, p), d, p, items[n % len(items)].item, 0, 0, PLENTY, 0)
        for n, (d, p) in enumerate(places)
    ]
    pockets[0] = replace(pockets[0], max=PLENTY, start=PLENTY)
    badges = min(count, schema.USERS.limit)
    people = [Person(f"U{n:03}", f"B{n:03}", "1234", ALL_ROLES, f"user {n}") for n in range(badges)]
    return StationPlan(name, ("W",), tuple(pockets), tuple(people))


def _flat(row: dict[str, Any], echo: dict[str, float]) -> dict[str, Any]:
    spreads = {"touch": row["touch"], "state": row["state_request"], "echo": echo}
    spreads["alone"] = row["alone"]
    cells: dict[str, float] = {}
    for what, figures in spreads.items():
        cells |= {f"{what} ms": figures["median_ms"], f"{what} p99": figures["p99_ms"]}
    return {"pockets": row["pockets"], **cells, "over echo": row["touch_over_echo"]["median"]}
