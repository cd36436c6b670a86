"""Removals that must not be, put into a plan on purpose: for discharged patients, and without any order.

About one removal in a hundred of each kind. Each is allowed by the cabinet, which knows the patient, and must be found
by verification. None takes another removal's charting: the patient has none of that item near.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.hospital.amounts import MILLI
from simulator.hospital.clocktime import HOUR_MS, MINUTE_MS
from simulator.hospital.events import Event
from simulator.hospital.visits import Removal
from simulator.plan import NO_ORDER, NOT_ADMITTED

REMOVALS_A_MARK = 100
# A cabinet knows who has left for two hours; people who wait in front of it take a part of that.
AFTER_DISCHARGE_MIN = (5, 60)
STAYS_ON_MS = HOUR_MS


@dataclass
class _Patient:
    """What the hospital says of one patient: where and when she left, what was ordered and charted."""

    ward: str = ""
    out_ms: int | None = None
    orders: list[dict[str, int | str | None]] = field(default_factory=list)
    charted: dict[str, int] = field(default_factory=dict)

    def knows(self, item: str) -> bool:
        return item in self.charted or any(order["item"] == item for order in self.orders)


def seeded(
    seed: int,
    removals: Sequence[Removal],
    events: Iterable[Event],
    stations: Mapping[str, str],
    held: Mapping[str, Iterable[str]],
    end_ms: int,
) -> list[Removal]:
    """Extra removals with a mark, before `end_ms`; `stations` maps station to ward, `held` station to its items."""
    patients = _patients(events)
    rng = random.Random(f"{seed}/seeded")
    number = len(removals) // REMOVALS_A_MARK
    holds = {station: sorted(items) for station, items in held.items()}
    gone = list(_after_discharge(rng, patients, {w: s for s, w in stations.items() if s in holds}, holds, end_ms))
    there = list(_without_order(rng, removals, patients, holds))
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
    rng: random.Random,
    patients: Mapping[str, _Patient],
    station_of: Mapping[str, str],
    holds: Mapping[str, Sequence[str]],
    end_ms: int,
) -> Iterator[Removal]:
    """One for each order that outlasts its patient's stay."""
    for name, patient in sorted(patients.items()):
        station = station_of.get(patient.ward)
        if patient.out_ms is None or station is None:
            continue
        for order in patient.orders:
            at_ms = patient.out_ms + rng.randint(*AFTER_DISCHARGE_MIN) * MINUTE_MS
            item, stop_ms = str(order["item"]), order["stop_utc_ms"]
            running = stop_ms is None or int(stop_ms) >= patient.out_ms + 2 * HOUR_MS
            quiet = patient.charted.get(item, 0) < patient.out_ms - HOUR_MS
            if running and quiet and item in holds[station] and at_ms < end_ms:
                yield _removal(NOT_ADMITTED, name, str(order["order"]), item, station, at_ms, patient.out_ms + 1)


def _without_order(
    rng: random.Random,
    removals: Iterable[Removal],
    patients: Mapping[str, _Patient],
    holds: Mapping[str, Sequence[str]],
) -> Iterator[Removal]:
    """At most one beside each removal of a patient who stays on: an item that nobody ever ordered or charted for her."""
    taken = {(removal.patient, removal.item) for removal in removals}
    for removal in removals:
        patient = patients[removal.patient]
        item = rng.choice(holds[removal.station])
        stays = patient.out_ms is None or patient.out_ms > removal.at_ms + STAYS_ON_MS
        if stays and not patient.knows(item) and (removal.patient, item) not in taken:
            place = (removal.station, removal.at_ms, removal.earliest_ms)
            yield _removal(NO_ORDER, removal.patient, "", item, *place)


def _removal(  # noqa: PLR0913, PLR0917
    mark: str, patient: str, order: str, item: str, station: str, at_ms: int, earliest_ms: int
) -> Removal:
    """One unit of `item`."""
    return Removal("", patient, order, item, MILLI, station, at_ms, earliest_ms, "", seeded=mark)
