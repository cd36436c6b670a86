"""A serial line with a machine of POL/SELECT at this end: a host, or a unit's terminal (docs/polselect.md section 12).

The machine decides; here are the port, the clock and the application, which is told and asked event by event.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.port import Port
from firmware.cradle.blocks import BLOCKS
from firmware.cradle.ear import Ear
from firmware.cradle.host import STARRED, Host
from firmware.cradle.terminal import Terminal

Event = tuple[Any, ...]
BAUD = 9600
ANSWER_S = 20.0
# so many that the application has not looked at, and the line stands still
EVENTS = 256


def time12(now: datetime) -> str:
    """TIME of POL and SEL: MMDDYYHHMMSS, local time (RD-P18)."""
    return now.strftime("%m%d%y%H%M%S")


def some_block() -> int:
    """Where the numbers of single blocks may begin: hardly where another host's are (docs/polselect.md section 13)."""
    return 1 + secrets.randbelow(BLOCKS - 1)


class Line:
    """Opens the port (for a unit: while it bids for the line), and runs the machine until it is cancelled.

    `told` gets every event in order. For those that a host waits on (`STARRED` of `firmware.cradle.host`) it returns
    True once the application has it for good. All else is a refusal, also no answer within `answer_s`, and the unit
    keeps what it has. `path` is a device or a pty, `baud` its speed in bits a second, ten for each byte.
    """

    def __init__(
        self,
        path: Path,
        machine: Host | Terminal,
        told: Callable[[Event], Awaitable[bool | None]],
        *,
        baud: int = BAUD,
        answer_s: float = ANSWER_S,
    ) -> None:
        self.machine = machine
        self._told, self._answer_s = told, answer_s
        self._ear = Ear(machine)
        self._port = Port(path, baud, self)
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Serve the line until cancelled. What `told` raises ends it."""
        try:
            if isinstance(self.machine, Host):
                self._port.start()
            self.poke()
            while True:
                await self._tell(await self._events.get())
        finally:
            if self._timer:
                self._timer.cancel()
            self._port.close()

    @property
    def is_open(self) -> bool:
        """Is the port there? It is tried again and again; a unit's is only open while it bids or has the line."""
        return self._port.is_open

    def now_ms(self) -> int:
        """The machine's time: milliseconds of the loop's clock, which never goes back."""
        return int(asyncio.get_running_loop().time() * 1000)

    def poke(self) -> None:
        """Do what the machine wants, now: call it after anything was queued, given, cradled or taken out."""
        if self._events.qsize() < EVENTS:
            self._ear.tick(self.now_ms())
            self._carry_out()

    def port_opened(self) -> None:
        if isinstance(self.machine, Host):
            self.machine.start_cycle(self.now_ms())
        else:
            # a port does not say whose the line is; while it is another's, nothing is heard
            self.machine.granted(self.now_ms())
        self._carry_out()

    def port_received(self, data: bytes) -> None:
        if self._events.qsize() < EVENTS:
            self._ear.heard(data, self.now_ms())
            self._carry_out()

    def port_lost(self) -> None:
        """What was on the way is lost: the machines find out by the silence."""

    def _carry_out(self) -> None:
        for event in self.machine.events:
            self._events.put_nowait(event)
        self.machine.events.clear()
        for name, *data in self.machine.actions():
            self._act(name, *data)
        self._set_timer()

    def _act(self, name: str, data: bytes = b"") -> None:
        if name == "send":
            self._port.write(data)
        elif name == "bid":
            self._port.start()
        else:
            self._port.close()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        due_ms = self._ear.deadline()
        wait_s = None if due_ms is None else max(0, due_ms - self.now_ms()) / 1000
        self._timer = None if wait_s is None else asyncio.get_running_loop().call_later(wait_s, self.poke)

    async def _tell(self, event: Event) -> None:
        if isinstance(self.machine, Host) and event[0] in STARRED:
            await self._ask(self.machine, event)
        else:
            await self._told(event)
        self.poke()

    async def _ask(self, host: Host, event: Event) -> None:
        try:
            async with asyncio.timeout(self._answer_s):
                taken = await self._told(event)
        except TimeoutError:
            taken = False
        if taken:
            host.accept()
        else:
            host.refuse()
