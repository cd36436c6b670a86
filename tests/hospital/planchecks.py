"""What holds for every plan, however it was made."""

import re
from collections import Counter, defaultdict

from firmware import flags
from simulator.hospital.profile import KIT_ITEMS, SUPPLIES
from simulator.plan import (
    NO_ORDER,
    NOT_ADMITTED,
    AddPatient,
    Count,
    EmptyBin,
    Item,
    LetIn,
    Mishap,
    Outdates,
    Plan,
    Refill,
    Remove,
    Return,
    StationPlan,
    Theft,
)

ID = re.compile(r"[A-Za-z0-9_-]{1,16}")
GIVEN = {"given", "given_part_wasted"}
PATIENTS_A_STATION = 60
ORDERS_A_STATION = 720


def removals(plan: Plan) -> list[Remove]:
    return [action for visit in plan.visits for action in visit.actions if isinstance(action, Remove)]


def check(plan: Plan) -> None:
    check_fates(plan)
    check_stations(plan)
    check_quantities(plan)
    check_visits(plan)
    check_returns(plan)
    check_presence(plan)
    check_table_sizes(plan)


def check_fates(plan: Plan) -> None:
    carried = [taken.record for taken in removals(plan) if taken.record]
    assert len(carried) == len(set(carried))
    assert plan.records == sum(plan.fates.values()) + len(carried)
    for taken in removals(plan):
        assert bool(taken.record) == bool(taken.fate)
        assert not (taken.cancel and taken.record)
        assert not (taken.seeded and (taken.record or taken.cancel))
        assert not (taken.kit and taken.record)


def check_stations(plan: Plan) -> None:
    items = {item.item: item for item in plan.items}
    assert len(items) == len(plan.items)
    assert all(item.schedule in {0, 2, 3, 4, 5} and item.scale in {1, 1000} for item in plan.items)
    assert len({s.station for s in plan.stations}) == len(plan.stations)
    people = {person for station in plan.stations for person in station.people}
    assert len({p.badge for p in people}) == len({p.user for p in people}) == len(people)
    for station in plan.stations:
        check_tables(station, items, dict(plan.prompts))
        held = {pocket.item for pocket in station.pockets}
        assert len(held) <= 300 and len(station.pockets) <= 500 and len(station.people) <= 300
        assert len({p.place for p in station.pockets}) == len(station.pockets)
        controlled = defaultdict(set)
        for pocket in station.pockets:
            assert pocket.place == f"D{pocket.drawer:02}-P{pocket.pocket:02}"
            assert 1 <= pocket.drawer <= 15 and 1 <= pocket.pocket <= 40
            assert 0 < pocket.min < pocket.max <= pocket.capacity and pocket.start == pocket.max
            controlled[pocket.drawer].add(bool(items[pocket.item].schedule))
        assert all(len(kinds) == 1 for kinds in controlled.values())
        ids = [station.station, *held, *(p.user for p in station.people), *(p.badge for p in station.people)]
        assert all(ID.fullmatch(name) for name in ids)


def check_tables(station: StationPlan, items: dict[str, Item], prompts: dict[int, str]) -> None:
    """A cabinet with profiles: what its override list and kits name it holds; counted is what has a schedule."""
    held = [items[name] for name in {pocket.item for pocket in station.pockets}]
    names = {item.item for item in held}
    assert station.bin_drawer == 16 and dict(station.policy)["profiled"] == 1
    assert {item for item, _ in station.overrides} | {line.item for line in station.kits} <= names
    assert len(dict(station.overrides)) == len(station.overrides) and len(station.kits) == 2
    for item in held:
        assert bool(item.flags & flags.BLIND_COUNT) == (item.schedule == 2)
        assert bool(item.flags & flags.VERIFIED_COUNT) == (item.schedule > 2)
        assert bool(item.flags & flags.HIGH_ALERT) == bool(item.prompt) == (item.prompt in prompts)
        assert bool(item.code) != bool(item.flags & flags.SUPPLY)
    assert len({item.code for item in held if item.code}) == sum(bool(item.code) for item in held)


def check_quantities(plan: Plan) -> None:
    scales = {item.item: item.scale for item in plan.items}
    for taken in removals(plan):
        assert taken.quantity > 0 and taken.quantity % scales[taken.item] == 0
        assert 0 <= taken.waste < scales[taken.item]
        assert (taken.waste > 0) == (taken.fate == "given_part_wasted") or not taken.fate
        assert (taken.administration_utc_ms is not None) == (taken.fate in GIVEN) or not taken.fate
        assert ID.fullmatch(taken.patient) and (not taken.order or ID.fullmatch(taken.order))


def check_visits(plan: Plan) -> None:
    stations = {s.station: s for s in plan.stations}
    asked = defaultdict(set)
    opened = set()
    roles = {Remove: 1, Return: 2, Refill: 8, Count: 16, Theft: 16, Outdates: 256, EmptyBin: 512}
    roles |= {LetIn: 2048, AddPatient: 4096}
    for visit in plan.visits:
        assert plan.start_ms <= visit.at_ms < plan.end_ms and visit.actions
        station = stations[visit.station]
        person = next(p for p in station.people if p.user == visit.user)
        for action in visit.actions:
            role = roles.get(type(action), 0)
            assert person.roles & role == role
            if isinstance(action, Remove):
                assert visit.station in opened
                assert not action.administration_utc_ms or visit.at_ms <= action.administration_utc_ms
                asked[visit.station].add(action.item)
            elif isinstance(action, Refill) and action.opening:
                assert visit.at_ms == plan.start_ms and visit.station not in opened
                opened.add(visit.station)
            elif isinstance(action, Count | Theft):
                assert action.place in {p.place for p in station.pockets}
            elif isinstance(action, Mishap):
                assert action.drawer in {p.drawer for p in station.pockets}
    assert [v.at_ms for v in plan.visits] == sorted(v.at_ms for v in plan.visits)
    assert opened == set(stations) == set(asked)
    beside = {item for item, _ in SUPPLIES} | {item for item, _, _ in KIT_ITEMS}
    for name, items in asked.items():
        assert items | beside == {pocket.item for pocket in stations[name].pockets}


def check_returns(plan: Plan) -> None:
    where = {}
    returned = set()
    for visit in plan.visits:
        for action in visit.actions:
            if isinstance(action, Remove) and action.record:
                where[action.record] = (visit.station, visit.at_ms, action)
            elif isinstance(action, Return):
                station, at_ms, taken = where[action.record]
                assert station == visit.station and at_ms < visit.at_ms
                assert taken.fate == "removed_returned" and taken.waste == 0
                returned.add(action.record)
    assert returned == {taken.record for taken in removals(plan) if taken.fate == "removed_returned"}


def timeline(plan: Plan) -> list[tuple[int, int, object]]:
    """Events and visits as they come: at the same moment events first."""
    steps = [(at_ms, 0, event) for at_ms, event in plan.events] + [(v.at_ms, 1, v) for v in plan.visits]
    return sorted(steps, key=lambda step: step[:2])


def check_presence(plan: Plan) -> None:
    """At each removal the patient is in the station's ward and the order has been sent, for that patient; those marked
    as having no order, or as after the discharge, are just that."""
    wards = {s.station: s.wards for s in plan.stations}
    items = {item.item for item in plan.items}
    at: dict[str, str] = {}
    orders: dict[str, str] = {}
    ordered: set[tuple[str, str]] = set()
    added: set[str] = set()
    ids = Counter(event["id"] for _, event in plan.events)
    assert not ids or max(ids.values()) == 1
    for at_ms, _, step in timeline(plan):
        if isinstance(step, dict):
            assert step["utc_ms"] == at_ms
            if step["type"] == "adt":
                assert at.get(step["patient"], "") == step["from_ward"]
                at[step["patient"]] = "" if step["event"] == "A03" else step["ward"]
            else:
                assert step["item"] in items and step["patient"] in at
            if step["type"] == "order":
                orders[step["order"]] = step["patient"]
                ordered.add((step["patient"], step["item"]))
                assert step["dose"] > 0 and (step["stop_utc_ms"] or step["start_utc_ms"]) >= step["start_utc_ms"]
            continue
        for action in step.actions:
            if isinstance(action, AddPatient):
                added.add(action.patient)
            if isinstance(action, Remove) and action.patient not in added:
                gone = action.seeded == NOT_ADMITTED
                assert at[action.patient] == "" if gone else at[action.patient] in wards[step.station]
                assert action.seeded != NO_ORDER or (action.patient, action.item) not in ordered
                assert not action.order or orders[action.order] == action.patient


def check_table_sizes(plan: Plan) -> None:
    """Patients present at a station, and their orders of items it holds, fit the controller's tables at any time."""
    station_of = {ward: s.station for s in plan.stations for ward in s.wards}
    held = {s.station: {p.item for p in s.pockets} for s in plan.stations}
    at: dict[str, str | None] = {}
    orders: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for _, event in plan.events:
        patient = event["patient"]
        if event["type"] == "adt":
            at[patient] = None if event["event"] == "A03" else station_of.get(event["ward"])
        elif event["type"] == "order":
            orders[patient].add((event["order"], event["item"]))
        station = at[patient]
        if station and event["type"] != "administration":
            here = [name for name, where in at.items() if where == station]
            assert len(here) <= PATIENTS_A_STATION
            assert sum(item in held[station] for name in here for _, item in orders[name]) <= ORDERS_A_STATION
