"""A W25Q NOR flash at command level (Winbond, section 8.2), behind SPI with a chip select."""

PAGE, SECTOR = 256, 4096
WRITE_ENABLE, READ_STATUS, READ, PROGRAM, ERASE = 0x06, 0x05, 0x03, 0x02, 0x20
BUSY, ENABLED = 0x01, 0x02


class W25q:
    """Bytes survive; a program only clears bits and wraps round in its page; after a change it is busy for `busy_polls`
    reads of the status."""

    def __init__(self, sectors: int, busy_polls: int = 2) -> None:
        self.bytes = bytearray(b"\xff" * (sectors * SECTOR))
        self.busy_polls = busy_polls
        self.write_protected = False
        self._enabled, self._busy, self._heard = False, 0, b""

    def select(self, on: int) -> None:
        """Chip select: a change is done when it ends."""
        if on:
            self._heard = b""
        else:
            self._end()

    def write(self, data: bytes) -> None:
        self._heard += data

    def readinto(self, buf: bytearray) -> None:
        command = self._heard[0]
        if command == READ_STATUS:
            buf[:] = bytes((self._status(),)) * len(buf)
        elif command == READ and not self._busy:
            at = int.from_bytes(self._heard[1:4], "big")
            buf[:] = self.bytes[at : at + len(buf)]

    def _status(self) -> int:
        self._busy = max(0, self._busy - 1)
        return (BUSY if self._busy else 0) | (ENABLED if self._enabled else 0)

    def _end(self) -> None:
        command = self._heard[0] if self._heard else 0
        if self._busy:
            return
        if command == WRITE_ENABLE:
            self._enabled = not self.write_protected
        elif command in (PROGRAM, ERASE) and self._enabled:
            self._change(command, int.from_bytes(self._heard[1:4], "big"), self._heard[4:])

    def _change(self, command: int, at: int, data: bytes) -> None:
        if command == ERASE:
            start = at - at % SECTOR
            self.bytes[start : start + SECTOR] = b"\xff" * SECTOR
        for n, value in enumerate(data):
            self.bytes[at - at % PAGE + (at + n) % PAGE] &= value
        self._enabled, self._busy = False, self.busy_polls + 1
