"""Killing real processes in the middle of a replay."""

import asyncio
import random

from simulator.hospital_feed import HOSPITAL
from simulator.plan import Visit
from simulator.world import World

# (what, name of the process with the station filled in, word in the command line of a child or "" for its group)
VICTIMS = (
    ("agent", "{station}.agent", ""),
    ("controller", "{station}.controller", ""),
    ("broker", "broker", ""),
    ("ingest", "server", "server_stub.ingest_main"),
    ("sequencer", "server", "server_stub.sequencer_main"),
    ("server", "server", ""),
)
WITHIN_A_VISIT_S = 15
LONGEST_WAIT_S = 0.05


class Killer:
    """Schedules SIGKILLs into a world before it plays: each kind of process `times` times, at moments drawn by seed
    that lie within somebody's visit."""

    def __init__(self, world: World, times: int) -> None:
        self._world = world
        self._rng = random.Random(f"{world.seed}/kill")
        self.done: list[str] = []
        self._times = times
        self._pending: list[asyncio.Task[None]] = []

    def schedule(self) -> None:
        """To be called before `World.play`. Ingest and the whole server take turns and count as one kind."""
        visits = [visit for visit in self._world.plan.visits if visit.actions]
        for what, name, child in VICTIMS:
            for n in range(self._times):
                if what in ("ingest", "server") and (what == "server") != (n % 2 == 1):
                    continue
                self._plan_one(self._rng.choice(visits), what, name, child)

    def _plan_one(self, visit: Visit, what: str, name: str, child: str) -> None:
        at_ms = visit.at_ms + self._rng.randrange(WITHIN_A_VISIT_S * 1000)
        wait_s = self._rng.uniform(0, LONGEST_WAIT_S)

        async def strike() -> None:
            await asyncio.sleep(wait_s)
            keeper = self._world.crew.keepers[name.format(station=visit.station)]
            if keeper.kill(child):
                self.done.append(what)

        async def begin() -> None:
            self._pending.append(asyncio.get_running_loop().create_task(strike()))

        self._world.clock.at(at_ms, HOSPITAL, begin)

    async def finish(self) -> None:
        """Wait for strikes still on their way."""
        await asyncio.gather(*self._pending)
