"""An ATECC608 secure element at the level of its I2C packets (Microchip DS40002237): its two counters, no keys."""

import struct

MAX_COUNT = 2_097_151
AFTER_WAKE = b"\x11"
PARSE_ERROR, EXECUTION_ERROR, BAD_CRC = b"\x03", b"\x0f", b"\xff"
RESET, SLEEP, IDLE, COMMAND = 0x00, 0x01, 0x02, 0x03
COUNTER = 0x24
NO_ACKNOWLEDGE = 5


class Atecc608:
    """Asleep until it is woken; while it works it answers nobody (OSError) for `busy_reads` reads. `counts` survive
    everything."""

    def __init__(self, busy_reads: int = 3) -> None:
        self.counts = [0, 0]
        self.busy_reads = busy_reads
        self.power_on()

    def power_on(self) -> None:
        """Asleep, with nothing to say."""
        self._awake, self._busy, self._reply = False, 0, b""

    def wake(self) -> None:
        """The data line was low for long enough."""
        if not self._awake:
            self._awake = True
            self._answer(AFTER_WAKE)

    def write(self, data: bytes) -> None:
        """A word address, and a packet after it."""
        self._need()
        if data[:1] == bytes((COMMAND,)):
            self._answer(self._do(data[1:]))
        elif data[:1] in (bytes((SLEEP,)), bytes((IDLE,))):
            self.power_on()

    def read(self, n: int) -> bytes:
        """The last reply; what is beyond it reads as ones."""
        self._need()
        if self._busy:
            self._busy -= 1
            raise OSError(NO_ACKNOWLEDGE)
        return self._reply.ljust(n, b"\xff")[:n]

    def _need(self) -> None:
        if not self._awake:
            raise OSError(NO_ACKNOWLEDGE)

    def _answer(self, data: bytes) -> None:
        body = bytes((len(data) + 3,)) + data
        self._reply, self._busy = body + crc16(body), self.busy_reads

    def _do(self, packet: bytes) -> bytes:
        if len(packet) < 7 or packet[0] != len(packet) or crc16(packet[:-2]) != packet[-2:]:
            return BAD_CRC
        opcode, mode, number = packet[1], packet[2], int.from_bytes(packet[3:5], "little")
        if opcode != COUNTER or mode > 1 or number > 1:
            return PARSE_ERROR
        if mode and self.counts[number] == MAX_COUNT:
            return EXECUTION_ERROR
        self.counts[number] += mode
        return struct.pack("<I", self.counts[number])


def crc16(data: bytes) -> bytes:
    """Polynomial 0x8005 over the bits of each byte from the lowest, as the chip sends it."""
    crc = 0
    for bit in (byte >> n & 1 for byte in data for n in range(8)):
        crc = (crc << 1) & 0xFFFF ^ (0x8005 if crc >> 15 ^ bit else 0)
    return crc.to_bytes(2, "little")
