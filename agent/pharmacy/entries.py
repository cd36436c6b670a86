"""Entries of this computer's own journal, kinds 50 to 53 and 57 (docs/journal.md section 2)."""

from dataclasses import dataclass
from typing import Any

from firmware.journal import chain, entry


@dataclass(frozen=True)
class Entry:
    """What RECORD is given, and what the journal says again; `utc_ms` is when it was written."""

    kind: int
    actor: str
    item: str
    ext: tuple[Any, ...]
    utc_ms: int = 0


def of_page(page: bytes) -> tuple[int, Entry]:
    """(seq, entry) of a page of the outbox."""
    data, _, _ = chain.parse_page(page)
    fields = entry.decode(data)
    said = Entry(
        fields[entry.F_KIND],
        fields[entry.F_ACTOR],
        fields[entry.F_ITEM] or "",
        tuple(fields[entry.F_EXT]),
        fields[entry.F_UTC_MS],
    )
    return fields[entry.F_SEQ], said
