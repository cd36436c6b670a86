"""Items of a replay: what its removals take (name, schedule, scale), and the product that stands for each order."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from simulator.hospital.amounts import MILLI, scale_of
from simulator.hospital.ids import unique_ids
from simulator.hospital.mimic import fates
from simulator.hospital.mimic.doses import form_value
from simulator.hospital.mimic.loader import Row
from simulator.hospital.mimic.orders import Order, Orders
from simulator.hospital.mimic.records import Dose
from simulator.hospital.schedules import schedule_of
from simulator.plan import Item

LONGEST_NAME = 60


class Formulary:
    """`items` by product code of the records, for every product that a removal of `doses` takes."""

    def __init__(self, doses: Sequence[Dose], orders: Orders, details: Mapping[str, Sequence[Row]]) -> None:
        removed = [dose for dose in doses if dose.fate != fates.NEVER_REMOVED]
        self._ids = unique_ids(portion.code for dose in removed for portion in dose.portions)
        self._product = _products(removed, orders)
        generic, described = _names(removed, details)
        amounts = self._amounts(doses, orders)
        self.items: dict[str, Item] = {}
        for code, item in self._ids.items():
            drug = generic.get(code, "")
            name = (described.get(code) or drug or code)[:LONGEST_NAME]
            schedule = schedule_of(drug, described.get(code, ""))
            self.items[code] = Item(item, name, schedule, scale_of(amounts[code]), drug.lower()[:LONGEST_NAME])

    def _amounts(self, doses: Iterable[Dose], orders: Orders) -> dict[str, set[int]]:
        amounts: dict[str, set[int]] = {code: set() for code in self._ids}
        for dose in doses:
            for portion in dose.portions:
                amounts.get(portion.code, set()).add(portion.milli)
        for order in orders:
            amounts.get(self._product[order.order], set()).add(dose_of(order))
        return amounts

    def item_of(self, order: Order) -> Item | None:
        """The item that stands for `order`: taken most under it, else prescribed; None if no cabinet holds it."""
        return self.items.get(self._product[order.order])


def dose_of(order: Order) -> int:
    """The ordered dose in thousandths of a unit; one unit where the prescription does not say."""
    return (form_value(order.prescription) if order.prescription else None) or MILLI


def _products(removed: Iterable[Dose], orders: Orders) -> dict[str, str]:
    taken: dict[str, Counter[str]] = {}
    for dose in removed:
        taken.setdefault(dose.order.order, Counter())[dose.portions[0].code] += 1
    found = {}
    for order in orders:
        prescribed = str(order.prescription["formulary_drug_cd"]) if order.prescription else ""
        counts = taken.get(order.order)
        found[order.order] = max(counts, key=lambda code: (counts[code], code)) if counts else prescribed
    return found


def _names(removed: Iterable[Dose], details: Mapping[str, Sequence[Row]]) -> tuple[dict[str, str], dict[str, str]]:
    """code -> drug of its orders, code -> description on its scans; of several the most frequent."""
    drugs: dict[str, Counter[str]] = {}
    descriptions: dict[str, Counter[str]] = {}
    for dose in removed:
        drug = dose.order.prescription["drug"] if dose.order.prescription else dose.order.row["medication"]
        drugs.setdefault(dose.portions[0].code, Counter())[drug or dose.record["medication"]] += 1
        for row in details.get(dose.record["emar_id"], ()):
            if row["product_description"]:
                descriptions.setdefault(row["product_code"], Counter())[row["product_description"]] += 1
    return _most(drugs), _most(descriptions)


def _most(counts: Mapping[str, Counter[str]]) -> dict[str, str]:
    return {code: max(counter, key=lambda name: (counter[name], name)) for code, counter in counts.items()}
