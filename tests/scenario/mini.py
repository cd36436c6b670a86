"""A hospital small enough for a test: one or two wards, a handful of people, every kind of action."""

from dataclasses import replace
from itertools import count

from firmware import flags
from simulator.hospital.people import CHARGE_NURSE, NURSE, TECHNICIAN
from simulator.plan import (
    NO_ORDER,
    NOT_ADMITTED,
    AddPatient,
    Count,
    EmptyBin,
    Item,
    KitLine,
    LetIn,
    Mishap,
    Order,
    Outdates,
    Person,
    Plan,
    Pocket,
    Refill,
    Remove,
    Return,
    StationPlan,
    Theft,
    Visit,
)

START_MS = 1_767_571_200_000

MINUTE_MS = 60_000
DUE_MS = START_MS + 45 * MINUTE_MS
ITEMS = (Item("ACET500", "Acetaminophen 500 mg tablet"), Item("MORP4I", "Morphine 4 mg/1 mL syringe", 2, 1000))
# as a pharmacy with profiles has them
BLIND = flags.BLIND_COUNT | flags.BIN_ONLY | flags.WITNESS_AT_RETURN | flags.SCAN_AT_REFILL
ASKED = flags.HIGH_ALERT | flags.SCAN_AT_REMOVAL
PROFILED_ITEMS = (
    Item("ACET500", "Acetaminophen 500 mg tablet", flags=flags.SCAN_AT_REFILL, code="00000000000017"),
    Item("HEPA5I", "Heparin 5,000 units/1 mL vial", flags=ASKED, item_class=2, prompt=3, code="00000000000024"),
    Item("MORP4I", "Morphine 4 mg/1 mL syringe", 2, 1000, flags=BLIND, item_class=1, code="00000000000031"),
    Item("ROCU50I", "Rocuronium 50 mg/5 mL vial", flags=ASKED, item_class=2, prompt=1, code="00000000000048"),
)
PROMPTS = ((1, "Is the airway secured?"), (3, "Is it this strength?"))
GUEST = Person("AG1", "30001", "0815", NURSE, "Abara, Kim")


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


def profiled(plain, number):
    """The same cabinet with orders, override list, a kit, a return bin and a charge nurse."""
    more = (Pocket("D03-P01", 3, 1, "HEPA5I", 1, 4, 8, 4), Pocket("D03-P02", 3, 2, "ROCU50I", 1, 4, 8, 4))
    charge = Person(f"CN{number}", f"4000{number}", f"29{number}3", CHARGE_NURSE, "Noor, Ada")
    return replace(
        plain,
        pockets=plain.pockets + more,
        people=(*plain.people, charge),
        overrides=(("ACET500", 0), ("HEPA5I", 0), ("ROCU50I", flags.OVERRIDE_KIT_ONLY)),
        kits=(KitLine("RSI-1", "RSI", "ROCU50I", 2),),
        policy=(("early_min", 0), ("label_scan", 1), ("profiled", 1)),
        bin_drawer=16,
    )


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
        cabinets = [station(f"S{n}", n) for n in range(1, stations + 1)]
        if full:
            cabinets = [profiled(cabinet, number) for number, cabinet in enumerate(cabinets, 1)]
        items = PROFILED_ITEMS if full else ITEMS
        self.plan = Plan(START_MS, START_MS + 240 * MINUTE_MS, items, tuple(cabinets), prompts=PROMPTS if full else ())
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
        self._visit(number, 120, f"PT{number}", Outdates(), EmptyBin(), Refill())
        self._beside_the_doses(number)
        for minute in range(130, 200, 10):
            self._visit(number, minute, nurse, self._remove(number, "MORP4I", 1000))
        self._seed(number)

    def _beside_the_doses(self, number):
        """What a complete cabinet is for beside doses that were ordered; at the first also what is ordered."""
        nurse, charge, patient = f"RN{number}", f"CN{number}", f"P{number}"
        back = replace(self._remove(number, "MORP4I", 1000), fate="removed_returned")
        self._visit(number, 44, nurse, back)
        self._visit(number, 48, nurse, Return(back.record))
        heparin = Remove("", patient, "", "HEPA5I", 1, 0, "")
        kit = Remove("", patient, "", "ROCU50I", 2, 0, "", kit="RSI", reason=4)
        self._visit(number, 55, nurse, heparin, kit)
        # the second is not on the list, and no order has come
        self._visit(number, 57, nurse, Remove("", patient, "", "ROCU50I", 1, 0, ""))
        self._visit(number, 102, nurse, Theft("D02-P01"))
        self._visit(number, 112, charge, Count("D02-P01"))
        self._visit(number, 125, nurse, Mishap("power_cut", 1))
        if number == 1:
            take = Remove("", patient, f"O{number}-ACET500", "ACET500", 1, 0, "")
            self._visit(number, 150, charge, LetIn(GUEST, "4711", (take,)))
            self._nameless_and_critical(nurse, patient)

    def _nameless_and_critical(self, nurse, patient):
        unknown = Remove("", "TMP1", "", "ACET500", 1, 0, "")
        self._visit(1, 160, nurse, AddPatient("TMP1"), unknown)
        who = (("patient", "TMP1"), ("into", patient), ("person", "RPH1"))
        self.plan.orders.append(Order(START_MS + 165 * MINUTE_MS, "S1", "merge_provisional", who))
        why = (("hours", 1), ("person", "RPH1"), ("reason", "no orders come through"))
        self.plan.orders.append(Order(START_MS + 213 * MINUTE_MS, "S1", "critical_override", why))
        # neither ordered nor on the list
        self._visit(1, 216, nurse, Remove("", "Q1", "", "MORP4I", 1000, 0, ""))

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
