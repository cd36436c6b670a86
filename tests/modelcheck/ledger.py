"""What the entries say, added up by somebody else than the firmware, and what must never be in them.

Entries are read back from flash, so that only what is durable counts.
"""

from typing import Any

from firmware import codes, flags
from firmware.journal import kinds
from firmware.journal.entry import (
    F_ACTOR,
    F_AFTER,
    F_BEFORE,
    F_CHANGE,
    F_EXT,
    F_ITEM,
    F_KIND,
    F_PLACE,
    F_TXN,
    F_WITNESS,
)
from firmware.wire import messages
from tests.modelcheck.cabinets import Plan

RELEASED = "no release without a durable entry"
KNOWN = "no drawer is open unknown"
RESTRICTED = "a restricted user never opens"
WITNESS = "a witness is never the actor"
ENDS = "each access ends"
FOLD = "counts equal the fold"
RUNS = "every event is handled"
INVARIANTS = (RELEASED, KNOWN, RESTRICTED, WITNESS, ENDS, FOLD, RUNS)


class Violation(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant
        self.step: Any = None  # the one that broke it


class Ledger:
    """The fold of the entries read so far."""

    def __init__(self, plan: Plan) -> None:
        self.flags = {row[0]: row[3] for row in plan.tables["items"]}
        self.restricted = {row[1] for row in plan.tables["users"] if row[5] & messages.ROLE_RESTRICTED}
        self.later = plan.restricts  # becomes restricted with version 2 of `users`
        self.looks_back = plan.looks_back
        self.seq = 0
        self.counts: dict[str, int] = {}
        self.open: dict[int, list[Any]] = {}  # txn -> [purpose, actor, drawer, was it released]
        self.drawers: dict[int, bool] = {}  # the open ones: were they released for an access
        self.alarms: set[tuple[int, int]] = set()
        self.removal: tuple[int, str, int, str] = (0, "", 0, "")  # txn, item, quantity, place of the last one

    def view(self) -> Any:
        """As `abstraction.view` sees it: without numbers that only rise."""
        return (
            tuple(sorted(self.counts.items())), tuple(tuple(self.open[txn]) for txn in sorted(self.open)),
            tuple(sorted(self.drawers.items())), tuple(sorted(self.alarms)), self.removal[1:],
            tuple(sorted(self.restricted)),
        )  # fmt: skip

    def take(self, fields: list[Any]) -> None:
        """One entry more. Violation if it must not be there."""
        self.seq += 1
        if fields[F_WITNESS] is not None and fields[F_WITNESS] == fields[F_ACTOR]:
            raise Violation(WITNESS, f"{fields[F_ACTOR]} in an entry of kind {fields[F_KIND]}")
        if fields[F_CHANGE] is not None and fields[F_BEFORE] is not None:
            self._count(fields)
        kind = fields[F_KIND]
        if kind in kinds.OUTCOMES:
            self._end(fields)
        elif kind in _TAKES:
            _TAKES[kind](self, fields)

    def _count(self, f: list[Any]) -> None:
        held = self.counts.get(f[F_PLACE], 0)
        if f[F_BEFORE] != held or f[F_AFTER] != held + f[F_CHANGE] or f[F_AFTER] < 0:
            said = f"{f[F_BEFORE]} {f[F_CHANGE]:+} = {f[F_AFTER]}"
            raise Violation(FOLD, f"an entry of kind {f[F_KIND]} says {said} at {f[F_PLACE]}, where {held} were")
        self.counts[f[F_PLACE]] = f[F_AFTER]

    def _access(self, f: list[Any]) -> None:
        if f[F_ACTOR] in self.restricted:
            raise Violation(RESTRICTED, f"{f[F_ACTOR]} in an access entry")
        purpose = f[F_EXT][0]
        if purpose == kinds.PURPOSE_REMOVE and self.flags[f[F_ITEM]] & flags.WITNESS_AT_REMOVAL and not f[F_WITNESS]:
            raise Violation(WITNESS, f"{f[F_ACTOR]} is alone at a removal that needs two")
        self.open[f[F_TXN]] = [purpose, f[F_ACTOR], int(f[F_PLACE][1:3]), False]

    def _end(self, f: list[Any]) -> None:
        if f[F_TXN] == 0:  # the pharmacy stocks the cabinet before it begins
            return
        if f[F_TXN] not in self.open:
            raise Violation(ENDS, f"an outcome of kind {f[F_KIND]} of no access that is open")
        self.open.pop(f[F_TXN])
        if f[F_KIND] == kinds.REMOVE and self.looks_back:
            self.removal = (f[F_TXN], f[F_ITEM], -f[F_CHANGE], f[F_PLACE])

    def _opened(self, f: list[Any]) -> None:
        self.drawers[f[F_EXT][0]] = f[F_TXN] != 0

    def _closed(self, f: list[Any]) -> None:
        self.drawers.pop(f[F_EXT][0], None)

    def _alarm(self, f: list[Any]) -> None:
        self.alarms.add((f[F_EXT][0], f[F_EXT][1]))

    def _alarm_cleared(self, f: list[Any]) -> None:
        self.alarms.discard((f[F_EXT][0], f[F_EXT][1]))

    def _reference(self, f: list[Any]) -> None:
        if f[F_EXT][:2] == ["users", 2]:
            self.restricted.add(self.later)

    def release(self, drawer: int) -> None:
        """A lock is about to be released: one access must be open for it that was not released before."""
        due = [access for access in self.open.values() if access[2] == drawer and not access[3]]
        if not due:
            raise Violation(RELEASED, f"drawer {drawer} is released, and no durable entry says for what")
        if due[-1][1] in self.restricted:
            raise Violation(RESTRICTED, f"drawer {drawer} is released for {due[-1][1]}")
        due[-1][3] = True

    def opened(self, drawer: int, is_open: bool) -> None:
        """The controller was told all of this drawer: what does the journal say?"""
        if is_open != (drawer in self.drawers):
            raise Violation(KNOWN, f"drawer {drawer} is {'open' if is_open else 'shut'}, the journal says otherwise")
        if is_open and not self.drawers[drawer] and (codes.ALARM_FORCED, drawer) not in self.alarms:
            raise Violation(KNOWN, f"drawer {drawer} is open for nobody, and there is no alarm")


_TAKES = {
    kinds.ACCESS: Ledger._access,
    kinds.OPENED: Ledger._opened,
    kinds.CLOSED: Ledger._closed,
    kinds.ALARM: Ledger._alarm,
    kinds.ALARM_CLEARED: Ledger._alarm_cleared,
    kinds.REFERENCE: Ledger._reference,
}
