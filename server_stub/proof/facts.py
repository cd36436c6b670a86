"""What a report tells of a period, gathered entry by entry."""

from collections import Counter, defaultdict
from typing import NamedTuple

from firmware.journal import kinds
from server_stub.ledger.record import Entry
from server_stub.proof.formulary import Formulary

MOVES = {
    kinds.REFILL: "received",
    kinds.REMOVE: "dispensed",
    kinds.RETURN: "returned",
    kinds.WASTE: "wasted",
    kinds.COUNT: "counted",
    kinds.DISCREPANCY: "counted",
    kinds.LOAD: "received",
    kinds.UNLOAD: "taken out",
    kinds.OUTDATE: "taken out",
    kinds.RETURN_BIN: "to bin",
    kinds.BIN_EMPTIED: "from bin",
}
# of these the sum is signed
_SIGNED = (kinds.COUNT, kinds.DISCREPANCY)
ALARMS = (kinds.ALARM, kinds.ALARM_CLEARED, kinds.CENTRE_ALARM)
ALERTS = (kinds.ALERT_RAISED, kinds.ALERT_CLEARED, kinds.UNDOCUMENTED_REMOVAL)
DISCREPANCIES = (kinds.DISCREPANCY_OPENED, kinds.DISCREPANCY_RESOLVED)


class Move(NamedTuple):
    """A transaction with an item; quantities are smallest units, `change` is signed (waste: what was wasted)."""

    utc_ms: int
    station: str
    seq: int
    what: str
    place: str
    item: str
    change: int
    after: int | None
    actor: str
    witness: str
    patient: str
    order: str


class Facts:
    """Takes the entries of the period in; everything it holds is in the order of the logs."""

    def __init__(self, formulary: Formulary) -> None:
        self.formulary = formulary
        self.kinds: Counter[int] = Counter()
        self.totals: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.controlled: dict[int, list[Move]] = defaultdict(list)
        self.discrepancies: list[Entry] = []
        self.alerts: list[Entry] = []
        self.alarms: list[Entry] = []

    def take(self, entry: Entry) -> None:
        """One entry of the period."""
        self.kinds[entry.kind] += 1
        if entry.kind in MOVES and entry.item is not None:
            self._move(entry, entry.item)
        elif entry.kind in DISCREPANCIES:
            self.discrepancies.append(entry)
        elif entry.kind in ALERTS:
            self.alerts.append(entry)
        elif entry.kind in ALARMS:
            self.alarms.append(entry)

    def _move(self, entry: Entry, item: str) -> None:
        change = entry.ext[2] if entry.kind == kinds.WASTE else entry.change or 0
        what = MOVES[entry.kind]
        self.totals[entry.station, item][what] += change if entry.kind in _SIGNED else abs(change)
        schedule = self.formulary[item].schedule
        if schedule:
            self.controlled[schedule].append(
                Move(
                    entry.utc_ms,
                    entry.station,
                    entry.seq,
                    what,
                    entry.place or "",
                    item,
                    change,
                    entry.after,
                    entry.actor,
                    entry.witness or "",
                    entry.patient,
                    entry.order,
                )
            )
