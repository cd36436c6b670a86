"""The bus socket's other end: answers a controller for one cabinet (docs/wire.md section 1)."""

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path

from simulator.cabinet.cabinet import Cabinet, Device
from simulator.clock import Clock, Event

HELLO, CLOCK, IDLE, EDGE, TICK = 0x01, 0x30, 0x31, 0x40, 0x41
I2C_WRITE, I2C_READ, I2C_WRITE_READ, GPIO_SET, GPIO_GET = 0x10, 0x11, 0x12, 0x20, 0x21
REPLY, REFUSED, NO_DEVICE, BAD_REQUEST = 0x80, 0xFF, 5, 22
FOREVER = (1 << 64) - 1
GENERAL_CALL = 0
TIME_QUALITY_NETWORK = 2


class Bus:
    """One station's bus: at most one controller; a HELLO is a power-up, a lost connection a power cut.

    `link_delivered()` is how many bytes the wire has handed to the controller since its HELLO; None means that some
    are still on the way.
    """

    def __init__(self, station: str, cabinet: Cabinet, clock: Clock) -> None:
        self.station, self.cabinet, self.clock = station, cabinet, clock
        self.link_delivered: Callable[[], int | None] = lambda: 0
        self.on_power: Callable[[bool], None] = lambda up: None
        self.power_ups = 0
        self._controller: _Connection | None = None
        self._server: asyncio.Server | None = None
        self._boot_ms = 0
        self._events = 0
        self._idle: tuple[int, int] | None = None
        self._tick: Event | None = None
        self._rested = asyncio.Event()
        cabinet.on_line = self._line_changed

    async def serve(self, path: Path) -> None:
        """Listen on the Unix socket `path`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Connection(self), str(path))
        path.chmod(0o600)

    def close(self) -> None:
        if self._server:
            self._server.close()
        if self._controller:
            self._controller.drop()

    @property
    def quiet(self) -> bool:
        """The controller has handled every byte and event given to it and waits."""
        return self._controller is not None and self._idle == (self.link_delivered(), self._events)

    async def rest(self, timeout_s: float = 60) -> None:
        """Wait (real time) until quiet; TimeoutError after `timeout_s` in which the controller said nothing."""
        while not self.quiet:
            self._rested.clear()
            await asyncio.wait_for(self._rested.wait(), timeout_s)

    def mono_ms(self) -> int:
        return max(0, self.clock.now(self.station) - self._boot_ms)

    def handle(self, connection: "_Connection", op: int, body: bytes) -> bytes | None:
        """One request; the reply's op and body, or None for IDLE."""
        if op == HELLO:
            self._power_up(connection)
            return bytes((HELLO | REPLY, 1))
        if connection is not self._controller:
            return bytes((REFUSED, BAD_REQUEST))
        if op == IDLE:
            self._note_idle(*struct.unpack("<QII", body))
            return None
        if op == CLOCK:
            now = struct.pack("<QQB", self.clock.now(self.station), self.mono_ms(), TIME_QUALITY_NETWORK)
            return bytes((CLOCK | REPLY,)) + now
        if op in (GPIO_SET, GPIO_GET):
            return self._gpio(op, body)
        return self._i2c(op, body)

    def lost(self, connection: "_Connection") -> None:
        """The connection is gone: a power cut if it was the controller's."""
        if connection is self._controller:
            self._controller = None
            self._cancel_tick()
            self.cabinet.power_on()
            self.on_power(False)

    def _power_up(self, connection: "_Connection") -> None:
        if self._controller and self._controller is not connection:
            self._controller.drop()
        self._controller = None
        self._cancel_tick()
        self.cabinet.power_on()
        self._controller, self._events, self._idle = connection, 0, None
        self._boot_ms = self.clock.now(self.station)
        self.power_ups += 1
        self.on_power(True)

    def _gpio(self, op: int, body: bytes) -> bytes:
        if op == GPIO_SET:
            self.cabinet.lines[body[0]] = body[1]
            return bytes((GPIO_SET | REPLY,))
        level = self.cabinet.inputs.get(body[0])
        return bytes((REFUSED, NO_DEVICE)) if level is None else bytes((GPIO_GET | REPLY, level))

    def _i2c(self, op: int, body: bytes) -> bytes:
        if op not in (I2C_WRITE, I2C_READ, I2C_WRITE_READ) or not body:
            return bytes((REFUSED, BAD_REQUEST))
        if body[0] == GENERAL_CALL:
            self.cabinet.element.wake()
        device = self.cabinet.devices.get(body[0])
        try:
            data = None if device is None else _transfer(device, op, body)
        except OSError:
            data = None
        self.cabinet.touch_bus()
        return bytes((REFUSED, NO_DEVICE)) if data is None else bytes((op | REPLY,)) + data

    def _note_idle(self, deadline_mono_ms: int, link_bytes: int, events: int) -> None:
        self._idle = (link_bytes, events)
        self._rested.set()
        due_ms = self._boot_ms + deadline_mono_ms
        if self._tick and self._tick.time_ms == due_ms:
            return
        self._cancel_tick()
        if deadline_mono_ms != FOREVER:
            self._tick = self.clock.at(due_ms, self.station, self._ring)

    async def _ring(self) -> None:
        self._tick = None
        self._send_event(bytes((TICK,)) + struct.pack("<QQ", self.clock.now(self.station), self.mono_ms()))

    def _line_changed(self, line: int, level: int) -> None:
        now = struct.pack("<BBQQ", line, level, self.clock.now(self.station), self.mono_ms())
        self._send_event(bytes((EDGE,)) + now)

    def _send_event(self, frame: bytes) -> None:
        if self._controller:
            self._events += 1
            self._controller.send(frame)

    def _cancel_tick(self) -> None:
        if self._tick:
            self._tick.cancel()
            self._tick = None


def _transfer(device: Device, op: int, body: bytes) -> bytes:
    if op != I2C_READ:
        device.write(body[1:] if op == I2C_WRITE else body[2:])
    return b"" if op == I2C_WRITE else device.read(body[1])


class _Connection(asyncio.Protocol):
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._buffer = bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 2:
            length = self._buffer[0] | self._buffer[1] << 8
            if len(self._buffer) < 2 + length:
                return
            frame = bytes(self._buffer[2 : 2 + length])
            del self._buffer[: 2 + length]
            self._answer(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        self._bus.lost(self)

    def send(self, frame: bytes) -> None:
        self._transport.write(struct.pack("<H", len(frame)) + frame)

    def drop(self) -> None:
        self._transport.abort()

    def _answer(self, frame: bytes) -> None:
        try:
            reply = self._bus.handle(self, frame[0], frame[1:])
        except (IndexError, struct.error):
            reply = bytes((REFUSED, BAD_REQUEST))
        if reply is not None:
            self.send(reply)
