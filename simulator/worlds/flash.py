"""What keeps a controller's data without power: a NOR chip, or a file behind a page cache, and two snapshot areas.

A power cut (`firmware.journal.ram.Power`) leaves an operation half done.
"""

import random

from firmware.journal.flash import PAGE, SECTOR
from firmware.journal.ram import Power, RamFlash


class Supply(Power):
    """The controller's power, as `Power`."""

    def never(self) -> None:
        """No cut is armed any more."""
        if not self._dead:
            self.restore()

    def is_dead(self) -> bool:
        """Whether an armed cut has struck."""
        return bool(self._dead)


class NorChip(RamFlash):
    """SPI NOR: a program clears bits, in order; a cut leaves its first bytes, or the first part of an erase."""

    def program(self, page: int, data: bytes) -> None:
        """Clear bits of one page."""
        start = page * PAGE
        done = self.power.spend(len(data))
        held = int.from_bytes(self.bytes[start : start + done], "big")
        self.bytes[start : start + done] = (held & int.from_bytes(data[:done], "big")).to_bytes(done, "big")
        self.power.check()

    def crash(self, _rng: random.Random) -> None:
        """The power is away; what is half done is on the chip already."""


class CachedFile(RamFlash):
    """The ring's file on a Linux cabinet: nothing is on the disk before a sync, and at a cut only a part of what was
    written since, though the process saw all of it."""

    def __init__(self, sectors: int, power: Power) -> None:
        super().__init__(sectors, power)
        self._dirty: list[tuple[int, bytes]] = []

    def read(self, page: int, buf: bytearray) -> None:
        """The page as a process sees it."""
        start = page * PAGE
        buf[:] = self.bytes[start : start + PAGE]
        for at, data in self._dirty:
            if at <= start < at + len(data):
                buf[:] = data[start - at : start - at + PAGE]

    def program(self, page: int, data: bytes) -> None:
        """Write one page into the cache."""
        self._write(page * PAGE, bytes(data))

    def erase(self, sector: int) -> None:
        """Write a sector of blanks into the cache."""
        self._write(sector * SECTOR, b"\xff" * SECTOR)

    def _write(self, at: int, data: bytes) -> None:
        self.power.spend(len(data))
        self._dirty.append((at, data))
        self.power.check()

    def sync(self) -> None:
        """All of the cache reaches the disk."""
        self.power.check()
        for at, data in self._dirty:
            self.bytes[at : at + len(data)] = data
        self._dirty.clear()

    def crash(self, rng: random.Random) -> None:
        """The power is away: of what was not synced the disk has all, nothing, or the first bytes."""
        for at, data in reversed(self._dirty):
            done = rng.choice((0, len(data), rng.randrange(len(data))))
            self.bytes[at : at + done] = data[:done]
        self._dirty.clear()
