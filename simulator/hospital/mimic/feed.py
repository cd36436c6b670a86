"""What the hospital's systems send: admissions, orders, charting. Only of drugs that some cabinet holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from simulator.hospital.amounts import smallest
from simulator.hospital.events import Event, administration_event, order_event
from simulator.hospital.mimic.calendar import Moved
from simulator.hospital.mimic.formulary import Formulary, dose_of
from simulator.hospital.mimic.orders import Order, Orders
from simulator.hospital.mimic.records import Dose
from simulator.hospital.stays import adt_events
from simulator.hospital.visits import VISIT_MS, Removal
from simulator.plan import Item

HELD_EVENTS = ("Hold Dose", "Delayed")


def adt(admissions: Mapping[str, Moved]) -> Iterator[Event]:
    """All movements of all admissions."""
    for moved in admissions.values():
        yield from adt_events(moved.admission)


def order_events(
    orders: Orders, admissions: Mapping[str, Moved], formulary: Formulary, removals: Iterable[Removal]
) -> Iterator[Event]:
    """Orders dispensed from cabinets, each sent when it was verified, but after the admission and before its first
    removal; one that was verified only after the discharge is not sent."""
    first: dict[str, int] = {}
    for removal in removals:
        first[removal.order] = min(removal.at_ms, first.get(removal.order, removal.at_ms))
    for order in orders:
        moved, item = admissions.get(order.row["hadm_id"]), formulary.item_of(order)
        if moved and item and order.from_cabinet:
            known_ms = (order.entered_ms or 0) + moved.shift_ms
            needed_ms = first.get(order.order, known_ms + VISIT_MS) - VISIT_MS
            sent_ms = max(moved.admission.in_ms, min(known_ms, needed_ms))
            if sent_ms < moved.admission.out_ms:
                yield _order(order, moved, item, sent_ms)


def _order(order: Order, moved: Moved, item: Item, sent_ms: int) -> Event:
    start, stop = order.row["starttime"], order.row["stoptime"]
    start_ms = sent_ms if start is None else start + moved.shift_ms
    stop_ms = None if stop is None else max(stop + moved.shift_ms, start_ms)
    dose = smallest(dose_of(order), item.scale)
    return order_event(
        sent_ms,
        order=order.order,
        patient=moved.admission.patient,
        item=item.item,
        dose=dose,
        start_ms=start_ms,
        stop_ms=stop_ms,
        interval_minutes=order.interval_minutes,
        prn=order.as_needed,
    )


def charting(doses: Sequence[Dose], formulary: Formulary) -> Iterator[Event]:
    """One event a product of each dose, sent when it was typed in (`storetime`), not before the admission."""
    for dose in doses:
        for number, portion in enumerate(dose.portions, 1):
            item = formulary.items.get(portion.code)
            if item:
                quantity = smallest(portion.milli, item.scale) if dose.given else 0
                yield _charted(dose, number, item, quantity)


def _charted(dose: Dose, number: int, item: Item, quantity: int) -> Event:
    shift_ms, record = dose.moved.shift_ms, dose.record
    stored = record["charttime"] if record["storetime"] is None else record["storetime"]
    status = "given" if dose.given else "held" if record["event_txt"].strip() in HELD_EVENTS else "not_given"
    return administration_event(
        max(stored + shift_ms, dose.moved.admission.in_ms),
        record=record["emar_id"] if number == 1 else f"{record['emar_id']}.{number}",
        patient=dose.moved.admission.patient,
        order=dose.own_order,
        item=item.item,
        quantity=quantity,
        at_ms=record["charttime"] + shift_ms,
        status=status,
    )
