"""A handheld on real ports: the unit's core with memory and clock of this process, moved from cradle to cradle."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from agent.cradle.line import some_block
from agent.handheld.clock import Age
from agent.handheld.memory import Memory
from agent.handheld.store import now_ms
from agent.handheld.unit import Action, Unit
from agent.port import Port
from simulator.cradles import Clock, Deeds, Seat, World
from simulator.errors import RunFailed

BAUD = 115_200
PATIENCE_S = 120.0
LOOK_S = 0.01


class NotShown(RunFailed):
    """The display did not come to show what was waited for; the message has what it shows."""


class RealTime(World):
    """The units' clock is the computer's."""

    def __init__(self) -> None:
        super().__init__(Clock(datetime.now(UTC)))

    @property
    def now_ms(self) -> int:
        """Milliseconds that never go back."""
        return now_ms()


class Handheld(Seat):
    """A unit in somebody's hand; `put_in` a cradle it has the port at this path, until it is taken out."""

    def __init__(self) -> None:
        super().__init__(Unit(Memory(), Age(), some_block, now_ms()))
        self._port: Port | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.unit.plug(False, now_ms())
        self.serve()

    def put_in(self, path: Path) -> None:
        """Into a cradle."""
        self._port = Port(path, BAUD, self)
        self.unit.plug(True, now_ms())
        self.serve()

    def take_out(self) -> None:
        """Out of it, whatever it is doing there."""
        self.unit.plug(False, now_ms())
        self.serve()
        if self._port:
            self._port.close()
        self._port = None
        self._set_timer()

    def serve(self) -> bool:
        """Do what the unit wants, and all that follows from it."""
        busy = False
        while super().serve():
            busy = True
        self._set_timer()
        return busy

    async def until(self, ready: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        """Wait (real time) until it is `ready`; raises NotShown."""
        deadline = asyncio.get_running_loop().time() + patience_s
        while not ready():
            if asyncio.get_running_loop().time() > deadline:
                raise NotShown(f"a handheld waits for {what} and shows {self.text()}")
            await asyncio.sleep(LOOK_S)

    async def carry_out(self, deeds: Deeds) -> None:
        """What somebody does with it; nobody waits between two keys."""
        for wait in deeds:
            if callable(wait):
                await self.until(wait, "its cradle")
            await asyncio.sleep(0)

    def text(self) -> list[str]:
        """The lines of the display."""
        return [line.text for line in self.unit.screen()]

    # the port

    def port_opened(self) -> None:
        self.unit.granted(now_ms())
        self.serve()

    def port_received(self, data: bytes) -> None:
        self.unit.heard(data, now_ms())
        self.serve()

    def port_lost(self) -> None:
        """The unit finds out by the silence."""

    # actions

    def _act(self, action: Action) -> None:
        name, *values = action
        if name == "send":
            self._write(values[0])
        elif name == "bid":
            self._bid()
        elif name == "release":
            self._release()
        else:
            super()._act(action)

    def _write(self, data: bytes) -> None:
        if self._port:
            self._port.write(data)

    def _bid(self) -> None:
        if self._port and not self._port.is_open:
            self._port.start()

    def _release(self) -> None:
        if self._port:
            self._port.close()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        due_ms = self.unit.deadline()
        wait_s = None if due_ms is None else max(0, due_ms - now_ms()) / 1000
        self._timer = None if wait_s is None else asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _tick(self) -> None:
        self.unit.tick(now_ms())
        self.serve()

    def put_away(self) -> None:
        """The unit is not used any more."""
        self.take_out()
        if self._timer:
            self._timer.cancel()
