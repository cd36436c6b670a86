# Flash and snapshots in RAM, whose power can be cut: for tests and benchmarks, no controller loads this.
import io

from firmware.journal.flash import ERASED, PAGE, SECTOR


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


# Two areas in RAM that lose power together with a RamFlash.
class RamStore:
    def __init__(self, power):
        self._power = power
        self.areas = [b"", b""]

    def open(self, which):
        return io.BytesIO(self.areas[which])

    def write(self, which, parts):
        data = b"".join([bytes(part) for part in parts])
        self.areas[which] = bytes(data[: self._power.spend(len(data))])
        self._power.check()
