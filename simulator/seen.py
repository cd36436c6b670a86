"""What passes through a station's journal and outbox, by kind: neither keeps everything, so both are looked at as they
go. Nothing here reads the ledger."""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cbor2

from server_stub.site.home import Home
from simulator.deeds import DEED_FIELDS, deeds
from simulator.ring import ring_pages

# an outbox keeps 1,000 that were answered; a step is one access or one table
STEPS_A_LOOK = 40


@dataclass
class Passed:
    """Entries counted up to `seq`; `complete` as long as none was missed."""

    seq: int = 0
    complete: bool = True
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, pages: Iterable[tuple[int, bytes]]) -> None:
        """Those that are new."""
        for seq, page in sorted((seq, page) for seq, page in pages if seq > self.seq):
            self.complete = self.complete and seq == self.seq + 1
            self.seq = seq
            entry: list[Any] = cbor2.loads(cbor2.loads(page)[0])
            self.counts.update(deeds(*(entry[field] for field in DEED_FIELDS)))


class Seen:
    """Looks at both of one station, every so many steps."""

    def __init__(self, home: Path, station: str) -> None:
        place = Home(home)
        self._ring = place.controller(station) / "ring.bin"
        self._outbox = place.station(station) / "outbox.db"
        self._steps = 0
        self.journal, self.outbox = Passed(), Passed()

    def step(self, steps: int = 1) -> None:
        """Something has been done here."""
        self._steps += steps
        if self._steps >= STEPS_A_LOOK:
            self.look()

    def look(self) -> None:
        """Count what is new."""
        self._steps = 0
        if self._ring.exists():
            self.journal.take(ring_pages(self._ring, self.journal.seq))
        if self._outbox.exists():
            with closing(sqlite3.connect(f"file:{self._outbox}?mode=ro", uri=True)) as db:
                self.outbox.take(db.execute("SELECT seq, page FROM pages WHERE seq > ?", [self.outbox.seq]).fetchall())
