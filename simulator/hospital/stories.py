"""What happens beside the doses: an intubation, a theft and the count that finds it, a power cut, a nurse from
elsewhere, somebody without a name, a network that is down. Each is tied to a removal: that patient, that cabinet, that
hour.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from firmware import flags
from simulator.hospital.clocktime import DAY_MS, HOUR_MS, MINUTE_MS
from simulator.hospital.covered import Sayings
from simulator.hospital.events import Event, administration_event
from simulator.hospital.people import Staff
from simulator.hospital.profile import KIT
from simulator.hospital.visits import Removal
from simulator.plan import AddPatient, Count, Item, LetIn, Mishap, Order, Person, Remove, StationPlan, Theft, Visit

STAYS_MS = 2 * HOUR_MS
WEEK_DAYS = 7
EMERGENCY, PROCEDURE = 1, 4
PHARMACIST = "RPH001"


@dataclass
class Stories:
    """What was thought up; `guests` are people let in, by station."""

    visits: list[Visit] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    guests: list[Person] = field(default_factory=list)


@dataclass(frozen=True)
class Scene:
    """Where stories take place."""

    removals: Sequence[Removal]
    stations: Mapping[str, StationPlan]
    items: Mapping[str, Item]
    staff: Staff
    sayings: Sayings
    start_ms: int
    end_ms: int


def stories(seed: int, scene: Scene) -> Stories:
    """At least one of each, and one of each kind more for every week."""
    return _Teller(random.Random(f"{seed}/stories"), scene).tell()


class _Teller:
    def __init__(self, rng: random.Random, scene: Scene) -> None:
        self._rng, self._scene, self._made = rng, scene, Stories()
        self._number = 0

    def tell(self) -> Stories:
        kinds = (self._intubation, self._theft, self._power_cut, self._guest, self._nameless, self._without_orders)
        times = 1 + (self._scene.end_ms - self._scene.start_ms) // DAY_MS // WEEK_DAYS
        beside = [removal for removal in self._scene.removals if removal.record and self._stays(removal)]
        wanted: list[Callable[[Removal], bool]] = [kind for kind in kinds for _ in range(times)]
        self._rng.shuffle(beside)
        for removal in beside:
            # a removal that a story does not fit is left to another one
            told = next((kind for kind in wanted if kind(removal)), None)
            if told:
                wanted.remove(told)
        return self._made

    def _stays(self, removal: Removal) -> bool:
        (ward,) = self._scene.stations[removal.station].wards
        until_ms = removal.at_ms + STAYS_MS
        return until_ms < self._scene.end_ms and self._scene.sayings.stays(
            removal.patient, ward, removal.at_ms, until_ms
        )

    def _visit(self, removal: Removal, minutes: int, user: str, *actions: object) -> None:
        at_ms = removal.at_ms + minutes * MINUTE_MS
        self._made.visits.append(Visit(at_ms, removal.station, user, actions))  # type: ignore[arg-type]

    def _nurse(self, removal: Removal, minutes: int = 0) -> str:
        return self._scene.staff.nurse(removal.station, removal.patient, removal.at_ms + minutes * MINUTE_MS)

    def _charted(self, removal: Removal, item: str, quantity: int) -> None:
        self._number += 1
        at_ms = removal.at_ms + 20 * MINUTE_MS
        self._made.events.append(
            administration_event(
                at_ms + 5 * MINUTE_MS,
                record=f"story-{self._number}",
                patient=removal.patient,
                order="",
                item=item,
                quantity=quantity,
                at_ms=at_ms,
                status="given",
            )
        )

    def _unordered(self, removal: Removal, *, listed: bool) -> Iterator[Item]:
        """Items of this cabinet that the hospital never named for this patient, on the override list or not."""
        station = self._scene.stations[removal.station]
        free = {item for item, flag in station.overrides if not flag & flags.OVERRIDE_KIT_ONLY}
        barred = {item for item, _ in station.overrides}
        for name in sorted({pocket.item for pocket in station.pockets}):
            item = self._scene.items[name]
            fits = name in free if listed else name not in barred
            if fits and not item.flags & flags.SUPPLY and not self._scene.sayings.knows(removal.patient, name):
                yield item

    def _intubation(self, removal: Removal) -> bool:
        """The kit, all of it, for a patient who had no order for any of it."""
        lines = self._scene.stations[removal.station].kits
        takes = [
            Remove("", removal.patient, "", line.item, line.quantity, 0, "", kit=KIT, reason=PROCEDURE)
            for line in lines
        ]
        if not lines or any(self._scene.sayings.knows(removal.patient, line.item) for line in lines):
            return False
        self._visit(removal, 4, self._nurse(removal), *takes)
        for line in lines:
            self._charted(removal, line.item, line.quantity)
        return True

    def _theft(self, removal: Removal) -> bool:
        """A nurse counts a controlled drug, keeps one and says nothing; a colleague counts it later."""
        station = self._scene.stations[removal.station]
        held = [p.place for p in station.pockets if self._scene.items[p.item].schedule]
        thief, other = self._nurse(removal), self._scene.staff.charge_nurse(removal.station, removal.at_ms + HOUR_MS)
        if not held or thief == other:
            return False
        place = self._rng.choice(held)
        self._visit(removal, 6, thief, Theft(place))
        self._visit(removal, 60, other, Count(place))
        return True

    def _power_cut(self, removal: Removal) -> bool:
        drawer = self._rng.choice(self._scene.stations[removal.station].pockets).drawer
        self._visit(removal, 8, self._nurse(removal), Mishap("power_cut", drawer))
        return True

    def _guest(self, removal: Removal) -> bool:
        """A nurse from elsewhere is let in and takes the same dose once more."""
        item = self._scene.items[removal.item]
        if not removal.order or not self._scene.sayings.covers(removal):
            return False
        guest = self._scene.staff.guest(f"AG{len(self._made.guests) + 1:04}")
        quantity = removal.units * item.scale
        take = Remove("", removal.patient, removal.order, removal.item, quantity, 0, "")
        self._made.guests.append(guest)
        own_pin = f"{self._rng.randrange(10**6):06}"
        charge = self._scene.staff.charge_nurse(removal.station, removal.at_ms + 3 * MINUTE_MS)
        self._visit(removal, 3, charge, LetIn(guest, own_pin, (take,)))
        self._charted(removal, removal.item, quantity)
        return True

    def _nameless(self, removal: Removal) -> bool:
        """Somebody is treated before anybody knows who she is; half an hour later the pharmacy knows."""
        item = next(self._unordered(removal, listed=True), None)
        if item is None:
            return False
        patient = f"TMP{len(self._made.orders) + 1:04}"
        take = Remove("", patient, "", item.item, item.scale, 0, "", reason=EMERGENCY)
        self._visit(removal, 5, self._nurse(removal), AddPatient(patient), take)
        args = (("patient", patient), ("into", removal.patient), ("person", PHARMACIST))
        self._made.orders.append(Order(removal.at_ms + 40 * MINUTE_MS, removal.station, "merge_provisional", args))
        self._charted(removal, item.item, item.scale)
        return True

    def _without_orders(self, removal: Removal) -> bool:
        """No orders come through: the pharmacy lets the cabinet give what it has for an hour."""
        item = next(self._unordered(removal, listed=False), None)
        if item is None:
            return False
        args = (("hours", 1), ("person", PHARMACIST), ("reason", "no orders come through"))
        self._made.orders.append(Order(removal.at_ms, removal.station, "critical_override", args))
        take = Remove("", removal.patient, "", item.item, item.scale, 0, "", reason=EMERGENCY)
        self._visit(removal, 2, self._nurse(removal), take)
        self._charted(removal, item.item, item.scale)
        return True
