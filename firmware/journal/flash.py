# Flash as the ring sees it: pages of 256 bytes, sectors of 16 pages, erased to 0xFF, a program only clears bits.
import os

from firmware.compat import const

PAGE = const(256)
SECTOR_PAGES = const(16)
SLOTS = const(15)  # of a sector, after its key page: an entry each
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


# A ring begins with its first page, the key page of sector 0: from then on this is the only place of that key.
# done(): after each sector, for it may take a minute on a chip.
def begin(flash, page, done=None):
    for sector in range(flash.sectors):
        flash.erase(sector)
        if done:
            done()
    flash.program(0, page)
    flash.sync()
