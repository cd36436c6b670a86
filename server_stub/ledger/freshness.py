"""Is a heartbeat new, or one that somebody recorded and sends again, so that a silent station seems to be there?

Its signature is right either way. One that is new gets further, in log, boot, entries or time; or says about the
time it is and has not come before, for the station's clock may have been set back. No I/O.
"""

from collections import deque
from hashlib import sha256
from typing import NamedTuple

from server_stub.ledger.batch import Heartbeat

NEAR_MS = 300_000
# more than a station sends in twice NEAR_MS
_REMEMBERED = 64


class Mark(NamedTuple):
    """How far the last new heartbeat of a station had got."""

    log: int = 0
    boot: int = 0
    seq: int = 0
    utc_ms: int = 0


class Freshness:
    """Remembers of each station the last new heartbeat, and those that came last."""

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}
        self._seen: dict[str, deque[bytes]] = {}

    def knows(self, station: str) -> bool:
        """Has `start` been told, or a heartbeat been taken?"""
        return station in self._marks

    def start(self, station: str, mark: Mark) -> None:
        """What an earlier run had heard of a station."""
        self._marks[station] = mark

    def forget(self) -> None:
        """As at the start (after a transaction that failed)."""
        self._marks.clear()
        self._seen.clear()

    def take(self, beat: Heartbeat, raw: bytes, now_utc_ms: int) -> bool:
        """Is the heartbeat that came as `raw` new? `now_utc_ms` is hospital time."""
        seen = self._seen.setdefault(beat.station, deque(maxlen=_REMEMBERED))
        digest = sha256(raw).digest()
        again = digest in seen
        seen.append(digest)
        last, this = self._marks.get(beat.station, Mark()), Mark(beat.log, beat.boot, beat.seq, beat.utc_ms)
        if again or not (_further(last, this) or abs(beat.utc_ms - now_utc_ms) <= NEAR_MS):
            return False
        self._marks[beat.station] = this
        return True


def _further(last: Mark, this: Mark) -> bool:
    if this.log != last.log:
        return this.log > last.log
    return this.boot > last.boot or this.seq > last.seq or this.utc_ms > last.utc_ms
