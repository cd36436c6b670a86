"""The last step of every plan: from removals, events and fates to stations, people and visits."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firmware import flags
from simulator.hospital.clocktime import DAY_MS, MINUTE_MS
from simulator.hospital.covered import Sayings
from simulator.hospital.events import Event
from simulator.hospital.people import Staff
from simulator.hospital.planogram import BIN_DRAWER, lay_out
from simulator.hospital.profile import POLICY, PROMPTS, kit_items, kit_lines, override_list, profiled, supplies
from simulator.hospital.seeded import Cabinet, seeded
from simulator.hospital.stories import Scene, stories
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
    items = _formulary(source)
    sayings = Sayings(source.events)
    taken_without = _without_order(source.removals, sayings)
    stations = tuple(
        _station(source, name, busiest[name], items, taken_without[name], staff) for name in sorted(busiest)
    )
    by_name = {station.station: station for station in stations}
    scene = Scene(source.removals, by_name, items, staff, sayings, source.start_ms, source.end_ms)
    told = stories(source.seed, scene)
    events = [*source.events, *told.events]
    cabinets = [_cabinet(station, busiest[station.station]) for station in stations]
    marked = seeded(source.seed, source.removals, events, cabinets, source.end_ms)
    scales = {name: item.scale for name, item in items.items()}
    visits = nurse_visits(source.seed, [*source.removals, *marked], scales, staff)
    days = (source.end_ms - source.start_ms) // DAY_MS
    visits += mishaps(source.seed, visits, stations, days)
    visits += refills(source.seed, sorted(busiest), source.start_ms, source.end_ms, staff)
    visits += told.visits
    visits.sort(key=lambda visit: (visit.at_ms, visit.station, visit.user))
    events.sort(key=lambda event: (event[0], _ORDER[event[1]["type"]]))
    last_ms = max(v.at_ms for v in visits) if visits else source.start_ms
    return Plan(
        start_ms=source.start_ms,
        end_ms=max(source.end_ms, last_ms + MINUTE_MS),
        items=tuple(items[name] for name in sorted(items)),
        stations=stations,
        events=events,
        visits=visits,
        fates=dict(sorted(source.fates.items())),
        records=sum(source.fates.values()) + sum(1 for removal in source.removals if removal.record),
        source=source.name,
        orders=told.orders,
        prompts=PROMPTS,
    )


def _formulary(source: Source) -> dict[str, Item]:
    """All items as the pharmacy has them: those of the source, of the kit, and supplies."""
    items = {name: profiled(item) for name, item in source.items.items()}
    items.update((item.item, item) for item in [*kit_items(items), *supplies()])
    return items


def _without_order(removals: Sequence[Removal], sayings: Sayings) -> dict[str, set[str]]:
    """By station the items that were taken though the cabinet may know of no order for them."""
    found: dict[str, set[str]] = defaultdict(set)
    for removal in removals:
        if not sayings.covers(removal):
            found[removal.station].add(removal.item)
    return found


def _station(  # noqa: PLR0913, PLR0917
    source: Source, station: str, busiest: Mapping[str, int], items: Mapping[str, Item], also: set[str], staff: Staff
) -> StationPlan:
    """A cabinet with what its ward takes, the kit, and supplies."""
    common = [item.item for item in [*kit_items(()), *supplies()]]
    held = [items[item] for item in sorted({*busiest, *common})]
    pockets = lay_out(station, held, busiest)
    wards = (source.stations[station],)
    listed = override_list(held, also)
    return StationPlan(station, wards, pockets, staff.of(station), listed, kit_lines(held), POLICY, BIN_DRAWER)


def _cabinet(station: StationPlan, busiest: Mapping[str, int]) -> Cabinet:
    free = [item for item, flag in station.overrides if not flag & flags.OVERRIDE_KIT_ONLY and item in busiest]
    return Cabinet(station.station, station.wards[0], sorted(busiest), free)
