"""Plays a plan through the whole chain."""

import asyncio
from pathlib import Path

from rich.console import Console

from simulator.run import Run
from simulator.world import World


def play(plan, home, kills=0, wire_faults=0.0):
    """Results and exact kinds of a run; all its processes are gone afterwards."""

    async def main():
        world = World(plan, home, 1, wire_faults=wire_faults)
        try:
            results = await Run(world, Console(stderr=True, quiet=True), kills).play()
            if wire_faults:
                assert all(station.wire.faults.done > 20 for station in world.stations.values())
            return results
        finally:
            pids = [keeper.pid for keeper in world.crew.keepers.values() if keeper.pid]
            await world.stop()
            assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]

    return asyncio.run(main())
