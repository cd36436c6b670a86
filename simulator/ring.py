"""The flash pages of a controller's journal, read without its firmware (docs/journal.md section 4)."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

FLASH_PAGE, CRC_AT, LONGEST_PAGE = 256, 252, 246


def ring_pages(ring: Path, beyond: int = 0) -> Iterator[tuple[int, bytes]]:
    """(seq, journal page) of every valid flash page with a seq beyond this."""
    data = ring.read_bytes()
    for at in range(0, len(data) - FLASH_PAGE + 1, FLASH_PAGE):
        length, seq = struct.unpack_from("<HI", data, at)
        if length > LONGEST_PAGE or seq <= beyond:
            continue
        if struct.unpack_from("<I", data, at + CRC_AT)[0] == zlib.crc32(data[at : at + CRC_AT]):
            yield seq, data[at + 6 : at + 6 + length]
