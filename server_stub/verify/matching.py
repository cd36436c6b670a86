"""Which charting documents which removal of one patient and item. Pure; the result does not depend on any order.

Quantities are conserved: of each removal, charted + given back + missing is what was removed; no charting record and no
return counts twice.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from server_stub.verify.facts import Back, Chart, Key, Removal

_Left = Sequence[tuple[Chart, int]]


class Share(NamedTuple):
    """What became of one removal: quantities returned or wasted (`back`), `charted`, and `missing`; `by` and `at_ms`
    are event id and time of the last charting that was needed, `late` if that came after the deadline."""

    back: int
    charted: int
    missing: int
    by: str
    at_ms: int | None
    late: bool


@dataclass
class _Line:
    removal: Removal
    missing: int
    back: int = 0
    charted: int = 0
    last: tuple[int, str] | None = None

    def give_back(self, quantity: int) -> int:
        taken = min(self.missing, quantity)
        self.missing -= taken
        self.back += taken
        return quantity - taken

    def document(self, chart: Chart, quantity: int) -> int:
        taken = min(self.missing, quantity)
        if taken:
            self.missing -= taken
            self.charted += taken
            self.last = max(self.last or (0, ""), (chart.entered_ms, chart.event_id))
        return quantity - taken

    def share(self) -> Share:
        at_ms, by = self.last or (None, "")
        late = at_ms is not None and at_ms > self.removal.deadline_ms
        return Share(self.back, self.charted, self.missing, by, at_ms, late)


def match(removals: Iterable[Removal], backs: Iterable[Back], charts: Iterable[Chart]) -> dict[Key, Share]:
    """What became of each removal of one patient and item.

    First what was given back is taken off. Then each charting record, earliest first, documents the earliest removals
    that it is in time for, and what is left of it those it is late for; in each case first those whose order it names.
    """
    lines = [_Line(one, one.quantity) for one in sorted(removals, key=lambda one: (one.utc_ms, one.key))]
    _give_back(lines, sorted(backs, key=lambda back: (back.utc_ms, back.station, back.log, back.seq)))
    left: _Left = [
        (chart, chart.quantity) for chart in sorted(charts, key=lambda chart: (chart.entered_ms, chart.event_id))
    ]
    left = _in_time(lines, left, named=True)
    left = _in_time(lines, left, named=False)
    left = _late(lines, left, named=True)
    _late(lines, left, named=False)
    return {line.removal.key: line.share() for line in lines}


def _give_back(lines: Sequence[_Line], backs: Sequence[Back]) -> None:
    """To the removal it names; the rest, or where it names none, to the newest before it at the same station."""
    by_txn = {(line.removal.station, line.removal.log, line.removal.txn): line for line in lines}
    rest = []
    for back in backs:
        named = by_txn.get((back.station, back.log, back.removed_txn))
        left = named.give_back(back.quantity) if named else back.quantity
        if left:
            rest.append((back, left))
    for back, quantity in rest:
        left = quantity
        for line in reversed(lines):
            one = line.removal
            if left and one.station == back.station and one.utc_ms <= back.utc_ms and _agree(one.order, back.order):
                left = line.give_back(left)


def _in_time(lines: Sequence[_Line], charts: _Left, *, named: bool) -> _Left:
    times = [line.removal.utc_ms for line in lines]
    longest = max((line.removal.deadline_ms - line.removal.utc_ms for line in lines), default=0)
    rest = []
    for chart, quantity in charts:
        left = quantity
        first = bisect_left(times, chart.entered_ms - longest)
        for line in lines[first : bisect_right(times, chart.entered_ms + longest)]:
            if not left:
                break
            if line.missing and _fits(line.removal, chart, named) and _timely(line.removal, chart):
                left = line.document(chart, left)
        if left:
            rest.append((chart, left))
    return rest


def _late(lines: Sequence[_Line], charts: _Left, *, named: bool) -> _Left:
    rest = []
    for chart, quantity in charts:
        left = quantity
        for line in [line for line in lines if line.missing]:
            if not left:
                break
            if chart.entered_ms > line.removal.deadline_ms and _fits(line.removal, chart, named):
                left = line.document(chart, left)
        if left:
            rest.append((chart, left))
    return rest


def _timely(removal: Removal, chart: Chart) -> bool:
    interval_ms = removal.deadline_ms - removal.utc_ms
    return removal.utc_ms - interval_ms <= chart.entered_ms <= removal.deadline_ms


def _fits(removal: Removal, chart: Chart, named: bool) -> bool:
    if named:
        return bool(chart.order) and chart.order == removal.order
    return _agree(removal.order, chart.order)


def _agree(one: str, other: str) -> bool:
    return not one or not other or one == other
