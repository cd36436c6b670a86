"""What an entry costs the journal's flash, key pages and their zeroing included; snapshots are files, counted apart.

python -m simulator.bench.wear [ENTRIES]
"""

import sys
from dataclasses import dataclass

from firmware import issue
from firmware.compat import derive
from firmware.journal import entry, kinds
from firmware.journal.flash import begin
from firmware.journal.journal import Journal
from firmware.journal.ram import Power, RamFlash, RamStore
from simulator.bench.controllers import Ticking

KEY, STATION, SECTORS = bytes(range(32)), "BENCH", 128
PROGRAMS_TARGET, ERASES_TARGET = 1.2, 0.07


class CountingFlash(RamFlash):
    """Flash that counts what is done to it, whole pages and sectors."""

    programs = erases = 0

    def program(self, page: int, data: bytes) -> None:
        self.programs += 1
        RamFlash.program(self, page, data)

    def erase(self, sector: int) -> None:
        self.erases += 1
        RamFlash.erase(self, sector)


class CountingStore(RamStore):
    """Snapshots that are counted."""

    writes = 0

    def write(self, which: int, parts: object) -> None:
        self.writes += 1
        RamStore.write(self, which, parts)


class _Nothing:
    def load(self, values: list[object]) -> None:
        """Nothing is folded."""

    def dump(self) -> list[object]:
        return []


@dataclass(frozen=True)
class Wear:
    """Operations of a run of `entries`; `snapshots` are writes of one of the two areas."""

    entries: int
    programs: int
    erases: int
    snapshots: int

    def __str__(self) -> str:
        return (
            f"{self.entries} entries: {self.programs / self.entries:.3f} programs (target {PROGRAMS_TARGET}) and "
            f"{self.erases / self.entries:.4f} erases (target {ERASES_TARGET}) an entry, key erasure included; "
            f"apart from these {self.snapshots} snapshots"
        )


def run(entries: int, sectors: int = SECTORS) -> Wear:
    """Append `entries` to a new journal whose every entry is answered at once."""
    flash = CountingFlash(sectors, Power())
    begin(flash, issue.ring_start(KEY))
    store = CountingStore(flash.power)
    genesis, key = entry.genesis(STATION, 1, KEY, "0.1.0"), derive(KEY, "snapshot")
    journal = Journal(flash, store, STATION, 1, key, genesis, lambda *_: None, _Nothing(), Ticking(0))
    journal.recover()
    flash.programs = flash.erases = store.writes = 0
    for _ in range(entries):
        journal.append(kinds.SIGN_ON, "nurse1", txn=0, ext=(1,))
        journal.release(journal.seq)
    return Wear(entries, flash.programs, flash.erases, store.writes)


if __name__ == "__main__":
    print(run(int(sys.argv[1]) if sys.argv[1:] else 10_000))
