"""Does the ledger say what people did? Their own word of each label against the centre's fold and its reports."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.handheld.check import OK, QTY
from firmware.journal import kinds
from server_stub.supply import life, reports
from simulator.paperwork import Ledger, refused

_SAID_OF_LABELS = (kinds.PICKED, kinds.CHECKED, kinds.DELIVERED)


@dataclass
class Deed:
    """What people did with a label: `status` of its check ("": none), `carried` to its station to be put away; `new` is
    the code of the corrected label."""

    label: str
    code: str
    station: str
    picker: str
    item: str
    quantity: int
    status: str = ""
    carried: bool = False
    new: str = ""

    @classmethod
    def of(cls, label: dict[str, Any], picker: str) -> "Deed":
        """A label that came out of a unit's printer."""
        return cls(label["serial"], label["code"], label["station"], picker, label["item"], label["quantity"])

    @property
    def right(self) -> int | None:
        """The quantity that the checker finds; None if it is not asked for."""
        return self.quantity + 1 if self.status == QTY else None

    def states(self) -> dict[str, str]:
        """By label, what must have become of it."""
        last = life.DELIVERED if self.carried else life.CHECKED_OK
        if self.status == QTY:
            return {self.label: life.SUPERSEDED, self.new.rpartition("|")[2]: last}
        if self.status not in ("", OK):
            return {self.label: life.VOID}
        return {self.label: last if self.carried or self.status else life.PICKED}


class Judgement:
    """What people did, and what the ledger has of it."""

    def __init__(self, deeds: Sequence[Deed], ledger: Ledger) -> None:
        self._deeds, self._ledger = deeds, ledger
        self._rows = ledger.labels()
        self._should = {label: state for deed in deeds for label, state in deed.states().items()}

    def faults(self) -> list[str]:
        """Everything that is not as it should be, in words."""
        return [*self._one_state(), *self._nothing_twice(), *self._report_faults(), *refused(self._ledger.entries)]

    def states(self) -> dict[str, int]:
        """How many labels are in each state."""
        return dict(sorted(Counter(row.state for row in self._rows).items()))

    def reports(self) -> dict[str, int]:
        """How many lines each report has."""
        return {name: len(self._ledger.report(name)) for name in reports.REPORTS}

    def _one_state(self) -> list[str]:
        rows = Counter(row.label for row in self._rows)
        found = {row.label: row.state for row in self._rows}
        faults = [f"{label} has {count} states" for label, count in rows.items() if count > 1]
        faults += [f"{label}: nobody made it" for label in found.keys() - self._should.keys()]
        faults += [f"{label} is {found.get(label)} and should be {state}" for label, state in self._should.items()
                   if found.get(label) != state]  # fmt: skip
        return faults + self._quantities()

    def _quantities(self) -> list[str]:
        found = {row.label: (row.station, row.item, row.quantity, row.picker) for row in self._rows}
        said = {deed.label: (deed.station, deed.item, deed.quantity, deed.picker) for deed in self._deeds}
        return [f"{label} is {found.get(label)} and should be {one}" for label, one in said.items()
                if found.get(label) != one]  # fmt: skip

    def _nothing_twice(self) -> list[str]:
        said = Counter((entry.kind, entry.ext[0]) for entry in self._ledger.entries if entry.kind in _SAID_OF_LABELS)
        return [f"{label}: kind {kind} came {count} times" for (kind, label), count in said.items() if count > 1]

    def _report_faults(self) -> list[str]:
        unchecked = {deed.label for deed in self._deeds if not deed.status}
        checked = [deed.label for deed in self._deeds if deed.status]
        wanted = {
            reports.A: [label for label, state in self._should.items() if state == life.PICKED],
            reports.B: [label for label, state in self._should.items() if state == life.CHECKED_OK],
            reports.C: [
                label for label, state in self._should.items() if state == life.DELIVERED and label in unchecked
            ],
            reports.ERRORS: [deed.label for deed in self._deeds if deed.status not in ("", OK)],
            reports.DETAIL: checked,
            reports.FINDINGS: [],
        }
        told = {name: self._ledger.report(name) for name in wanted}
        return [f"report {name} says {told[name]} and should say {sorted(labels)}" for name, labels in wanted.items()
                if told[name] != sorted(labels)]  # fmt: skip
