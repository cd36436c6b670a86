"""Through the whole real chain: MicroPython controllers, agents, broker, centre."""

import asyncio
from pathlib import Path

import pytest
from rich.console import Console

from firmware.journal import kinds
from simulator.run import Run
from simulator.world import World
from tests.scenario.mini import MiniDay


def play(plan, home, kills=0, seed=1):
    """Results and exact kinds of a run; all its processes are gone afterwards."""

    async def main():
        world = World(plan, home, seed)
        try:
            return await Run(world, Console(stderr=True, quiet=True), kills).play()
        finally:
            pids = [keeper.pid for keeper in world.crew.keepers.values() if keeper.pid]
            await world.stop()
            assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]

    return asyncio.run(main())


@pytest.mark.req("A1", "A1.a", "A1.b", "A12.a", "P130")
def test_one_removal_from_touch_to_ledger(tmp_path):
    results = play(MiniDay(stations=1, full=False).plan, tmp_path / "home")
    assert results.wrong == []
    assert results.removals == {"replayed": 1, "journals": 1, "outboxes": 1, "ledger": 1}
    assert results.fates == {"given": 1}
    for kind in (kinds.SIGN_ON, kinds.ACCESS, kinds.OPENED, kinds.REMOVE, kinds.CLOSED, kinds.SIGN_OFF):
        assert results.findings.kinds[kind] >= 1


@pytest.mark.req("A1.a", "A12.b", "P46")
def test_a_small_day_with_everything_in_it(tmp_path):
    results = play(MiniDay().plan, tmp_path / "home")
    assert results.wrong == []
    assert results.fates == {"cancelled": 2, "given": 22, "stock_out": 2}
    # 5 of one item took two pockets
    assert results.removals["replayed"] == results.removals["ledger"] == 24
    found = results.findings
    assert found.alarms == 6
    assert found.kinds[kinds.ALARM_CLEARED] == 6
    assert found.kinds[kinds.WASTE] == found.kinds[kinds.RETURN] == 2
    assert found.kinds[kinds.INTERRUPTED] == 0


@pytest.mark.req("A12.a")
def test_killing_processes_loses_and_doubles_nothing(tmp_path):
    results = play(MiniDay().plan, tmp_path / "home", kills=1)
    assert results.wrong == []
    assert sorted(results.kills) == ["agent", "broker", "controller", "ingest"]
    assert results.fates == {"cancelled": 2, "given": 22, "stock_out": 2}
