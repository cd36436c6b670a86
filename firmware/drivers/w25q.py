# The journal's own NOR flash, a W25Q of Winbond: 256-byte pages, 4096-byte sectors, no file system. spi has
# write(data), readinto(buf) and select(0 or 1); docs/journal.md section 4 says what is in it.
from firmware.journal.flash import PAGE, SECTOR

WRITE_ENABLE, READ_STATUS, READ, PROGRAM, ERASE = 0x06, 0x05, 0x03, 0x02, 0x20
BUSY, ENABLED = 0x01, 0x02
POLLS = 200000  # an erase takes 400 ms at most


class NorFlash:
    def __init__(self, spi, sectors):
        self.sectors = sectors
        self._spi = spi
        self._status = bytearray(1)

    def read(self, page, buf):
        self._command(READ, page * PAGE, into=buf)

    def program(self, page, data):
        self._change(PROGRAM, page * PAGE, data)

    def erase(self, sector):
        self._change(ERASE, sector * SECTOR)

    # every change has been waited for
    def sync(self):
        pass

    # a chip that takes no write enable or never ends is an error: then nothing moves
    def _change(self, command, address, data=b""):
        self._send(bytes((WRITE_ENABLE,)))
        if not self._read_status() & ENABLED:
            raise OSError(5)
        self._command(command, address, data)
        for _ in range(POLLS):
            if not self._read_status() & BUSY:
                return
        raise OSError(110)

    def _read_status(self):
        self._send(bytes((READ_STATUS,)), into=self._status)
        return self._status[0]

    def _command(self, command, address, data=b"", into=None):
        self._send(bytes((command, address >> 16, address >> 8 & 0xFF, address & 0xFF)) + data, into)

    def _send(self, data, into=None):
        self._spi.select(1)
        try:
            self._spi.write(data)
            if into is not None:
                self._spi.readinto(into)
        finally:
            self._spi.select(0)
