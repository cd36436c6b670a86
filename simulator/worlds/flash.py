"""What keeps a controller's data without power: a NOR chip, or a file behind a page cache, and two snapshot areas.

A power cut (`firmware.journal.ram.Power`) leaves an operation half done. Of a file the pages written since the last sync
reach the disk in any order, some never, some in part.
"""

import random

from firmware.journal.flash import PAGE, SECTOR, SECTOR_PAGES
from firmware.journal.ram import Power, RamFlash

BLANK = b"\xff" * PAGE


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

    def crash(self, _rng: random.Random) -> int:
        """The power is away. Gives how many writes were left in another order than they were made: none."""
        return 0


class CachedFile(RamFlash):
    """The ring's file on a Linux cabinet: what was not synced reaches the disk in any order, or not."""

    def __init__(self, sectors: int, power: Power) -> None:
        super().__init__(sectors, power)
        self._dirty: dict[int, bytes] = {}

    def read(self, page: int, buf: bytearray) -> None:
        """The page as a process sees it."""
        buf[:] = self._dirty.get(page) or self.bytes[page * PAGE : (page + 1) * PAGE]

    def program(self, page: int, data: bytes) -> None:
        """Write one page into the cache."""
        self.power.spend(len(data))
        self._dirty[page] = bytes(data)
        self.power.check()

    def erase(self, sector: int) -> None:
        """Write a sector of blanks into the cache."""
        self.power.spend(SECTOR)
        self._dirty.update(dict.fromkeys(range(sector * SECTOR_PAGES, (sector + 1) * SECTOR_PAGES), BLANK))
        self.power.check()

    def sync(self) -> None:
        """All of the cache reaches the disk."""
        self.power.check()
        for page, data in self._dirty.items():
            self.bytes[page * PAGE : (page + 1) * PAGE] = data
        self._dirty.clear()

    def crash(self, rng: random.Random) -> int:
        """The power is away: of the cache some pages are written, some in part. Gives how many were not whole."""
        lost = 0
        for page, data in sorted(self._dirty.items()):
            done = rng.choice((0, PAGE, rng.randrange(PAGE)))
            self.bytes[page * PAGE : page * PAGE + done] = data[:done]
            lost += done < PAGE
        self._dirty.clear()
        return lost if lost and len(self.bytes) else 0
