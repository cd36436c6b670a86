"""What is due for a patient, and what to warn of before it is taken (F2). Minutes since 1970, pure.

Due times are start + k * interval. A dose is taken care of by a removal for the same order from `early_min` before it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PRN, UNVERIFIED = 1, 2
DEFAULTS = {"early_min": 60, "late_min": 60, "too_soon_min": 30}
# orders that begin within this time are shown already
AHEAD_MIN = 240
# how a task stands, in the order of the list
LATE, NOW, AS_NEEDED, EARLY, DONE, WAITING = "late", "now", "as needed", "too early", "taken", "not verified"
_ORDER = (LATE, NOW, AS_NEEDED, EARLY, DONE, WAITING)


@dataclass(frozen=True)
class Task:
    """One order of a patient: its dose in smallest units, when it is due (None: as needed), and how that stands."""

    order: str
    item: str
    dose: int
    state: str
    due_min: int | None
    taken_min: int | None
    too_soon: bool


def tasks(
    orders: Iterable[list[Any]], patient: str, now_min: int, policy: Mapping[str, int], taken: Mapping[str, int]
) -> list[Task]:
    """A patient's running orders, the most urgent first; `taken` has the last removal of each order."""
    rows = [_Order(*[*row, 0, 0][:8]) for row in orders if row[1] == patient]
    running = [row for row in rows if row.start_min - AHEAD_MIN <= now_min < row.stop_min]
    found = [_task(row, now_min, policy, taken.get(row.order)) for row in running]
    return sorted(found, key=lambda task: (_ORDER.index(task.state), task.due_min or 0, task.order))


def active_for(found: Iterable[Task], item: str) -> Task | None:
    """The task that a removal of `item` belongs to: the most urgent one of a verified order."""
    return next((task for task in found if task.item == item and task.state != WAITING), None)


@dataclass(frozen=True)
class _Order:
    order: str
    patient: str
    item: str
    dose: int
    start_min: int
    stop_min: int
    interval_min: int
    flags: int


def _task(row: _Order, now_min: int, policy: Mapping[str, int], taken: int | None) -> Task:
    soon = taken is not None and now_min - taken < max(_policy(policy, "too_soon_min"), _least_gap(row))
    due = None if row.flags & PRN else _due(row, now_min, _policy(policy, "early_min"), taken)
    return Task(row.order, row.item, row.dose, _state(row, due, now_min, policy), due, taken, soon)


def _least_gap(row: _Order) -> int:
    """An interval of an order as needed is the least time between two doses."""
    return row.interval_min if row.flags & PRN else 0


def _due(row: _Order, now_min: int, early: int, taken: int | None) -> int | None:
    """The dose to be seen to now or next; None when a single dose has been taken."""
    done = taken is not None
    if row.interval_min == 0:
        return None if done else row.start_min
    at = row.start_min + max(0, (now_min + early - row.start_min) // row.interval_min) * row.interval_min
    return at + row.interval_min if taken is not None and taken >= at - early else at


def _state(row: _Order, due: int | None, now_min: int, policy: Mapping[str, int]) -> str:
    if row.flags & UNVERIFIED:
        return WAITING
    if row.flags & PRN:
        return AS_NEEDED
    if due is None:
        return DONE
    if now_min < due - _policy(policy, "early_min"):
        return EARLY
    return LATE if now_min > due + _policy(policy, "late_min") else NOW


def _policy(policy: Mapping[str, int], name: str) -> int:
    return policy.get(name, DEFAULTS[name])
