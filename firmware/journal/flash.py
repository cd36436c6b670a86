# Flash as the ring sees it: pages of 256 bytes, sectors of 16 pages, erased to 0xFF, a program only clears bits.
import os

from firmware.compat import const

PAGE = const(256)
SECTOR_PAGES = const(16)
SECTOR = const(4096)

# erased page by page: 4 KB in one piece may not be left on a controller's heap
ERASED = b"\xff" * PAGE


# A file of the same layout, for cabinets that run on Linux.
class FileFlash:
    def __init__(self, path, sectors):
        self.sectors = sectors
        self._file = _open(path)
        self._fill(sectors * SECTOR)

    def read(self, page, buf):
        self._file.seek(page * PAGE)
        self._file.readinto(buf)

    def program(self, page, data):
        self._file.seek(page * PAGE)
        self._file.write(data)

    def erase(self, sector):
        self._file.seek(sector * SECTOR)
        for _ in range(SECTOR_PAGES):
            self._file.write(ERASED)

    # On MicroPython's unix port flush() is what reaches fsync; CPython has it apart.
    def sync(self):
        self._file.flush()
        if hasattr(os, "fsync"):
            os.fsync(self._file.fileno())

    def close(self):
        self._file.close()

    # A file cut short while it was made is completed; a longer one was made for another ring.
    def _fill(self, size):
        held = self._file.seek(0, 2)
        if held > size:
            self._file.close()
            raise ValueError("ring file is larger than the ring; set `ring sectors` to its size")
        while held < size:
            held += self._file.write(ERASED[: size - held])
        self.sync()


def _open(path):
    try:
        return open(path, "r+b")
    except OSError:
        return open(path, "w+b")


class PowerCut(Exception):
    pass


# Cuts power at the n-th flash operation from now, when its first `after` bytes are done. Shared by flash and snapshots.
class Power:
    def __init__(self):
        self.operations = 0
        self._cut_at = None
        self._after = 0
        self._dead = False

    def cut(self, operation, after=0):
        self._cut_at = self.operations + operation
        self._after = after

    def restore(self):
        self._cut_at = None
        self._dead = False

    # How many bytes of an operation of `size` still happen.
    def spend(self, size):
        if self._dead:
            raise PowerCut("no power")
        self.operations += 1
        self._dead = self.operations == self._cut_at
        return min(self._after, size) if self._dead else size

    def check(self):
        if self._dead:
            raise PowerCut("power cut at operation " + str(self.operations))


# NOR flash in RAM: programs AND, erases can stop half way. `bytes` may be looked at and damaged by tests.
class RamFlash:
    def __init__(self, sectors, power=None):
        self.sectors = sectors
        self.power = power or Power()
        self.bytes = bytearray(b"\xff" * (sectors * SECTOR))

    def read(self, page, buf):
        buf[:] = self.bytes[page * PAGE : (page + 1) * PAGE]

    def program(self, page, data):
        start = page * PAGE
        for i in range(self.power.spend(len(data))):
            self.bytes[start + i] &= data[i]
        self.power.check()

    def erase(self, sector):
        start = sector * SECTOR
        done = self.power.spend(SECTOR)
        for at in range(start, start + done, PAGE):
            end = min(at + PAGE, start + done)
            self.bytes[at:end] = ERASED[: end - at]
        self.power.check()

    def sync(self):
        self.power.check()
