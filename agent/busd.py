"""`apotheca agent busd ID`: the bus of docs/wire.md section 1 on a real Linux cabinet, for MicroPython's unix port.

One controller at a time. Without one, or with one that no longer comes round, every output is at its safe value.
"""

import asyncio
import contextlib
import logging
import signal
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from agent.clock import Clock, SystemClock
from firmware.config import Config
from firmware.drivers.board import BUZZER_LINE, HOLD_LINE, LIGHT, LOCKS
from firmware.drivers.mcp23017 import OLAT
from firmware.ports.shell import INT_LINE
from firmware.ports.unix import (
    CLOCK,
    EDGE,
    ERROR,
    GPIO_GET,
    GPIO_SET,
    HELLO,
    I2C_WRITE,
    I2C_WRITE_READ,
    IDLE,
    NO_DEADLINE,
    TICK,
    VERSION,
)

log = logging.getLogger(__name__)

I2C_READ = 0x11
REPLY, NO_DEVICE, BAD_REQUEST = 0x80, 5, 22
# A controller that has an event and does not come round in this time is taken as dead (its own is 50 ms at most).
LIFE_S = 5.0
# INT that is still low when the controller waits: a change came while it was reading, and makes no edge of its own
INT_AGAIN_S = 0.05
SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
QUALITY_CLOCK_CHIP, QUALITY_NETWORK = 1, 2


class I2c(Protocol):
    """What `agent.chips.I2c` gives."""

    def write(self, address: int, data: bytes) -> None: ...
    def write_read(self, address: int, data: bytes, n: int) -> bytes: ...


class Lines(Protocol):
    """What `agent.chips.Lines` gives."""

    @property
    def fd(self) -> int: ...
    def set(self, line: int, value: int) -> None: ...
    def get(self, line: int) -> int: ...
    def edges(self) -> list[tuple[int, int]]: ...


def output_expanders(config: Config) -> list[int]:
    """Addresses of the expanders that drive something."""
    return sorted({LOCKS, LIGHT, *(wiring[0] for wiring in config.inside.values() if wiring[0])})


def time_quality() -> int:
    """2 if the time comes from the network, 1 if from the computer's clock chip."""
    return QUALITY_NETWORK if SYNCHRONISED.exists() else QUALITY_CLOCK_CHIP


class Busd:
    """Answers one controller for the chips at `i2c` and `lines`; `outputs` are made safe when it goes. Its time is
    that of `clock`, without one the computer's."""

    def __init__(self, i2c: I2c, lines: Lines, outputs: Iterable[int], clock: Clock | None = None) -> None:
        self._i2c, self._lines, self._outputs = i2c, lines, list(outputs)
        self._clock = clock or SystemClock()
        self._controller: asyncio.StreamWriter | None = None
        self._boot_ms = self._clock.mono_ms()
        self._tick: asyncio.TimerHandle | None = None
        self._life: asyncio.TimerHandle | None = None
        self._again: asyncio.TimerHandle | None = None
        self._sent = 0
        self._do: dict[int, Callable[[bytes], bytes]] = {
            I2C_WRITE: self._write,
            I2C_READ: lambda body: self._i2c.write_read(body[0], b"", body[1]),
            I2C_WRITE_READ: lambda body: self._i2c.write_read(body[0], body[2:], body[1]),
            GPIO_SET: self._set,
            GPIO_GET: lambda body: bytes((self._lines.get(body[0]),)),
            CLOCK: lambda body: struct.pack("<QQB", *self._now(), time_quality()),
        }

    async def serve(self, path: Path) -> asyncio.Server:
        """Listen on the Unix socket `path`, for this user only."""
        path.unlink(missing_ok=True)
        self.safe()
        server = await asyncio.start_unix_server(self._connected, str(path))
        path.chmod(0o600)
        asyncio.get_running_loop().add_reader(self._lines.fd, self._edges)
        return server

    def safe(self) -> None:
        """Every output to its safe value; a chip that does not answer does not keep the others from theirs."""
        for address in self._outputs:
            with contextlib.suppress(OSError):
                self._i2c.write(address, bytes((OLAT, 0, 0)))
        for line in (BUZZER_LINE, HOLD_LINE):
            with contextlib.suppress(OSError):
                self._lines.set(line, 0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readexactly(2)
                frame = await reader.readexactly(struct.unpack("<H", head)[0])
                self._frame(writer, frame)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._gone(writer)

    def _frame(self, writer: asyncio.StreamWriter, frame: bytes) -> None:
        op, body = (frame[0], frame[1:]) if frame else (0, b"")
        if op == HELLO:
            self._hello(writer)
        elif writer is not self._controller:
            _send(writer, bytes((ERROR, BAD_REQUEST)))
        elif op == IDLE:
            self._idle(body)
        else:
            _send(writer, self._reply(op, body))

    def _reply(self, op: int, body: bytes) -> bytes:
        try:
            return bytes((op | REPLY,)) + self._do[op](body)
        except OSError:
            return bytes((ERROR, NO_DEVICE))
        except (KeyError, IndexError):
            return bytes((ERROR, BAD_REQUEST))

    def _write(self, body: bytes) -> bytes:
        self._i2c.write(body[0], body[1:])
        return b""

    def _set(self, body: bytes) -> bytes:
        self._lines.set(body[0], body[1])
        return b""

    def _hello(self, writer: asyncio.StreamWriter) -> None:
        old, self._controller = self._controller, None
        if old and old is not writer:
            old.close()
        self._stop_timers()
        self.safe()
        self._controller, self._sent, self._boot_ms = writer, 0, self._clock.mono_ms()
        _send(writer, bytes((HELLO | REPLY, VERSION)))

    def _gone(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        if writer is self._controller:
            self._controller = None
            self._stop_timers()
            self.safe()

    def _idle(self, body: bytes) -> None:
        deadline_ms, _link_bytes, taken = struct.unpack("<QII", body)
        if taken == self._sent & 0xFFFFFFFF and self._life:
            self._life.cancel()
            self._life = None
        if self._tick:
            self._tick.cancel()
            self._tick = None
        if deadline_ms != NO_DEADLINE:
            late_s = (deadline_ms - (self._clock.mono_ms() - self._boot_ms)) / 1000
            self._tick = asyncio.get_running_loop().call_later(max(0.0, late_s), self._ring)

        if self._again is None:
            self._again = asyncio.get_running_loop().call_later(INT_AGAIN_S, self._look_at_int)

    def _look_at_int(self) -> None:
        self._again = None
        with contextlib.suppress(OSError):
            if self._lines.get(INT_LINE) == 0:
                self._edge(INT_LINE, 0)

    def _ring(self) -> None:
        self._tick = None
        self._event(bytes((TICK,)) + struct.pack("<QQ", *self._now()))

    def _edges(self) -> None:
        for line, level in self._lines.edges():
            self._edge(line, level)

    def _edge(self, line: int, level: int) -> None:
        self._event(bytes((EDGE,)) + struct.pack("<BBQQ", line, level, *self._now()))

    def _event(self, frame: bytes) -> None:
        if self._controller is None:
            return
        self._sent += 1
        _send(self._controller, frame)
        if self._life is None:
            self._life = asyncio.get_running_loop().call_later(LIFE_S, self._dead)

    def _dead(self) -> None:
        log.error("the controller does not come round any more; every output goes to its safe value")
        self._life = None
        if self._controller:
            self._gone(self._controller)

    def _stop_timers(self) -> None:
        for timer in (self._tick, self._life, self._again):
            if timer:
                timer.cancel()
        self._tick = self._life = self._again = None

    def _now(self) -> tuple[int, int]:
        # a tick may ring a moment before its millisecond is over: it is stamped with the one that it is for
        return self._clock.utc_ms(), round(self._clock.mono_ms() - self._boot_ms)


def _send(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(struct.pack("<H", len(frame)) + frame)


async def run(config: Config, socket: Path) -> None:
    """Serve the cabinet of `config` until SIGTERM or SIGINT; OSError if the hardware is not there."""
    from agent import chips  # noqa: PLC0415 (Linux only)

    pins = {name.removeprefix("pin_"): value for name, value in config.hardware.items() if name.startswith("pin_")}
    i2c = chips.I2c(pins.get("i2c", 1))
    lines = chips.Lines(
        f"/dev/gpiochip{pins.get('gpiochip', 0)}", {name: pins[name] for name in chips.PINS if name in pins}
    )
    daemon = Busd(i2c, lines, output_expanders(config))
    server = await daemon.serve(socket)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        server.close()
        daemon.safe()
        lines.close()
        i2c.close()
