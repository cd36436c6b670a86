"""The serial cable between controller and agent: two pseudo-terminals whose masters live here.

Bytes are counted, and may be lost, changed or doubled on the way by a seeded fault model. Nothing here ever blocks:
what an absent end does not read is bounded and then lost, as on a real cable.
"""

import asyncio
import os
import random
import termios
import tty
from dataclasses import dataclass

CHUNK = 65536
WAITING_LIMIT = 262144


@dataclass
class Faults:
    """Chances per byte of being lost, changed in one bit, or doubled; `done` counts how often it came to that."""

    rng: random.Random
    lose: float = 0.0
    corrupt: float = 0.0
    double: float = 0.0
    done: int = 0

    def pass_through(self, data: bytes) -> bytes:
        """What arrives of `data`."""
        out = bytearray()
        for byte in data:
            draw = self.rng.random()
            self.done += draw < self.lose + self.corrupt or draw > 1 - self.double
            if draw < self.lose:
                continue
            flipped = draw < self.lose + self.corrupt
            arrived = byte ^ 1 << self.rng.randrange(8) if flipped else byte
            out += bytes((arrived,)) * (2 if draw > 1 - self.double else 1)
        return bytes(out)


class End:
    """One end of the cable: a pty whose slave an outside process reads and writes."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self.slave)
        self.taken = 0
        self._waiting = bytearray()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def give(self, data: bytes) -> None:
        """Hand bytes to the outside process."""
        room = WAITING_LIMIT - len(self._waiting)
        self._waiting += data[:room]
        self._flush()

    def take(self) -> bytes:
        """Bytes the outside process has written."""
        try:
            return os.read(self.master, CHUNK)
        except (BlockingIOError, OSError):
            return b""

    def forget(self) -> None:
        """Throw away what has not been read."""
        self._waiting.clear()
        asyncio.get_running_loop().remove_writer(self.master)
        termios.tcflush(self.slave, termios.TCIFLUSH)

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self.master)
        loop.remove_writer(self.master)
        os.close(self.master)
        os.close(self.slave)

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            n = os.write(self.master, self._waiting) if self._waiting else 0
        except BlockingIOError:
            n = 0
        self.taken += n
        del self._waiting[:n]
        if self._waiting:
            loop.add_writer(self.master, self._flush)
        else:
            loop.remove_writer(self.master)


class Wire:
    """The cable of one station. The controller's end carries bytes only while the controller is powered."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.controller, self.agent = End(), End()
        self.powered = False
        self.faults = faults

    def plug_in(self) -> None:
        """Begin to carry bytes (inside a running event loop)."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.agent.master, self._down)
        loop.add_reader(self.controller.master, self._up)

    def open_controller_end(self) -> int:
        """A file descriptor for the controller to inherit: raw, non-blocking; the caller closes its copy."""
        return os.open(self.controller.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def power(self, up: bool) -> None:
        """The controller has come up or gone: bytes of before are gone with it."""
        self.powered = up
        self.controller.forget()
        self.controller.taken = 0

    def delivered(self) -> int | None:
        """Bytes handed to the controller since power-up, or None while some are on the way."""
        return None if self.controller.waiting else self.controller.taken

    def close(self) -> None:
        self.controller.close()
        self.agent.close()

    def _down(self) -> None:
        data = self._spoil(self.agent.take())
        if self.powered:
            self.controller.give(data)

    def _up(self) -> None:
        self.agent.give(self._spoil(self.controller.take()))

    def _spoil(self, data: bytes) -> bytes:
        return self.faults.pass_through(data) if self.faults else data
