"""What keeps its content without power, as values: flash pages, snapshots, files. An image of all of it costs a few
pointers, so that every state of the check can have one.

One set of chips serves the whole check. Objects of the station that stand for them are pickled as this set.
"""

import io
from collections.abc import Callable
from typing import Any

from firmware.journal.flash import ERASED, SECTOR_PAGES
from simulator.worlds.files import Held

SECTORS = 32
Image = tuple[tuple[bytes | None, ...], tuple[bytes, bytes], tuple[tuple[str, bytes], ...]]


class Flash:
    """NOR flash: programs AND; an erased page is None."""

    def __init__(self) -> None:
        self.sectors = SECTORS
        self.pages: list[bytes | None] = []

    def read(self, page: int, buf: bytearray) -> None:
        buf[:] = self.pages[page] or ERASED

    def program(self, page: int, data: bytes) -> None:
        before = self.pages[page]
        self.pages[page] = bytes(data) if before is None else bytes(a & b for a, b in zip(before, data, strict=True))

    def erase(self, sector: int) -> None:
        first = sector * SECTOR_PAGES
        self.pages[first : first + SECTOR_PAGES] = [None] * SECTOR_PAGES

    def sync(self) -> None:
        """Programs are durable at once."""


class Store:
    """The two areas of snapshots."""

    def __init__(self) -> None:
        self.areas = [b"", b""]

    def open(self, which: int) -> io.BytesIO:
        return io.BytesIO(self.areas[which])

    def write(self, which: int, parts: Any) -> None:
        self.areas[which] = b"".join(bytes(part) for part in parts)


class Files(Held):
    """The files of the reference tables. Each commit and each rename is a moment at which power can go."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: Callable[[], None] = lambda: None

    def view(self) -> tuple[tuple[str, bytes], ...]:
        return tuple(sorted(self.held.items()))

    def commit(self, file: io.BytesIO) -> None:
        self.held[self._writing] = file.getvalue()
        self.changed()

    def rename(self, source: str, target: str) -> None:
        self.held[target] = self.held.pop(source)
        self.changed()


FLASH, STORE, FILES = Flash(), Store(), Files()


def image() -> Image:
    """All that would be left if power went now."""
    return tuple(FLASH.pages), (STORE.areas[0], STORE.areas[1]), FILES.view()


def put_back(kept: Image) -> None:
    """The chips as they were when `kept` was taken."""
    pages, areas, files = kept
    FLASH.pages, STORE.areas, FILES.held = list(pages), list(areas), dict(files)


BLANK: Image = ((None,) * (SECTORS * SECTOR_PAGES), (b"", b""), ())
