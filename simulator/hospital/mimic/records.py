"""One administration record: its fate, or the dose that was taken from a cabinet for it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from simulator.hospital.amounts import MILLI
from simulator.hospital.clocktime import MINUTE_MS
from simulator.hospital.mimic import fates
from simulator.hospital.mimic.calendar import Moved
from simulator.hospital.mimic.doses import Portion, portions, product_of
from simulator.hospital.mimic.loader import Row
from simulator.hospital.mimic.orders import Order, Orders

BEFORE_S = (60, 600)
RETURN_MIN = (10, 40)


@dataclass(frozen=True)
class Dose:
    """A dose from a cabinet on the calendar; with fate `never_removed` it was only charted."""

    record: Row
    moved: Moved
    order: Order
    portions: Sequence[Portion]
    ward: str
    at_ms: int
    earliest_ms: int
    fate: str
    return_ms: int | None

    @property
    def given(self) -> bool:
        """Whether the patient got it."""
        return self.fate in (fates.GIVEN_ALL, fates.GIVEN_PART_WASTED)

    @property
    def own_order(self) -> str:
        """The order's id; "" where the order belongs to another admission, which is another patient here."""
        return self.order.order if self.order.row["hadm_id"] == self.record["hadm_id"] else ""


@dataclass(frozen=True)
class Chart:
    """What a record is judged by."""

    seed: int
    end_ms: int
    admissions: Mapping[str, Moved]
    orders: Orders
    details: Mapping[str, Sequence[Row]]

    def judge(self, record: Row) -> str | Dose:
        """The fate of `record` if it is known now, else its dose."""
        moved = self.admissions.get(record["hadm_id"])
        if moved and record["charttime"] + moved.shift_ms >= self.end_ms:
            return fates.OUTSIDE_SLICE
        kind = fates.event_class(record["event_txt"])
        if kind not in (fates.GIVEN, fates.HELD):
            return kind
        result = self._dose(record, moved, kind)
        return f"{kind}_{result}" if isinstance(result, str) else result

    def _dose(self, record: Row, moved: Moved | None, kind: str) -> str | Dose:
        order = self.orders.of(record)
        if order is None:
            return "order_unknown"
        if not order.from_cabinet:
            return "not_from_cabinet"
        details = self.details.get(record["emar_id"], ())
        if not product_of(details, order.prescription):
            return "drug_unknown"
        if moved is None:
            return "admission_unknown"
        return self._placed(Dose(record, moved, order, portions(details, order.prescription), "", 0, 0, kind, None))

    def _placed(self, dose: Dose) -> str | Dose:
        """`dose` in the ward and at the time of its charting."""
        chart_ms = dose.record["charttime"] + dose.moved.shift_ms
        stay = dose.moved.admission.stay_at(chart_ms)
        if stay is None or not stay.ward:
            return "ward_unknown"
        if not dose.portions:
            return "amount_unknown"
        return self._drawn(replace(dose, ward=stay.ward, at_ms=chart_ms, earliest_ms=stay.in_ms))

    def _drawn(self, dose: Dose) -> Dose:
        """`dose`, so far at its charted time, with what the seed draws: when it was removed and whether at all."""
        rng = random.Random(f"{self.seed}/{dose.record['emar_id']}")
        at_ms = max(dose.at_ms - rng.randint(*BEFORE_S) * 1000, dose.earliest_ms)
        if dose.fate == fates.GIVEN:
            part = dose.portions[0].milli % MILLI
            return replace(dose, at_ms=at_ms, fate=fates.GIVEN_PART_WASTED if part else fates.GIVEN_ALL)
        if rng.random() < 0.5:
            return replace(dose, at_ms=at_ms, fate=fates.NEVER_REMOVED)
        leaves_ms = dose.moved.admission.leaves_ms(at_ms)
        back_ms = min(at_ms + rng.randint(*RETURN_MIN) * MINUTE_MS, leaves_ms - MINUTE_MS)
        back_ms = max(back_ms, at_ms + MINUTE_MS)
        return replace(dose, at_ms=at_ms, fate=fates.REMOVED_RETURNED, return_ms=back_ms, portions=dose.portions[:1])
