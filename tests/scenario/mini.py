"""A hospital small enough for a test: one or two wards, a handful of people, every kind of action."""

from itertools import count

from firmware.wire.messages import ROLE_COUNT, ROLE_REFILL, ROLE_REMOVE, ROLE_RETURN, ROLE_WASTE
from simulator.plan import (
    NO_ORDER,
    NOT_ADMITTED,
    Item,
    Mishap,
    Person,
    Plan,
    Pocket,
    Refill,
    Remove,
    Return,
    StationPlan,
    Visit,
)

START_MS = 1_767_571_200_000

MINUTE_MS = 60_000
DUE_MS = START_MS + 45 * MINUTE_MS
NURSE = ROLE_REMOVE | ROLE_RETURN | ROLE_WASTE | ROLE_COUNT
TECHNICIAN = ROLE_REFILL | ROLE_COUNT
ITEMS = (Item("ACET500", "Acetaminophen 500 mg tablet"), Item("MORP4I", "Morphine 4 mg/1 mL syringe", 2, 1000))


def station(name, number):
    pockets = (
        Pocket("D01-P01", 1, 1, "ACET500", 2, 6, 10, 4),
        Pocket("D01-P02", 1, 2, "ACET500", 2, 8, 10, 3),
        Pocket("D02-P01", 2, 1, "MORP4I", 2000, 9000, 12000, 5000),
    )
    people = (
        Person(f"RN{number}", f"1000{number}", f"47{number}1", NURSE, "Ito, Mira"),
        Person(f"PT{number}", f"2000{number}", f"85{number}2", TECHNICIAN, "Lund, Emil"),
    )
    return StationPlan(name, (f"Ward {number}",), pockets, people)


def moved(event, patient, number, at_ms):
    return at_ms, {
        "type": "adt", "id": f"adt-{patient}-{event}", "utc_ms": at_ms, "event": event,
        "patient": patient, "name": "Dahl, Kim", "ward": f"Ward {number}", "from_ward": "",
    }  # fmt: skip


def charted(removal, at_ms):
    return at_ms, {
        "type": "administration", "id": f"emar-{removal.record}", "utc_ms": at_ms, "patient": removal.patient,
        "order": removal.order, "item": removal.item, "quantity": removal.quantity - removal.waste,
        "administered_utc_ms": at_ms, "status": "given",
    }  # fmt: skip


def admission(number, at_ms):
    patient = f"P{number}"
    yield moved("A01", patient, number, at_ms)
    for item in ITEMS:
        yield at_ms, {
            "type": "order", "id": f"order-{number}-{item.item}", "utc_ms": at_ms, "event": "new",
            "order": f"O{number}-{item.item}", "patient": patient, "item": item.item, "dose": item.scale,
            "start_utc_ms": at_ms, "stop_utc_ms": None,
        }  # fmt: skip


class MiniDay:
    """Makes a plan of `stations` wards; `full` has every action, else one removal."""

    def __init__(self, stations=2, full=True):
        self._records = count(1)
        self.plan = Plan(
            START_MS, START_MS + 240 * MINUTE_MS, ITEMS, tuple(station(f"S{n}", n) for n in range(1, stations + 1))
        )
        for number in range(1, stations + 1):
            self._station(number, full)
        self.plan.events.sort(key=lambda event: event[0])
        self.plan.visits.sort(key=lambda visit: visit.at_ms)

    def _station(self, number, full):
        self.plan.events += admission(number, START_MS + 20 * MINUTE_MS)
        self._visit(number, 0, f"PT{number}", Refill(opening=True))
        first = self._remove(number, "ACET500", 2, due_ms=DUE_MS)
        self._visit(number, 30, f"RN{number}", first)
        if full:
            self._busy_day(number, first)

    def _busy_day(self, number, first):
        nurse = f"RN{number}"
        self._visit(number, 40, nurse, self._remove(number, "MORP4I", 1000, waste=250), Return(first.record))
        # 7 in two pockets: no single one holds 5
        two_pockets = self._remove(number, "ACET500", 5)
        self._visit(number, 50, nurse, two_pockets)
        self.plan.events.append(charted(two_pockets, START_MS + 60 * MINUTE_MS))
        self._visit(
            number, 60, nurse, self._remove(number, "ACET500", 50), self._remove(number, "MORP4I", 1000, cancel=True)
        )
        for minute, what in ((70, "left_open"), (80, "forced"), (90, "jammed")):
            self._visit(number, minute, nurse, Mishap(what, 2))
        self._visit(number, 100, nurse, self._remove(number, "MORP4I", 1000))
        self._visit(number, 120, f"PT{number}", Refill())
        for minute in range(130, 200, 10):
            self._visit(number, minute, nurse, self._remove(number, "MORP4I", 1000))
        self._seed(number)

    def _seed(self, number):
        """A guest without any order, and the patient after she has left."""
        guest, patient, order = f"Q{number}", f"P{number}", f"O{number}-ACET500"
        self.plan.events.append(moved("A01", guest, number, START_MS + 200 * MINUTE_MS))
        self.plan.events.append(moved("A03", patient, number, START_MS + 205 * MINUTE_MS))
        without_order = Remove("", guest, "", "ACET500", 1, 0, "", seeded=NO_ORDER)
        after_discharge = Remove("", patient, order, "ACET500", 1, 0, "", seeded=NOT_ADMITTED)
        self._visit(number, 210, f"RN{number}", without_order, after_discharge)

    def _visit(self, number, minute, user, *actions):
        self.plan.visits.append(Visit(START_MS + minute * MINUTE_MS, f"S{number}", user, actions))

    def _remove(self, number, item, quantity, waste=0, cancel=False, due_ms=None):
        self.plan.records += 1
        record, fate = f"r{next(self._records)}", "cancelled" if cancel else "given"
        return Remove(record, f"P{number}", f"O{number}-{item}", item, quantity, waste, fate, due_ms, cancel)
