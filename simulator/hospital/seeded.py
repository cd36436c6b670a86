"""Removals that must not be, put into a plan on purpose: for discharged patients, and without any order.

About one removal in a hundred of each kind. The cabinet gives them: it knows the patient, and without an order the
nurse overrides. Verification must find each. None takes another removal's charting: the patient has none of that item
near.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simulator.hospital.amounts import MILLI
from simulator.hospital.clocktime import HOUR_MS, MINUTE_MS
from simulator.hospital.events import Event
from simulator.hospital.visits import Removal
from simulator.plan import NO_ORDER, NOT_ADMITTED

REMOVALS_A_MARK = 100
# A cabinet knows who has left for two hours; people who wait in front of it take a part of that.
AFTER_DISCHARGE_MIN = (5, 60)
STAYS_ON_MS = HOUR_MS


class Cabinet(NamedTuple):
    """A station, its ward, the items it holds, and those of them that may be taken without an order."""

    station: str
    ward: str
    items: Sequence[str]
    listed: Sequence[str]


@dataclass
class _Patient:
    """What the hospital says of one patient: where and when she left, what was ordered and charted."""

    ward: str = ""
    out_ms: int | None = None
    orders: list[dict[str, Any]] = field(default_factory=list)
    charted: dict[str, int] = field(default_factory=dict)

    def knows(self, item: str) -> bool:
        return item in self.charted or any(order["item"] == item for order in self.orders)


def seeded(
    seed: int, removals: Sequence[Removal], events: Iterable[Event], cabinets: Sequence[Cabinet], end_ms: int
) -> list[Removal]:
    """Extra removals with a mark, all before `end_ms`."""
    patients = _patients(events)
    rng = random.Random(f"{seed}/seeded")
    number = len(removals) // REMOVALS_A_MARK
    gone = [one for one in _after_discharge(rng, patients, cabinets) if one.at_ms < end_ms]
    there = list(_without_order(rng, removals, patients, cabinets))
    return rng.sample(gone, min(number, len(gone))) + rng.sample(there, min(number, len(there)))


def _patients(events: Iterable[Event]) -> dict[str, _Patient]:
    found: dict[str, _Patient] = defaultdict(_Patient)
    for at_ms, event in events:
        patient = found[event["patient"]]
        if event["type"] == "order":
            patient.orders.append(event)
        elif event["type"] == "administration":
            patient.charted[event["item"]] = max(at_ms, patient.charted.get(event["item"], at_ms))
        elif event["event"] == "A03":
            patient.ward, patient.out_ms = event["ward"], at_ms
    return found


def _after_discharge(
    rng: random.Random, patients: Mapping[str, _Patient], cabinets: Iterable[Cabinet]
) -> Iterator[Removal]:
    """One for each order that outlasts its patient's stay."""
    of_ward = {cabinet.ward: cabinet for cabinet in cabinets}
    for name, patient in sorted(patients.items()):
        cabinet, out_ms = of_ward.get(patient.ward), patient.out_ms
        if cabinet is None or out_ms is None:
            continue
        for order in patient.orders:
            at_ms, item = out_ms + rng.randint(*AFTER_DISCHARGE_MIN) * MINUTE_MS, order["item"]
            running = order["stop_utc_ms"] is None or order["stop_utc_ms"] >= out_ms + 2 * HOUR_MS
            running = running and order["start_utc_ms"] <= out_ms
            quiet = patient.charted.get(item, 0) < out_ms - HOUR_MS
            if running and quiet and item in cabinet.items:
                yield _removal(NOT_ADMITTED, name, order["order"], item, cabinet.station, at_ms, out_ms + 1)


def _without_order(
    rng: random.Random,
    removals: Iterable[Removal],
    patients: Mapping[str, _Patient],
    cabinets: Iterable[Cabinet],
) -> Iterator[Removal]:
    """At most one beside each removal of a patient who stays on: an item on the override list that was never ordered
    or charted for her."""
    gives = {cabinet.station: cabinet.listed for cabinet in cabinets if cabinet.listed}
    taken = {(removal.patient, removal.item) for removal in removals}
    for removal in removals:
        if removal.station not in gives:
            continue
        patient = patients[removal.patient]
        item = rng.choice(gives[removal.station])
        stays = patient.out_ms is None or patient.out_ms > removal.at_ms + STAYS_ON_MS
        if stays and not patient.knows(item) and (removal.patient, item) not in taken:
            place = (removal.station, removal.at_ms, removal.earliest_ms)
            yield _removal(NO_ORDER, removal.patient, "", item, *place)


def _removal(  # noqa: PLR0913, PLR0917
    mark: str, patient: str, order: str, item: str, station: str, at_ms: int, earliest_ms: int
) -> Removal:
    """One unit of `item`."""
    return Removal("", patient, order, item, MILLI, station, at_ms, earliest_ms, "", seeded=mark)
