"""The cabinet under the controller: the simulator's chips and physics behind the bus, power, and hospital time."""

import struct
from pathlib import Path

from simulator.cabinet.cabinet import Cabinet
from tests.unit.controller_process import UTC_MS, Bus

I2C_WRITE, GPIO_SET, GPIO_GET, CLOCK = 0x10, 0x20, 0x21, 0x30
NETWORK_TIME = 2


class CabinetBus(Bus):
    """The bus of `controller_process`, with the simulator's cabinet as its hardware. A new one is a power-up."""

    def __init__(self, path: Path, cabinet: Cabinet, hospital: "HospitalTime") -> None:
        super().__init__(path)
        self.cabinet, self.hospital = cabinet, hospital
        hospital.boot_ms = hospital.passed_ms
        cabinet.power_on()
        cabinet.on_line = self._line_changed

    def act(self, do, *args) -> None:  # type: ignore[no-untyped-def]
        """Something a hand does, while the controller may be reading."""
        with self.changed:
            do(*args)

    def advance(self, ms: int) -> None:
        """Let hospital time pass, with a tick at every deadline on the way."""
        end = self.hospital.passed_ms + ms
        while self.settled() is not None and self._due(end):
            self.hospital.passed_ms = max(self.hospital.passed_ms, self.hospital.boot_ms + (self.deadline or 0))
            self._event(struct.pack("<BQQ", 0x41, *self.hospital.now()))
        self.hospital.passed_ms = end

    def _due(self, end: int) -> bool:
        return self.deadline is not None and self.hospital.boot_ms + self.deadline <= end

    def _line_changed(self, line: int, level: int) -> None:
        self._event(struct.pack("<BBBQQ", 0x40, line, level, *self.hospital.now()))

    def _reply(self, op: int, body: bytes) -> bytes | None:
        if op == 0x01:
            return b"\x01"
        if op == CLOCK:
            return struct.pack("<QQB", *self.hospital.now(), self.hospital.quality)
        if op == GPIO_SET:
            self.cabinet.lines[body[0]] = body[1]
            return b""
        if op == GPIO_GET:
            return bytes((self.cabinet.inputs[body[0]],))
        return self._i2c(op, body)

    def _i2c(self, op: int, body: bytes) -> bytes | None:
        device = self.cabinet.devices.get(body[0])
        if device is None or body[0] in self.absent:
            return None
        device.write(body[1:] if op == I2C_WRITE else body[2:])
        data = b"" if op == I2C_WRITE else device.read(body[1])
        self.cabinet.touch_bus()
        return data

    def _solenoids(self) -> None:
        """The cabinet moves its own."""


class HospitalTime:
    """The clock of the scenario: it begins at 2027-01-15 08:00 UTC and goes on only when the text says so."""

    def __init__(self) -> None:
        self.passed_ms = 1000
        self.boot_ms = 0
        self.set_by_ms = 0
        self.quality = NETWORK_TIME

    def now(self) -> tuple[int, int]:
        """(UTC milliseconds, milliseconds since the controller's power came)."""
        return self.utc_ms, self.passed_ms - self.boot_ms

    @property
    def utc_ms(self) -> int:
        return UTC_MS + self.passed_ms + self.set_by_ms
