"""The RFC 6962 tree over tiles of 256 hashes (C2SP tlog-tiles): appending, roots, proofs. Tiles are handed in.

A tile of level L holds the hashes of whole subtrees of 256^L leaves; what lies between two levels is computed.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

HASH = 32
WIDTH = 256
_HEIGHT = 8
_KEPT_NODES = 1 << 16


class TileKey(NamedTuple):
    """Which tile: its level, and its number in that level."""

    level: int
    number: int


ReadTile = Callable[[TileKey], bytes]


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\1" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over 2^n hashes that lie side by side."""
    while len(hashes) > 1:
        hashes = [node(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def split(count: int) -> int:
    """The largest power of two below `count` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


class Edge:
    """The right edge of a tree that grows: per level what its last tile holds."""

    def __init__(self, size: int, tiles: dict[int, bytes]) -> None:
        self.size = size
        self._levels = [bytearray(tiles.get(level, b"")) for level in range(max(tiles, default=-1) + 1)]
        self._full: dict[TileKey, bytes] = {}
        self._touched: set[int] = set()

    def append(self, leaf: bytes) -> None:
        """One leaf more, by its hash."""
        self._put(0, leaf)
        self.size += 1

    def _put(self, level: int, value: bytes) -> None:
        if level == len(self._levels):
            self._levels.append(bytearray())
        tile = self._levels[level]
        tile += value
        self._touched.add(level)
        if len(tile) == WIDTH * HASH:
            number = self.size >> (_HEIGHT * (level + 1))
            self._full[TileKey(level, number)] = bytes(tile)
            self._levels[level] = bytearray()
            self._put(level + 1, fold(_hashes(tile)))

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        value = b""
        for tile in self._levels:
            for part in reversed(_subtrees(_hashes(tile))):
                value = node(part, value) if value else part
        return value or sha256().digest()

    def changed(self) -> Iterator[tuple[TileKey, bytes]]:
        """Tiles to be written since the last time, whole ones and last ones; they count as written."""
        yield from self._full.items()
        for level in sorted(self._touched):
            if self._levels[level]:
                yield TileKey(level, self.size >> (_HEIGHT * (level + 1))), bytes(self._levels[level])
        self._full, self._touched = {}, set()


def edge_keys(size: int) -> list[TileKey]:
    """The tiles of the right edge of a tree of `size`: those that are not full."""
    keys, level = [], 0
    while size >> (_HEIGHT * level):
        if (size >> (_HEIGHT * level)) % WIDTH:
            keys.append(TileKey(level, size >> (_HEIGHT * (level + 1))))
        level += 1
    return keys


def edge_of(size: int, read: ReadTile) -> Edge:
    """The right edge of a tree of `size`; a last tile may hold more by now."""
    tiles = {}
    for key in edge_keys(size):
        tiles[key.level] = read(key)[: (size >> (_HEIGHT * key.level)) % WIDTH * HASH]
    return Edge(size, tiles)


class Proofs:
    """Roots and proofs of any size that the tiles hold."""

    def __init__(self, read: ReadTile) -> None:
        self._read = read
        self._node = lru_cache(_KEPT_NODES)(self._compute)

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves."""
        return self._range(0, size) if size else sha256().digest()

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """PATH(index, D[size])."""
        low, high, found = 0, size, []
        while high - low > 1:
            middle = low + split(high - low)
            if index < middle:
                found.append(self._range(middle, high))
                high = middle
            else:
                found.append(self._range(low, middle))
                low = middle
        return found[::-1]

    def consistency(self, old: int, size: int) -> list[bytes]:
        """PROOF(old, D[size]); [] for the empty tree and for the same size."""
        low, high, found = 0, size, []
        while 0 < old < high:
            middle = low + split(high - low)
            if old <= middle:
                found.append(self._range(middle, high))
                high = middle
            else:
                found.append(self._range(low, middle))
                low = middle
        if low and found:
            found.append(self._range(low, high))
        return found[::-1]

    def subtree(self, level: int, index: int) -> bytes:
        """The hash of whole subtree number `index` of 2^`level` leaves."""
        return self._node(level, index)

    def _range(self, low: int, high: int) -> bytes:
        count = high - low
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._node(level, low >> level)
        middle = low + split(count)
        return node(self._range(low, middle), self._range(middle, high))

    def _compute(self, level: int, index: int) -> bytes:
        tile_level, above = divmod(level, _HEIGHT)
        first = index << above
        tile = self._read(TileKey(tile_level, first // WIDTH))
        at = first % WIDTH * HASH
        hashes = _hashes(tile[at : at + (HASH << above)])
        if len(hashes) != 1 << above:
            raise LookupError(f"tile {tile_level}/{first // WIDTH} is too short")
        return fold(hashes)


def _hashes(tile: bytes | bytearray) -> list[bytes]:
    return [bytes(tile[at : at + HASH]) for at in range(0, len(tile), HASH)]


def _subtrees(hashes: list[bytes]) -> list[bytes]:
    """The whole subtrees that `hashes` are, largest first."""
    made, at = [], 0
    for bit in reversed(range(_HEIGHT)):
        if len(hashes) & (1 << bit):
            made.append(fold(hashes[at : at + (1 << bit)]))
            at += 1 << bit
    return made
