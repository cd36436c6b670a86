"""The last step of every plan: from removals, events and fates to stations, people and visits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.hospital.clocktime import DAY_MS, MINUTE_MS
from simulator.hospital.events import Event
from simulator.hospital.people import Staff
from simulator.hospital.planogram import lay_out
from simulator.hospital.seeded import Cabinet, seeded
from simulator.hospital.visits import Removal, busiest_days, mishaps, nurse_visits, refills
from simulator.plan import Item, Plan, StationPlan

# Patients before orders before charting of the same moment.
_ORDER = {"adt": 0, "order": 1, "administration": 2}


@dataclass(frozen=True)
class Source:
    """What a hospital does: `stations` maps station to ward; levels come from the use before `levels_until_ms`."""

    name: str
    seed: int
    start_ms: int
    end_ms: int
    levels_until_ms: int
    items: Mapping[str, Item]
    stations: Mapping[str, str]
    removals: Sequence[Removal]
    events: Sequence[Event]
    fates: Mapping[str, int]


def assemble(source: Source) -> Plan:
    """The plan of `source`: stations are those with a removal, events and visits in the order of time.

    Raises PlanogramError if a station would need more than a cabinet holds.
    """
    busiest = busiest_days(source.removals, source.levels_until_ms)
    staff = Staff(source.seed, sorted(busiest))
    stations = tuple(_station(source, name, busiest[name], staff) for name in sorted(busiest))
    scales = {name: item.scale for name, item in source.items.items()}
    cabinets = [Cabinet(name, source.stations[name], sorted(busiest[name])) for name in sorted(busiest)]
    marked = seeded(source.seed, source.removals, source.events, cabinets, source.end_ms)
    visits = nurse_visits(source.seed, [*source.removals, *marked], scales, staff)
    days = (source.end_ms - source.start_ms) // DAY_MS
    visits += mishaps(source.seed, visits, stations, days)
    visits += refills(source.seed, sorted(busiest), source.start_ms, source.end_ms, staff)
    visits.sort(key=lambda visit: (visit.at_ms, visit.station, visit.user))
    events = sorted(source.events, key=lambda event: (event[0], _ORDER[event[1]["type"]]))
    last_ms = max(v.at_ms for v in visits) if visits else source.start_ms
    return Plan(
        start_ms=source.start_ms,
        end_ms=max(source.end_ms, last_ms + MINUTE_MS),
        items=tuple(source.items[name] for name in sorted(source.items)),
        stations=stations,
        events=events,
        visits=visits,
        fates=dict(sorted(source.fates.items())),
        records=sum(source.fates.values()) + sum(1 for removal in source.removals if removal.record),
        source=source.name,
    )


def _station(source: Source, station: str, busiest: Mapping[str, int], staff: Staff) -> StationPlan:
    items = [source.items[item] for item in sorted(busiest)]
    return StationPlan(station, (source.stations[station],), lay_out(station, items, busiest), staff.of(station))
