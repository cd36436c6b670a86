"""The real hardware of a Linux cabinet: I2C through `smbus2`, lines through `gpiod` (docs/wire.md section 1)."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import gpiod
from gpiod.line import Bias, Direction, Edge, Value
from smbus2 import SMBus, i2c_msg

INT_LINE, BUZZER_LINE, HOLD_LINE, TAMPER_LINE, MAINS_LINE, SERVICE_LINE = 1, 2, 3, 4, 5, 6
PINS = {
    "int": INT_LINE,
    "buzzer": BUZZER_LINE,
    "hold": HOLD_LINE,
    "tamper": TAMPER_LINE,
    "mains": MAINS_LINE,
    "service": SERVICE_LINE,
}
OUTPUTS = (BUZZER_LINE, HOLD_LINE)
DEBOUNCE = timedelta(milliseconds=20)


class I2c:
    """One I2C bus; a chip that does not answer is an OSError."""

    def __init__(self, number: int) -> None:
        self._bus = SMBus(number)

    def write(self, address: int, data: bytes) -> None:
        """Write in one transfer."""
        self._bus.i2c_rdwr(i2c_msg.write(address, list(data)))

    def write_read(self, address: int, data: bytes, n: int) -> bytes:
        """Write, then read `n` bytes behind a repeated start."""
        reading = i2c_msg.read(address, n)
        parts = [i2c_msg.write(address, list(data)), reading] if data else [reading]
        self._bus.i2c_rdwr(*parts)
        return bytes(reading)

    def close(self) -> None:
        self._bus.close()


class Lines:
    """GPIO lines by their numbers in docs/wire.md; `pins` are the chip's offsets by name, as in `hardware/boards/`.

    Outputs begin at 0, their safe value. A line that is not wired is an OSError.
    """

    def __init__(self, chip: str, pins: Mapping[str, int]) -> None:
        self._offsets = {PINS[name]: offset for name, offset in pins.items() if name in PINS}
        self._names = {offset: line for line, offset in self._offsets.items()}
        self._request = gpiod.request_lines(chip, consumer="apotheca", config=self._config())

    @property
    def fd(self) -> int:
        """Readable when there are edges."""
        return int(self._request.fd)

    def set(self, line: int, value: int) -> None:
        if line not in OUTPUTS:
            raise OSError(f"line {line} is no output")
        self._request.set_value(self._offset(line), Value.ACTIVE if value else Value.INACTIVE)

    def get(self, line: int) -> int:
        return int(self._request.get_value(self._offset(line)) is Value.ACTIVE)

    def edges(self) -> list[tuple[int, int]]:
        """(line, level) of every edge since the last call; there must be one."""
        rising = gpiod.EdgeEvent.Type.RISING_EDGE
        events = self._request.read_edge_events()
        return [(self._names[event.line_offset], int(event.event_type is rising)) for event in events]

    def close(self) -> None:
        self._request.release()

    def _offset(self, line: int) -> int:
        if line not in self._offsets:
            raise OSError(f"line {line} is not wired")
        return self._offsets[line]

    def _config(self) -> dict[Iterable[int | str] | int | str, gpiod.LineSettings | None]:
        settings = {line: self._settings(line) for line in self._offsets}
        return {self._offsets[line]: setting for line, setting in settings.items()}

    @staticmethod
    def _settings(line: int) -> gpiod.LineSettings:
        if line in OUTPUTS:
            return gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value.INACTIVE)
        # the expanders' INT may be as short as one read of the bus takes; contacts bounce
        debounce = timedelta() if line == INT_LINE else DEBOUNCE
        return gpiod.LineSettings(
            direction=Direction.INPUT, edge_detection=Edge.BOTH, bias=Bias.PULL_UP, debounce_period=debounce
        )
