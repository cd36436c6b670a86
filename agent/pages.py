"""Pages as they come from the controller: read, checked against the chain, and named by what the agent needs."""

from dataclasses import dataclass
from typing import Any

import cbor2

from agent import shapes
from firmware.journal import chain, kinds

# positions in an entry, docs/journal.md section 2
_STATION, _LOG, _SEQ, _UTC_MS, _KIND, _PLACE, _AFTER = 1, 2, 4, 5, 8, 12, 15

# what the centre is told without lingering
_URGENT = frozenset((*kinds.OUTCOMES, kinds.WASTE, kinds.ALARM))
# fields up to `after`
_ENTRY = ("u", "t", "u", "u", "u", "u", "u", "u", "u", "t", "T", "T", "T", "I", "I", "I")


class UnverifiedPageError(ValueError):
    """A page does not continue the chain (code 4004); the text says why."""


@dataclass(frozen=True)
class Page:
    """One journal page that continues the chain; `head` is head(seq), `after` the quantity now in `place` or None."""

    seq: int
    page: bytes
    kind: int
    utc_ms: int
    head: bytes
    place: str | None
    after: int | None

    @property
    def is_removal(self) -> bool:
        """Whether it counts among removals."""
        return self.kind == kinds.REMOVE

    @property
    def is_urgent(self) -> bool:
        """Whether a batch with it is sent without lingering."""
        return self.kind in _URGENT


def read(data: bytes, station: str, log: int, seq: int, previous_head: bytes) -> Page:
    """The page as the successor `seq` of `previous_head`; raises `UnverifiedPageError` (docs/journal.md section 3)."""
    try:
        entry_bytes, _, _ = chain.parse_page(data)
        entry: list[Any] = cbor2.loads(entry_bytes)
        if not shapes.fits(entry, _ENTRY):
            raise ValueError("a field is not what it should be")
        found = (entry[_STATION], entry[_LOG], entry[_SEQ])
        head = chain.next_head(previous_head, chain.leaf(entry_bytes))
        page = Page(seq, data, entry[_KIND], entry[_UTC_MS], head, entry[_PLACE], entry[_AFTER])
    except (ValueError, TypeError, IndexError, cbor2.CBORError) as error:
        raise UnverifiedPageError(f"page {seq} cannot be read: {error}") from error
    if found != (station, log, seq):
        raise UnverifiedPageError(f"page {seq} of {station} log {log} holds entry {found}")
    return page
