"""From what is to be taken to who goes to which cabinet when: removals, returns, refills, mishaps as visits.

A hospital event sent at t comes before a visit at t.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simulator.hospital.amounts import smallest, whole_units
from simulator.hospital.clocktime import DAY_MS, HOUR_MS, MINUTE_MS, day_of
from simulator.hospital.people import Staff
from simulator.plan import Action, EmptyBin, Mishap, Outdates, Refill, Remove, Return, StationPlan, Visit

VISIT_MS = 3 * MINUTE_MS
MOST_ACTIONS = 12
CANCELS_PER_REMOVAL = 1 / 100
MISHAPS_A_WEEK = 4
NIGHTLY = (Outdates(), EmptyBin(), Refill())
MISHAPS = ("jammed", "forced", "left_open")


@dataclass(frozen=True)
class Removal:
    """One product to be taken from `station` at `at_ms`, not before `earliest_ms`; `milli` thousandths are used.

    `record` and `fate` are "" for a further product of a dose whose record another removal carries, and for one that is
    `seeded` (as in `simulator.plan`). With `return_ms` all of it is brought back then.
    """

    record: str
    patient: str
    order: str
    item: str
    milli: int
    station: str
    at_ms: int
    earliest_ms: int
    fate: str
    administered_ms: int | None = None
    return_ms: int | None = None
    seeded: str = ""

    @property
    def units(self) -> int:
        """Whole units taken."""
        return whole_units(self.milli)

    def action(self, scale: int) -> Remove:
        """The removal in smallest units; what is not used is wasted at once unless all of it is brought back."""
        quantity = self.units * scale
        waste = 0 if self.return_ms else quantity - smallest(self.milli, scale)
        what = (self.record, self.patient, self.order, self.item, quantity, waste, self.fate, self.administered_ms)
        return Remove(*what, seeded=self.seeded)


@dataclass(frozen=True)
class _Task:
    at_ms: int
    earliest_ms: int
    station: str
    user: str
    action: Action


def _tasks_of(removal: Removal, scale: int, staff: Staff, cancels: bool) -> list[_Task]:
    user = staff.nurse(removal.station, removal.patient, removal.at_ms)
    taken = removal.action(scale)
    actions = [taken]
    if cancels:
        actions.insert(0, Remove("", taken.patient, taken.order, taken.item, taken.quantity, 0, "", cancel=True))
    tasks = [_Task(removal.at_ms, removal.earliest_ms, removal.station, user, action) for action in actions]
    if removal.return_ms is not None:
        user = staff.nurse(removal.station, removal.patient, removal.return_ms)
        at_ms = removal.return_ms
        tasks.append(_Task(at_ms, at_ms, removal.station, user, Return(removal.record)))
    return tasks


def _group(tasks: Iterable[_Task]) -> list[Visit]:
    """Tasks of one nurse at one station within three minutes are one visit, at the time of the first of them."""
    visits: list[tuple[_Task, list[Action]]] = []
    open_visits: dict[tuple[str, str], tuple[_Task, list[Action]]] = {}
    for task in sorted(tasks, key=lambda t: t.at_ms):
        visit = open_visits.get((task.station, task.user))
        if visit is None or not _fits(task, *visit):
            visit = open_visits[task.station, task.user] = (task, [])
            visits.append(visit)
        visit[1].append(task.action)
    return [Visit(first.at_ms, first.station, first.user, tuple(actions)) for first, actions in visits]


def _fits(task: _Task, first: _Task, actions: Sequence[Action]) -> bool:
    soon = task.at_ms - first.at_ms <= VISIT_MS and task.earliest_ms <= first.at_ms
    return soon and len(actions) < MOST_ACTIONS


def nurse_visits(seed: int, removals: Sequence[Removal], scales: Mapping[str, int], staff: Staff) -> list[Visit]:
    """Visits for `removals` and their returns, about one removal in a hundred preceded by one given up."""
    rng = random.Random(f"{seed}/cancels")
    tasks: list[_Task] = []
    for removal in removals:
        cancels = rng.random() < CANCELS_PER_REMOVAL and not removal.seeded
        tasks += _tasks_of(removal, scales[removal.item], staff, cancels)
    return _group(tasks)


def refills(seed: int, stations: Iterable[str], start_ms: int, end_ms: int, staff: Staff) -> list[Visit]:
    """The opening load of each station at `start_ms`; each night between 02:00 and 04:00 what expires and what lies in
    the return bin is taken out, then all is refilled."""
    visits = []
    for station in stations:
        visits.append(Visit(start_ms, station, staff.technician(station, start_ms), (Refill(opening=True),)))
        rng = random.Random(f"{seed}/refills/{station}")
        midnight = start_ms - start_ms % DAY_MS
        for day_ms in range(midnight, end_ms, DAY_MS):
            at_ms = day_ms + 2 * HOUR_MS + rng.randrange(2 * HOUR_MS)
            if start_ms < at_ms < end_ms:
                visits.append(Visit(at_ms, station, staff.technician(station, at_ms), NIGHTLY))
    return visits


def mishaps(seed: int, visits: Sequence[Visit], stations: Sequence[StationPlan], days: int) -> list[Visit]:
    """A few drawers a week (three at least) that jam, are forced or stay open, some minutes after somebody's visit."""
    if not visits:
        return []
    rng = random.Random(f"{seed}/mishaps")
    drawers = {s.station: sorted({pocket.drawer for pocket in s.pockets}) for s in stations}
    found = []
    for number in range(max(len(MISHAPS), days * MISHAPS_A_WEEK // 7)):
        near = rng.choice(visits)
        what = Mishap(MISHAPS[number % len(MISHAPS)], rng.choice(drawers[near.station]))
        found.append(Visit(near.at_ms + rng.randrange(5, 15) * MINUTE_MS, near.station, near.user, (what,)))
    return found


def busiest_days(removals: Iterable[Removal], until_ms: int) -> dict[str, dict[str, int]]:
    """Station -> item -> units taken on the busiest day before `until_ms`; 0 for items taken only later."""
    by_day: dict[tuple[str, str, int], int] = {}
    for removal in removals:
        key = (removal.station, removal.item, day_of(removal.at_ms))
        by_day[key] = by_day.get(key, 0) + (removal.units if removal.at_ms < until_ms else 0)
    found: dict[str, dict[str, int]] = {}
    for (station, item, _), units in by_day.items():
        uses = found.setdefault(station, {})
        uses[item] = max(uses.get(item, 0), units)
    return found
