"""What the simulated people know: fates of records, removals they confirmed, what they still could return."""

from collections import Counter
from dataclasses import dataclass, field

from simulator.plan import Remove

REFUSED, STOCK_OUT = "refused", "stock_out"


@dataclass(frozen=True)
class Taken:
    """One confirmed removal: smallest units of the item from `place`, transaction `txn` of its station."""

    action: Remove
    txn: int
    place: str
    quantity: int


@dataclass
class Tally:
    """Counts of a run. `replayed` is removals that a nurse knows to be confirmed; `refusals` codes that were met;
    `stockouts` doses asked for and not available; `seeded` the marked removals that came about, by station;
    `power_cuts` how often somebody took the power away."""

    fates: Counter[str] = field(default_factory=Counter)
    replayed: int = 0
    refusals: Counter[int] = field(default_factory=Counter)
    stockouts: int = 0
    seeded: dict[str, list[Taken]] = field(default_factory=dict)
    late_tables: int = 0
    reboots: int = 0
    power_cuts: int = 0
    taken: dict[str, list[Taken]] = field(default_factory=dict)

    def note(self, code: int) -> None:
        """Count a refusal; 0 is none."""
        if code:
            self.refusals[code] += 1
