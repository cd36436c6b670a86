"""The key of every entry of a log, found from the station's K (docs/journal.md section 3). Nothing of it is stored."""

import hmac
from hashlib import sha256
from typing import NamedTuple

from firmware.journal.evolve import EPOCH_ENTRIES, PURPOSE, epoch_of

# 200 years of a busy cabinet. Beyond this a seq is no cabinet's, and looking for its key would keep all others waiting.
MAX_SEQ = 1 << 27
# epochs from one that is remembered to the next: who asks far and near in turn costs no more than this
RUNG = 1024


class _Place(NamedTuple):
    """K(seq), and E of its epoch."""

    seq: int
    epoch_key: bytes
    key: bytes


class PageKeys:
    """Keys of the entries of one log. Where the last run began and ended is remembered, so that what follows, or comes
    again, costs a hash an entry; a far seq costs as many as there are epochs to it once, and then RUNG at most."""

    def __init__(self, key: bytes) -> None:
        root = hmac.digest(key, PURPOSE, "sha256")
        self._first = _first_of(0, root)
        self._known: tuple[_Place, ...] = (self._first,)
        self._rungs = [root]

    def run(self, seq: int, count: int) -> list[bytes]:
        """K(seq) to K(seq + count - 1). ValueError for a seq that no log has."""
        if not 1 <= seq <= MAX_SEQ:
            raise ValueError(f"no log has an entry {seq}")
        near = max((place for place in self._known if place.seq <= seq), default=self._first)
        if epoch_of(seq) - epoch_of(near.seq) >= RUNG:
            near = max(near, self._rung(epoch_of(seq) // RUNG))
        start = _seek(near, seq)
        keys, end = _walk(start, count)
        self._known = (start, end)
        return keys

    def _rung(self, number: int) -> _Place:
        """The first entry of an epoch that is a multiple of RUNG; E of those is remembered, 128 at most."""
        while len(self._rungs) <= number:
            epoch_key = self._rungs[-1]
            for _ in range(RUNG):
                epoch_key = sha256(b"\4" + epoch_key).digest()
            self._rungs.append(epoch_key)
        return _first_of(number * RUNG, self._rungs[number])


def _first_of(epoch: int, epoch_key: bytes) -> _Place:
    return _Place(epoch * EPOCH_ENTRIES + 1, epoch_key, sha256(b"\5" + epoch_key).digest())


def _walk(place: _Place, count: int) -> tuple[list[bytes], _Place]:
    """The keys of `count` entries from here on, and the place of the next."""
    seq, epoch_key, key = place
    keys = []
    for at in range(seq, seq + count):
        keys.append(key)
        if at % EPOCH_ENTRIES:
            key = sha256(b"\6" + key).digest()
        else:
            epoch_key = sha256(b"\4" + epoch_key).digest()
            key = sha256(b"\5" + epoch_key).digest()
    return keys, _Place(seq + count, epoch_key, key)


def _seek(place: _Place, seq: int) -> _Place:
    epoch, epoch_key = epoch_of(place.seq), place.epoch_key
    if epoch < epoch_of(seq):
        for _ in range(epoch_of(seq) - epoch):
            epoch_key = sha256(b"\4" + epoch_key).digest()
        place = _first_of(epoch_of(seq), epoch_key)
    return _walk(place, seq - place.seq)[1]
