"""One run of a plan from a fresh home to checked results, with progress shown."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from simulator.check import Findings, check
from simulator.decided import decided
from simulator.kill import Killer
from simulator.packets import make_and_verify
from simulator.plan import Remove
from simulator.results import Results
from simulator.world import World

REFRESH_S = 0.5
CHECKS = 40
Statuses = dict[str, dict[str, Any]]


def _appended(statuses: Statuses) -> dict[str, int]:
    return {name: status["journal"]["entries"] for name, status in statuses.items()}


@dataclass
class Run:
    """Plays `world`; `kills` SIGKILLs of each kind of process on the way."""

    world: World
    console: Console
    kills: int = 0

    async def play(self) -> Results:
        """Start, play, settle and check; the world stays up. ProcessFailed as soon as a process gives up."""
        return await self.world.crew.guard(self._play())

    async def _play(self) -> Results:
        began = time.monotonic()
        killer = Killer(self.world, self.kills)
        with self._progress() as progress:
            await self._start(progress)
            killer.schedule()
            await self._watched(progress, self.world.play)
            await killer.finish()
            await self._settle(progress)
            to_ms = await self.world.pass_timers()
            await self._settle(progress)
            await self.world.come_to_rest()
        return await self._results(began, tuple(killer.done), to_ms)

    async def _results(self, began: float, kills: tuple[str, ...], to_ms: int) -> Results:
        world = self.world
        statuses, findings = await self._checked()
        made = await asyncio.to_thread(decided, world.home, world.tally.seeded)
        packets = (await make_and_verify(world.home, world.plan.start_ms, to_ms),)
        told = await asyncio.to_thread(world.supplier.told, findings.movements)
        return Results(
            world.plan,
            world.tally,
            findings,
            made,
            packets,
            told,
            statuses,
            kills,
            time.monotonic() - began,
            world.seen,
        )

    async def _checked(self) -> tuple[Statuses, Findings]:
        """Statuses and what the ledger holds of the same moment: a checkpoint seen meanwhile is an entry more."""
        world = self.world
        for _ in range(CHECKS):
            statuses = await world.statuses()
            appended = _appended(statuses)
            for seen in world.seen.values():
                seen.look()
            # the pharmacy's computer has a journal and no cabinet
            contents: dict[str, Mapping[str, int]] = {name: {} for name in appended}
            contents |= {name: station.cabinet.contents for name, station in world.stations.items()}
            findings = await asyncio.to_thread(check, world.home, contents, appended)
            if _appended(await world.statuses()) == appended:
                break
            await world.settle()
        return statuses, findings

    def _progress(self) -> Progress:
        columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self.console, refresh_per_second=2)

    async def _start(self, progress: Progress) -> None:
        task = progress.add_task("stations ready", total=len(self.world.plan.stations))
        await self.world.start(lambda station: progress.advance(task))

    async def _watched(self, progress: Progress, work: Callable[[], Awaitable[None]]) -> None:
        plan, world = self.world.plan, self.world
        hours = progress.add_task("hospital hours", total=(plan.end_ms - plan.start_ms) // 3_600_000)
        total = sum(isinstance(a, Remove) and not a.cancel for v in plan.visits for a in v.actions)
        removals = progress.add_task("removals", total=total)

        async def watch() -> None:
            while True:
                progress.update(hours, completed=(world.clock.low() - plan.start_ms) // 3_600_000)
                progress.update(removals, completed=world.tally.replayed)
                await asyncio.sleep(REFRESH_S)

        watcher = asyncio.get_running_loop().create_task(watch())
        try:
            await work()
        finally:
            watcher.cancel()
        progress.update(hours, completed=(plan.end_ms - plan.start_ms) // 3_600_000)
        progress.update(removals, completed=world.tally.replayed)

    async def _settle(self, progress: Progress) -> None:
        statuses = await self.world.statuses()
        total = sum(status["journal"]["entries"] for status in statuses.values())
        task = progress.add_task("entries in ledger", total=total)
        await self.world.settle(lambda answered: progress.update(task, completed=answered))
