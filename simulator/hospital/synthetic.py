"""A believable day of a small hospital, made from a seed: wards, patients, orders, med rounds, doses as needed."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.hospital.amounts import MILLI, scale_of, smallest
from simulator.hospital.assemble import Source, assemble
from simulator.hospital.clocktime import DAY_0_MS, DAY_MS, HOUR_MS, MINUTE_MS
from simulator.hospital.events import Event, administration_event, order_event
from simulator.hospital.formulary import DRUGS, Drug
from simulator.hospital.ids import station_ids
from simulator.hospital.people import made_up_name
from simulator.hospital.schedules import schedule_of
from simulator.hospital.stays import Admission, Stay, adt_events
from simulator.hospital.visits import VISIT_MS, Removal
from simulator.plan import Item, Plan

WARDS = (
    "Medical Intensive Care Unit (MICU)",
    "Emergency Department",
    "Medicine",
    "Surgery",
    "Cardiology",
    "Neurology",
    "Oncology",
    "Transplant",
)
PATIENTS_A_WARD = 15
ROUNDS_A_DAY = {1: (8,), 2: (8, 22), 3: (6, 14, 22), 4: (6, 12, 18, 22)}
SCHEDULED_ORDERS = (2, 5)
HELD_SHARE = 0.08


@dataclass(frozen=True)
class Due:
    """A dose that is due: an order of a patient at a time."""

    record: str
    order: str
    drug: Drug
    milli: int
    admission: Admission
    order_ms: int
    due_ms: int


def make_plan(seed: int, stations: int = 4) -> Plan:
    """24 hours from 5 January 2026, 00:00 UTC: about 60 patients and 500 removals for 4 stations.

    Records are the doses due in the day; each has a fate. Raises ValueError unless `stations` is 1..8.
    """
    if not 1 <= stations <= len(WARDS):
        raise ValueError(f"{stations} stations cannot be made; give 1 to {len(WARDS)}")
    rng = random.Random(f"{seed}/day")
    wards = WARDS[:stations]
    admissions = _admissions(rng, wards)
    dues = [due for admission in admissions for due in _orders(rng, admission)]
    return _assemble(seed, wards, admissions, dues, [_outcome(rng, due) for due in dues])


def _admissions(rng: random.Random, wards: Sequence[str]) -> list[Admission]:
    """Three in four patients are there at midnight; some move to another ward, some go home."""
    found = []
    for number in range(PATIENTS_A_WARD * len(wards)):
        arrives = 1 + rng.randrange(20) if number % 4 else rng.randrange(60, 16 * 60)
        in_ms = DAY_0_MS + arrives * MINUTE_MS
        stays = [Stay(wards[number % len(wards)], in_ms)]
        if rng.random() < 0.2 and len(wards) > 1:
            other = rng.choice([ward for ward in wards if ward != stays[0].ward])
            stays.append(Stay(other, in_ms + rng.randrange(3 * HOUR_MS, 7 * HOUR_MS, MINUTE_MS)))
        home = rng.random() < 0.25
        out_ms = DAY_0_MS + rng.randrange(17 * HOUR_MS, 24 * HOUR_MS, MINUTE_MS) if home else DAY_0_MS + 2 * DAY_MS
        known = tuple(stay for stay in stays if stay.in_ms < out_ms)
        found.append(Admission(f"P{number + 1:04}", made_up_name(rng), known, out_ms))
    return found


def _orders(rng: random.Random, admission: Admission) -> Iterator[Due]:
    """The doses due of some scheduled orders and one or two as needed."""
    scheduled = [drug for drug in DRUGS if drug.times_a_day]
    as_needed = [drug for drug in DRUGS if not drug.times_a_day]
    chosen = rng.sample(scheduled, rng.randint(*SCHEDULED_ORDERS)) + rng.sample(as_needed, rng.randint(1, 2))
    for number, drug in enumerate(chosen, 1):
        order, milli = f"{admission.patient}-{number}", rng.choice(drug.doses)
        order_ms = admission.in_ms + rng.randrange(1, 10) * MINUTE_MS
        for nth, due_ms in enumerate(_due_times(rng, drug), 1):
            if order_ms + 2 * VISIT_MS <= due_ms < admission.out_ms:
                yield Due(f"{order}-{nth}", order, drug, milli, admission, order_ms, due_ms)


def _due_times(rng: random.Random, drug: Drug) -> list[int]:
    if drug.times_a_day:
        return [DAY_0_MS + hour * HOUR_MS for hour in ROUNDS_A_DAY[drug.times_a_day]]
    return sorted(DAY_0_MS + rng.randrange(HOUR_MS, 23 * HOUR_MS, MINUTE_MS) for _ in range(rng.randint(1, 4)))


def _outcome(rng: random.Random, due: Due) -> tuple[str, int, int | None]:
    """(fate, time of the removal, time of the return) of a dose; a round takes three quarters of an hour."""
    at_ms = due.due_ms + (rng.randrange(45 * 60) * 1000 if due.drug.times_a_day else 0)
    at_ms = min(at_ms, due.admission.leaves_ms(due.due_ms) - MINUTE_MS)
    if rng.random() >= HELD_SHARE:
        return ("given_part_wasted" if due.milli % MILLI else "given"), at_ms, None
    if rng.random() < 0.5:
        return "never_removed", at_ms, None
    return "removed_returned", at_ms, at_ms + rng.randrange(10, 40) * MINUTE_MS


Outcome = tuple[str, int, int | None]


def _assemble(
    seed: int, wards: Sequence[str], admissions: Sequence[Admission], dues: Sequence[Due], outcomes: Sequence[Outcome]
) -> Plan:
    pairs = list(zip(dues, outcomes, strict=True))
    items = {drug.item: _item(drug) for drug in DRUGS}
    ids = station_ids(wards)
    events = [event for admission in admissions for event in adt_events(admission)]
    events += [*_order_events(dues, items), *(_charted(due, outcome, items) for due, outcome in pairs)]
    end_ms = DAY_0_MS + DAY_MS
    return assemble(
        Source(
            name="synthetic",
            seed=seed,
            start_ms=DAY_0_MS,
            end_ms=end_ms,
            levels_until_ms=end_ms,
            items=items,
            stations={station: ward for ward, station in ids.items()},
            removals=[_removal(due, outcome, ids) for due, outcome in pairs if outcome[0] != "never_removed"],
            events=[event for event in events if event[0] < end_ms],
            fates=Counter(outcome[0] for outcome in outcomes if outcome[0] == "never_removed"),
        )
    )


def _item(drug: Drug) -> Item:
    return Item(drug.item, drug.name, schedule_of(drug.name), scale_of(drug.doses), drug.name.split()[0].lower())


def _order_events(dues: Sequence[Due], items: dict[str, Item]) -> Iterator[Event]:
    for due in {due.order: due for due in dues}.values():
        yield order_event(
            due.order_ms,
            order=due.order,
            patient=due.admission.patient,
            item=due.drug.item,
            dose=smallest(due.milli, items[due.drug.item].scale),
            start_ms=due.order_ms,
            stop_ms=None,
            interval_minutes=DAY_MS // MINUTE_MS // due.drug.times_a_day if due.drug.times_a_day else 0,
            prn=not due.drug.times_a_day,
        )


def _charted(due: Due, outcome: Outcome, items: dict[str, Item]) -> Event:
    """Charting, ten minutes after the removal and typed in five minutes later."""
    fate, at_ms, _ = outcome
    given = fate.startswith("given")
    return administration_event(
        at_ms + 15 * MINUTE_MS,
        record=due.record,
        patient=due.admission.patient,
        order=due.order,
        item=due.drug.item,
        quantity=smallest(due.milli, items[due.drug.item].scale) if given else 0,
        at_ms=at_ms + 10 * MINUTE_MS,
        status="given" if given else "held",
    )


def _removal(due: Due, outcome: Outcome, stations: dict[str, str]) -> Removal:
    fate, at_ms, return_ms = outcome
    stay = due.admission.stay_at(at_ms)
    if stay is None:
        raise ValueError(f"dose {due.record} falls outside the stay of {due.admission.patient}")
    return Removal(
        record=due.record,
        patient=due.admission.patient,
        order=due.order,
        item=due.drug.item,
        milli=due.milli,
        station=stations[stay.ward],
        at_ms=at_ms,
        earliest_ms=max(stay.in_ms, due.order_ms),
        fate=fate,
        administered_ms=at_ms + 10 * MINUTE_MS if fate.startswith("given") else None,
        return_ms=return_ms,
    )
