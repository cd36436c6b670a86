"""The pharmacy's picking room: its interface computer, a handheld in its cradle, and who picks and checks with it.

The computer is the real process; between it and the handheld are pseudo-terminals at the speed of a serial line.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.pharmacy import desk
from simulator import processes, units
from simulator.cradle_line import CradleLine
from simulator.handhelds import BAUD, Handheld, NotShown, RealTime
from simulator.panel import Panel
from simulator.processes import Command
from simulator.units import Hands

PHARMACY = "PHARM"
# of the list for one cabinet at one time; what is left is filled at its screen
MOST_LINES = 6
ANSWER_S = 90.0
LOOK_S = 0.05
_INI = f"""[PROCAR]
BAUD = {BAUD}
CYCLE_SEC = 0.2
SEC_WAIT_FOR_ACK = 1
DOWNLOAD_FREQ_MIN = 10
"""
_FILES = {"picks.lst", "stations.lst", "items.lst", "users.lst", "serials.lst", "config.lst", "labels.lst"}


@dataclass(frozen=True)
class Round:
    """A round for one cabinet: who picks and who checks, by user id."""

    station: str
    picker: str
    checker: str


class PickingRoom:
    """One pharmacy of a site in `home`; `scales` are smallest units to one unit by item, `bags` the codes of packages
    that wait to be delivered."""

    def __init__(self, home: Path, scales: Mapping[str, int]) -> None:
        self._home, self._run, self._scales = home, home / "run", scales
        self.panel = Panel(self._run / f"{PHARMACY}.panel.sock")
        self.cradle, self.at_station = CradleLine(1, BAUD), CradleLine(1, BAUD)
        self._lines = AsyncExitStack()
        self.unit: Handheld
        self.bags: list[str] = []

    async def open(self) -> None:
        """The lines carry, the handheld is switched on."""
        for line in (self.cradle, self.at_station):
            await self._lines.enter_async_context(line)
        self.unit = Handheld()

    def command(self) -> Command:
        """The interface computer's process."""
        ini = self._home / "PROCAR.INI"
        ini.write_text(_INI)
        ports = ("--port", str(self.cradle.host.path), "--ini", str(ini))
        return processes.apotheca(
            self._home, f"{PHARMACY}.cradle", "cradle", "run", PHARMACY, *ports, "--clock", "stepped"
        )

    @property
    def log(self) -> Path:
        """What the computer has to say."""
        return self._run / f"{PHARMACY}.cradle.log"

    async def ready(self) -> bool:
        """Whether it answers."""
        sockets = (f"{PHARMACY}.panel.sock", f"{PHARMACY}.cradle.sock")
        return all([await processes.listening(self._run / name) for name in sockets])

    async def close(self) -> None:
        """Put everything away."""
        if hasattr(self, "unit"):
            self.unit.put_away()
        await self.panel.close()
        await self._lines.aclose()

    async def work(self, now_ms: int, turn: Round) -> bool:
        """Pick what a new list says for a cabinet, then check it; each time the unit goes into its cradle.

        False: the list has nothing for this cabinet.
        """
        await self.panel.ask("advance", utc_ms=now_ms)
        name = await self._snapshot()
        await self._cradle(name)
        picked = await self._pick(turn)
        await self._cradle(name)
        if picked:
            self.bags += await self._check(turn.checker, picked)
            await self._cradle(name)
        return bool(picked)

    async def _pick(self, turn: Round) -> list[dict[str, Any]]:
        hands, before = self._hands(turn.picker), len(self.unit.printed)
        if not any(need.station == turn.station for need in self.unit.unit.needs()):
            return []
        await self.unit.carry_out(hands.log_on())
        await self.unit.carry_out(hands.pick([turn.station], MOST_LINES))
        await self.unit.carry_out(hands.log_off())
        return self.unit.printed[before:]

    async def _check(self, checker: str, picked: Sequence[dict[str, Any]]) -> list[str]:
        """Look at each bag: of several one has too few in it, of three or more one is torn; gives what is delivered."""
        hands, good = self._hands(checker), []
        short = next(filter(self._fewer, picked), None) if len(picked) > 1 else None
        torn = next(bag for bag in reversed(picked) if bag is not short) if len(picked) > 2 else None
        await self.unit.carry_out(hands.log_on())
        await self.unit.carry_out(hands.begin_check())
        for bag in picked:
            if bag is short:
                await self.unit.carry_out(hands.check(bag["code"], "QTY", self._fewer(bag)))
                good.append(self.unit.printed[-1]["code"])
            else:
                await self.unit.carry_out(hands.check(bag["code"], "PACKAGING" if bag is torn else "OK"))
                good += [] if bag is torn else [bag["code"]]
        await self.unit.carry_out(hands.end())
        await self.unit.carry_out(hands.log_off())
        return good

    def _fewer(self, bag: dict[str, Any]) -> int:
        """One unit less."""
        return int(bag["quantity"]) - self._scales[bag["item"]]

    def _hands(self, user: str) -> Hands:
        return units.Hands(RealTime(), self.unit, user)

    async def _cradle(self, snapshot: str) -> None:
        """Into the cradle until everything is up and the lists of this snapshot are down."""
        self.unit.put_in(self.cradle.units[0].path)
        deadline = asyncio.get_running_loop().time() + ANSWER_S
        while not await self._loaded(snapshot):
            if asyncio.get_running_loop().time() > deadline:
                raise NotShown(f"a handheld is not served by {PHARMACY}; see {self.log}")
            await asyncio.sleep(LOOK_S)
        self.unit.take_out()

    async def _loaded(self, snapshot: str) -> bool:
        unit = self.unit.unit
        # another may have been read meanwhile
        behind = int(unit.age.snapshot or 0) < int(snapshot)
        if behind or unit.memory.records or not unit.memory.files.keys() >= _FILES:
            return False
        known = {one["address"]: one["waiting"] for one in await self._ask("units")}
        return known.get(unit.memory.address) == 0

    async def _snapshot(self) -> str:
        """Let the computer read what is needed now; its name."""
        name: str = (await self._ask("snapshot"))[0]
        return name

    async def _ask(self, do: str) -> list[Any]:
        deadline = asyncio.get_running_loop().time() + ANSWER_S
        while asyncio.get_running_loop().time() < deadline:
            try:
                answer = await desk.ask(self._run / f"{PHARMACY}.cradle.sock", do, {})
            except OSError:
                answer = None
            if answer and not answer.code:
                return answer.params
            await asyncio.sleep(LOOK_S)
        raise NotShown(f"{PHARMACY} does not answer {do}; see {self.log}")
