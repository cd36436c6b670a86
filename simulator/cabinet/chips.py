"""Thermometer, battery gauge, clock chip and pocket lights at register level, behind the bus calls of expanders."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

HIGH = {0b110: 1, 0b100: 0}  # bits of the WS2812 line -> data bit


class Registers:
    """An I2C device: the first byte written is the register, what follows goes into it; a read goes on from there."""

    def __init__(self) -> None:
        self._pointer = 0

    def power_on(self) -> None:
        """Power comes back."""
        self._pointer = 0

    def write(self, data: bytes) -> None:
        if not data:
            return
        self._pointer = data[0]
        if data[1:]:
            self._store(data[0], data[1:])

    def read(self, n: int) -> bytes:
        return self._load(self._pointer, n)

    def _store(self, register: int, data: bytes) -> None:
        """A write to a register; those that can only be read keep their value."""

    def _load(self, register: int, n: int) -> bytes:
        raise NotImplementedError


class Tmp117(Registers):
    """Texas Instruments SNOSD82, table 7-3: 16-bit registers, most significant byte first, the pointer stays."""

    RESULT, CONFIGURATION, DEVICE_ID = 0x00, 0x01, 0x0F
    NOTHING_YET = 0x8000
    AS_DELIVERED = 0x0220
    SOFT_RESET, DATA_READY = 0x0002, 0x2000

    def __init__(self, centi: int | None = 500) -> None:
        super().__init__()
        self.centi = centi
        self.power_on()

    def power_on(self) -> None:
        super().power_on()
        self._values = {self.CONFIGURATION: self.AS_DELIVERED, 0x02: 0x6000, 0x03: 0x8000, self.DEVICE_ID: 0x0117}

    def _store(self, register: int, data: bytes) -> None:
        value = int.from_bytes(data[:2], "big")
        if register == self.CONFIGURATION and value & self.SOFT_RESET:
            self.power_on()
        elif len(data) >= 2 and register in (self.CONFIGURATION, 0x02, 0x03):
            self._values[register] = value & ~self.DATA_READY

    def _load(self, register: int, n: int) -> bytes:
        value = self._values.get(register, 0)
        if register == self.RESULT:
            value = self.NOTHING_YET if self.centi is None else round(self.centi * 1.28) & 0xFFFF
        return (value.to_bytes(2, "big") * n)[:n]


class Max17048(Registers):
    """Maxim 19-6171: 16-bit registers; SOC is percent in the high byte, 1/256 in the low one."""

    VCELL, SOC, VERSION = 0x02, 0x04, 0x08
    VCELL_UV = 78.125
    EMPTY_MV, SPAN_MV = 3300, 900

    def __init__(self, percent: float = 100.0) -> None:
        super().__init__()
        self.percent = percent

    def _load(self, register: int, n: int) -> bytes:
        millivolts = self.EMPTY_MV + self.SPAN_MV * self.percent / 100
        values = {
            self.VCELL: int(millivolts * 1000 / self.VCELL_UV),
            self.SOC: int(self.percent * 256),
            self.VERSION: 0x0011,
        }
        both = values.get(register, 0).to_bytes(2, "big") + values.get(register + 2, 0).to_bytes(2, "big")
        return (both * n)[:n]


class Ds3231(Registers):
    """Maxim 19-5170: BCD registers 0x00..0x12 that wrap round. `now_ms()` is the time that passes outside."""

    STATUS, LAST = 0x0F, 0x12
    STOPPED = 0x80

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__()
        self._now_ms = now_ms
        self._ahead_ms = 0
        self._status = self.STOPPED | 0x08
        self._written = bytearray(7)

    def battery_out(self) -> None:
        """The back-up cell was taken out: nobody knows what time it is."""
        self._status |= self.STOPPED

    def _store(self, register: int, data: bytes) -> None:
        self._written[:] = self._time()
        for at, value in enumerate(data, register):
            if at < len(self._written):
                self._written[at] = value
            elif at == self.STATUS:
                self._status = self._status & value & self.STOPPED | value & 0x08
        if register < len(self._written):
            self._ahead_ms = self._said_ms() - self._now_ms() // 1000 * 1000

    def _load(self, register: int, n: int) -> bytes:
        time = self._time()
        out = bytearray()
        for at in (address % (self.LAST + 1) for address in range(register, register + n)):
            out.append(time[at] if at < len(time) else self._status if at == self.STATUS else 0)
        return bytes(out)

    def _time(self) -> bytes:
        now = datetime.fromtimestamp((self._now_ms() + self._ahead_ms) / 1000, UTC)
        century = 0x80 if now.year >= 2100 else 0
        fields = (now.second, now.minute, now.hour, now.isoweekday(), now.day, now.month, now.year % 100)
        out = bytearray(int(f"{value:02}", 16) for value in fields)
        out[5] |= century
        return bytes(out)

    def _said_ms(self) -> int:
        """The time that was written; registers that hold no date count from 2000."""
        w = self._written
        second, minute, hour, day, month, year = (
            int(f"{value:02x}") for value in (w[0], w[1], w[2] & 0x3F, w[4], w[5] & 0x1F, w[6])
        )
        year += 2100 if w[5] & 0x80 else 2000
        first = datetime(year, max(1, month), 1, tzinfo=UTC)
        said = first + timedelta(days=max(1, day) - 1, hours=hour, minutes=minute, seconds=second)
        return int(said.timestamp()) * 1000


class Strips:
    """WS2812 strips, one a drawer: a write is the drawer and the bits of the line at 2.4 MHz (three a data bit)."""

    PIXEL_BYTES = 9

    def __init__(self) -> None:
        self.pixels: dict[int, list[tuple[int, int, int]]] = {}
        self.garbled = 0

    def power_on(self) -> None:
        """Without power every pixel is dark."""
        self.pixels.clear()

    def write(self, data: bytes) -> None:
        strip = self.pixels.setdefault(data[0], [])
        colours = self._colours(data[1:])
        strip[: len(colours)] = colours

    def read(self, n: int) -> bytes:
        """Pixels say nothing."""
        return bytes(n)

    def lit(self) -> list[tuple[int, int]]:
        """(drawer, pocket) of every pixel that is not dark."""
        return [(drawer, n) for drawer, strip in self.pixels.items() for n, c in enumerate(strip, 1) if any(c)]

    def _colours(self, line: bytes) -> list[tuple[int, int, int]]:
        bits = int.from_bytes(line, "big")
        symbols = [bits >> at & 7 for at in range(8 * len(line) - 3, -1, -3)]
        self.garbled += sum(symbol not in HIGH for symbol in symbols) + len(line) % self.PIXEL_BYTES
        values = [
            sum(HIGH.get(symbol, 0) << 7 - n for n, symbol in enumerate(symbols[at : at + 8]))
            for at in range(0, len(symbols) - 7, 8)
        ]
        return [(values[at + 1], values[at], values[at + 2]) for at in range(0, len(values) - 2, 3)]
