"""Daisy-chained cradles on one serial line: a pseudo-terminal for the host and one for each unit.

The cradles let one unit through at a time. A unit bids by opening its port (on a serial port that raises DTR) and
gives the line up by closing it; the line then goes to the next along the chain. Bytes pass at the line's speed, ten
bits each, and may be lost, doubled, changed in one bit, late, or cut off on the way.
"""

import asyncio
import os
import random
import select
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from simulator.wire import Faults

BITS_A_BYTE = 10
STEP_S = 0.002
# a port that was opened or closed is noticed so soon
LOOK_S = 0.05
QUEUED_BYTES = 256


@dataclass
class LineFaults(Faults):
    """`Faults`, and chances per byte that it and what follows come up to `late_s` later, or not for up to `cut_s`."""

    late: float = 0.0
    late_s: float = 1.0
    cut: float = 0.0
    cut_s: float = 0.5


class Jack:
    """Where a unit, or the host, is plugged in: a pty whose slave an outside port opens."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = Path(os.ttyname(slave))
        os.close(slave)
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, 0)

    def is_open(self) -> bool:
        """Has anybody opened the port?"""
        return not any(event & select.POLLHUP for _, event in self._poll.poll(0))

    def take(self, limit: int) -> bytes:
        """Bytes that the port's user has written, at most `limit`."""
        try:
            return os.read(self._master, limit)
        except OSError:
            return b""

    def give(self, data: bytes) -> None:
        """Hand bytes to the port's user; what finds no room is lost, as on a UART that nobody reads."""
        try:
            os.write(self._master, data)
        except OSError:
            return

    def watch(self, called: Callable[[], None]) -> None:
        """Call when there is something to take."""
        asyncio.get_running_loop().add_reader(self._master, called)

    def unwatch(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)

    def close(self) -> None:
        os.close(self._master)


class Way:
    """One direction of the line: bytes wait here until it is their time."""

    def __init__(self, bytes_a_s: float, faults: LineFaults | None) -> None:
        self._bytes_a_s, self._faults = bytes_a_s, faults
        self._waiting = bytearray()
        self._free_s = 0.0
        self._dead_until_s = 0.0
        self.passed = 0

    @property
    def room(self) -> int:
        return QUEUED_BYTES - len(self._waiting)

    def left_s(self, now_s: float) -> float:
        """Until the last byte that is here is at the other end; 0 if there is none."""
        return self._free_s + len(self._waiting) / self._bytes_a_s - now_s if self._waiting else 0.0

    def put(self, data: bytes, now_s: float) -> None:
        """Bytes from one end; the first goes out when the line is free."""
        if not self._waiting:
            self._free_s = max(self._free_s, now_s)
        self._waiting += data

    def due(self, now_s: float) -> bytes:
        """What has arrived at the other end by now."""
        count = max(0, min(len(self._waiting), int((now_s - self._free_s) * self._bytes_a_s)))
        data = bytes(self._waiting[:count])
        del self._waiting[:count]
        self._free_s += count / self._bytes_a_s
        self.passed += count
        return self._spoilt(data, now_s) if self._faults else data

    def forget(self) -> None:
        """The cable is pulled: what was on it is gone."""
        self._waiting.clear()

    def _spoilt(self, data: bytes, now_s: float) -> bytes:
        faults = self._faults
        assert faults
        out = bytearray()
        for byte in data:
            if faults.rng.random() < faults.late:
                self._free_s += faults.rng.uniform(0, faults.late_s)
            if faults.rng.random() < faults.cut:
                self._dead_until_s = now_s + faults.rng.uniform(0, faults.cut_s)
            if now_s >= self._dead_until_s:
                out.append(byte)
        return faults.pass_through(bytes(out))


class CradleLine:
    """The line: `host` and `units` are its jacks. `async with` it; it passes bytes on until then.

    `baud`: bits a second of the whole line, whatever the ports at its ends are set to.
    """

    def __init__(self, units: int, baud: int = 9600, faults: LineFaults | None = None) -> None:
        self.host = Jack()
        self.units = [Jack() for _ in range(units)]
        self.down, self.up = (Way(baud / BITS_A_BYTE, faults) for _ in range(2))
        self._out: set[Jack] = set()
        self._owner: Jack | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for jack in (self.host, *self.units):
            jack.close()

    @property
    def owner(self) -> int | None:
        """Which unit has the line."""
        return None if self._owner is None else self.units.index(self._owner)

    def pull(self, unit: int) -> None:
        """Take a unit out of its cradle, whatever it is doing."""
        self._out.add(self.units[unit])

    def put(self, unit: int) -> None:
        """Put it back."""
        self._out.discard(self.units[unit])

    async def _run(self) -> None:
        while True:
            self._guard()
            left_s = self._step(asyncio.get_running_loop().time())
            if left_s > 0:
                await asyncio.sleep(min(left_s, STEP_S))
            else:
                await self._rest()

    async def _rest(self) -> None:
        """Until somebody says something, or it is time to look who is there."""
        said = asyncio.Event()
        there = [jack for jack in (self.host, *self.units) if jack.is_open()]
        for jack in there:
            jack.watch(said.set)
        try:
            async with asyncio.timeout(LOOK_S):
                await said.wait()
        except TimeoutError:
            return
        finally:
            for jack in there:
                jack.unwatch()

    def _guard(self) -> None:
        """Whose is the line? It stays with who has it; then the next along the chain gets it."""
        if self._owner and self._bids(self._owner):
            return
        at = self.units.index(self._owner) + 1 if self._owner else 0
        self._owner = next((unit for unit in self.units[at:] + self.units[:at] if self._bids(unit)), None)
        self.up.forget()

    def _bids(self, unit: Jack) -> bool:
        return unit not in self._out and unit.is_open()

    def _step(self, now_s: float) -> float:
        """Pass on what is due; seconds until more is, 0 if nothing is on the way."""
        for source, way, target in ((self.host, self.down, self._owner), (self._owner, self.up, self.host)):
            if source and way.room > 0 and (data := source.take(way.room)):
                way.put(data, now_s)
            if (data := way.due(now_s)) and target:
                target.give(data)
        for unit in self.units:
            if unit is not self._owner:
                # nobody hears a unit that has not got the line
                unit.take(QUEUED_BYTES)
        left = [way.left_s(now_s) for way in (self.down, self.up)]
        return min((each for each in left if each > 0), default=0.0)


def faults(seed: int, rate: float) -> LineFaults:
    """About `rate` of all bytes lost, doubled or changed; a tenth as often the line hangs, or is dead for a moment."""
    third = rate / 3
    return LineFaults(random.Random(seed), third, third, third, late=rate / 10, cut=rate / 10)
