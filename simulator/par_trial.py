"""`apotheca par-trial`: the same demand and nightly refills under several rules for the levels, without firmware.

Pure simulation of a plan: the cabinet's own pocket rules, the centre's own forecast and levels. What happens in the
second half of the calendar is counted; the first is for the levels to settle.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from firmware import pockets as rules
from server_stub.stock.forecast import Floats, forecast
from server_stub.stock.history import DAYS
from server_stub.stock.par import usual
from server_stub.stock.planning import UpdateSettings, plan
from server_stub.stock.shelves import Item, Pocket, Shelf
from simulator.hospital.clocktime import DAY_MS, HOUR_MS
from simulator.plan import Action, Plan, Refill, Remove, Return, StationPlan, Visit

ARMS = ("start", "par", "capacity")
SAMPLE_MS = 6 * HOUR_MS


@dataclass
class Outcome:
    """What an arm comes to in the second half: `mean_units` is dispensed units on hand, all pockets together."""

    doses_asked: int = 0
    doses_not_available: int = 0
    mean_units: float = 0.0
    refill_lines: int = 0


@dataclass
class _Cabinet:
    """One station's stock under the rules of the cabinet; quantities in smallest units."""

    plan: StationPlan
    items: dict[str, Item]
    rows: dict[str, list[Any]] = field(default_factory=dict)
    days: dict[tuple[str, int], int] = field(default_factory=dict)
    sizes: dict[str, Counter[int]] = field(default_factory=dict)
    taken: dict[str, tuple[str, list[tuple[str, int]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for p in self.plan.pockets:
            row = rules.Pocket(p.place, p.drawer, p.pocket, p.item, p.min, p.max, p.capacity, 0, rules.USABLE, "", 0)
            self.rows.setdefault(p.item, []).append(row)

    def set_levels(self, levels: dict[str, tuple[int, int]]) -> None:
        for item, rows in self.rows.items():
            now = [levels.get(row.place, (row.min, row.max)) for row in rows]
            self.rows[item] = [row._replace(min=low, max=top) for row, (low, top) in zip(rows, now, strict=True)]

    def fill(self, opening: bool) -> int:
        """A technician's visit; gives how many pockets got something."""
        targets = {p.place: p.start for p in self.plan.pockets}
        lines = 0
        for item, rows in self.rows.items():
            wanted = [min(targets[row.place], row.max) if opening else row.max for row in rows]
            lines += sum(row.quantity < target for row, target in zip(rows, wanted, strict=True))
            self.rows[item] = [
                row._replace(quantity=max(row.quantity, target)) for row, target in zip(rows, wanted, strict=True)
            ]
        return lines

    def remove(self, action: Remove, day: int) -> bool:
        """Take a dose, from several pockets if need be; False if there is not enough of it."""
        key = (action.item, day)
        self.days[key] = self.days.get(key, 0) + action.quantity
        left = action.quantity
        if rules.available(self.rows.get(action.item, []))[1] < left:
            return False
        parts = []
        while left:
            rows = self.rows[action.item]
            amount = min(left, rules.available(rows)[0])
            row = rules.for_removal(rows, amount)
            self._move(action.item, row.place, -amount)
            self.sizes.setdefault(action.item, Counter())[amount] += 1
            parts.append((row.place, amount))
            left -= amount
        if action.record:
            self.taken[action.record] = (action.item, parts)
        return True

    def put_back(self, action: Return) -> None:
        """Bring back what a removal took; what finds no room goes to the pharmacy."""
        item, parts = self.taken.pop(action.record, ("", []))
        for place, amount in parts:
            row = rules.for_return(self.rows[item], amount, place)
            if row is not None:
                self._move(item, row.place, amount)

    def _move(self, item: str, place: str, amount: int) -> None:
        rows = self.rows[item]
        at = next(n for n, row in enumerate(rows) if row.place == place)
        rows[at] = rows[at]._replace(quantity=rows[at].quantity + amount)

    def units(self) -> float:
        """Dispensed units on hand."""
        total: float = sum(
            sum(row.quantity for row in rows) / self.items[item].scale for item, rows in self.rows.items()
        )
        return total

    def shelf(self) -> Shelf:
        """As the centre sees it."""
        first = {p.place: (p.min, p.max) for p in self.plan.pockets}

        def seen(row: Any) -> Pocket:
            least, most = first[row.place]
            return Pocket(row.place, row.drawer, row.pocket, row.item, row.min, row.max, row.capacity, least, most)

        return Shelf(self.items, {item: [seen(row) for row in rows] for item, rows in self.rows.items()})

    def demand(self, items: Sequence[str], today: int) -> Floats:
        """Dispensed units a day, the last DAYS days before `today`; day 0 is the first."""
        made = np.zeros((len(items), DAYS))
        made[:, : max(0, DAYS - today)] = np.nan
        for (item, day), quantity in self.days.items():
            column = day - today + DAYS
            if 0 <= column < DAYS:
                made[items.index(item), column] += quantity / self.items[item].scale
        return made


class _Arm:
    """One run of a plan."""

    def __init__(self, plan: Plan, arm: str, settings: UpdateSettings) -> None:
        self._plan, self._settings, self._on = plan, settings, arm == "par"
        items = {item.item: Item(item.item, item.schedule, item.scale) for item in plan.items}
        self._cabinets = {station.station: _Cabinet(station, items) for station in plan.stations}
        if arm == "capacity":
            for station in plan.stations:
                full = {p.place: (p.min, p.capacity) for p in station.pockets}
                self._cabinets[station.station].set_levels(full)
        self._half_ms = plan.start_ms + (plan.end_ms - plan.start_ms) // 2
        self._day_0_ms = plan.start_ms - (plan.start_ms - settings.hour * HOUR_MS) % DAY_MS
        self._outcome = Outcome()

    def run(self) -> Outcome:
        samples = []
        next_update = 1
        next_sample = self._half_ms
        for visit in self._plan.visits:
            while self._on and self._day(visit.at_ms) >= next_update:
                self._update(next_update)
                next_update += 1
            while visit.at_ms >= next_sample:
                samples.append(sum(cabinet.units() for cabinet in self._cabinets.values()))
                next_sample += SAMPLE_MS
            self._visit(visit)
        self._outcome.mean_units = round(float(np.mean(samples)), 1) if samples else 0.0
        return self._outcome

    def _day(self, at_ms: int) -> int:
        return (at_ms - self._day_0_ms) // DAY_MS

    def _visit(self, visit: Visit) -> None:
        cabinet, counts = self._cabinets[visit.station], visit.at_ms >= self._half_ms
        for action in visit.actions:
            if isinstance(action, Refill):
                self._outcome.refill_lines += counts * cabinet.fill(action.opening)
            elif isinstance(action, Return):
                cabinet.put_back(action)
            elif isinstance(action, Remove) and not action.cancel:
                had = cabinet.remove(action, self._day(visit.at_ms))
                self._outcome.doses_asked += counts
                self._outcome.doses_not_available += counts and not had

    def _update(self, today: int) -> None:
        """What the centre does each day: forecast, levels, all of them applied."""
        for cabinet in self._cabinets.values():
            items = sorted(cabinet.rows)
            expected = forecast(cabinet.demand(items, today), self._settings.forecast)
            sizes = np.array([_usual(cabinet, item) for item in items], dtype=np.int64)
            wanted = plan(cabinet.shelf(), items, expected, sizes, {}, self._settings)
            cabinet.set_levels({level.place: (level.min, level.max) for level, _ in wanted})


def _usual(cabinet: _Cabinet, item: str) -> int:
    sizes = cabinet.sizes.get(item, Counter())
    return usual([size / cabinet.items[item].scale for size in sizes], list(sizes.values()))


def trial(plan: Plan, settings: UpdateSettings | None = None) -> dict[str, Outcome]:
    """Each arm's outcome for the same plan."""
    return {arm: _Arm(plan, arm, settings or UpdateSettings()).run() for arm in ARMS}


def repeated(days: Sequence[Plan]) -> Plan:
    """One plan of many days: the planogram is the first day's; what it does not stock is left out."""
    first = days[0]
    stocked = {station.station: {pocket.item for pocket in station.pockets} for station in first.stations}
    visits = [visit for number, day in enumerate(days) for visit in _moved(day, number, stocked)]
    end_ms = first.start_ms + len(days) * DAY_MS
    return replace(first, end_ms=end_ms, events=[], visits=sorted(visits, key=lambda visit: visit.at_ms))


def _moved(day: Plan, number: int, stocked: dict[str, set[str]]) -> Iterator[Visit]:
    for visit in day.visits:
        actions: list[Action] = []
        for action in visit.actions:
            if isinstance(action, Remove) and action.item in stocked.get(visit.station, ()):
                actions.append(replace(action, record=f"{number}/{action.record}" if action.record else ""))
            elif isinstance(action, Return):
                actions.append(Return(f"{number}/{action.record}"))
            elif isinstance(action, Refill) and (number == 0 or not action.opening):
                actions.append(action)
        if actions and visit.station in stocked:
            yield replace(visit, at_ms=visit.at_ms + number * DAY_MS, actions=tuple(actions))


def as_json(outcomes: dict[str, Outcome]) -> dict[str, dict[str, Any]]:
    """For machines."""
    return {arm: asdict(outcome) for arm, outcome in outcomes.items()}


def show(console: Console, outcomes: dict[str, Outcome]) -> None:
    """All arms side by side."""
    words = {"start": "starting levels", "par": "PAR on", "capacity": "all at capacity"}
    table = Table("second half of the calendar", *(words[arm] for arm in outcomes), title="PAR trial")
    for column in table.columns[1:]:
        column.justify = "right"
    for name in Outcome.__dataclass_fields__:
        table.add_row(name.replace("_", " "), *(f"{getattr(outcome, name):,}" for outcome in outcomes.values()))
    console.print(table)
