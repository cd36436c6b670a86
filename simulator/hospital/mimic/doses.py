"""What was taken for a dose: products and exact amounts, in thousandths of the unit a cabinet dispenses.

The amount of a product is the sum of `product_amount_given` over the detail rows of its record. Counted units
(tablet, vial, bag, cup ...) are dispensed units. Amounts in millilitres are divided by the size of the container if
the product's description or the prescription's strength tells it (`10mg/5mL Cup` holds 5 mL, `2mg/mL Syringe` 1 mL);
without a size, and for amounts in mg, g, mcg, L, UNIT or nothing, a dose is one container. Where the record has no
amount, the prescription's `form_val_disp` counts (the upper end of a range, by the same rule for units); for an
insulin sliding scale that is one container, since its form value says nothing about the dose.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from simulator.hospital.amounts import MILLI, parse, to_milli
from simulator.hospital.mimic.loader import Row

VOLUMES = ("ml", "ml udcup")
MEASURES = ("mg", "g", "gm", "mcg", "l", "unit", "units", "mg/day", "meq", "mmol", "appl", "dose", "")
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*mL\b", re.IGNORECASE)
PER_ML = re.compile(r"/\s*mL\b", re.IGNORECASE)


@dataclass(frozen=True)
class Portion:
    """`milli` thousandths of a dispensed unit of product `code`."""

    code: str
    milli: int


def size_ml(*descriptions: str) -> Decimal | None:
    """Millilitres in one container as the first description that tells has it, else None."""
    for description in descriptions:
        sizes = [size for size in SIZE.findall(description) if Decimal(size) > 0]
        if sizes:
            return Decimal(sizes[-1])
        if PER_ML.search(description):
            return Decimal(1)
    return None


def in_units(amount: Decimal, unit: str, *descriptions: str) -> int:
    """Thousandths of a dispensed unit in `amount` of `unit`."""
    if unit.lower() in VOLUMES:
        size = size_ml(*descriptions)
        return to_milli(amount / size) if size else MILLI
    return MILLI if unit.lower() in MEASURES else to_milli(amount)


def form_value(prescription: Row) -> int | None:
    """Thousandths of a unit that the prescription dispenses a dose, of a range the upper end; None if it is silent."""
    amounts = [parse(part) for part in prescription["form_val_disp"].split("-")]
    known = [amount for amount in amounts if amount]
    if not known:
        return None
    return in_units(max(known), prescription["form_unit_disp"], prescription["prod_strength"])


def _scanned(details: Sequence[Row], strength: str) -> list[Portion]:
    """Products with an amount, in the order of their detail rows."""
    found: dict[str, int] = {}
    for row in details:
        amount = parse(row["product_amount_given"])
        if row["product_code"] and amount:
            milli = in_units(amount, row["product_unit"], row["product_description"], strength)
            found[row["product_code"]] = found.get(row["product_code"], 0) + milli
    return [Portion(code, milli) for code, milli in found.items()]


def product_of(details: Sequence[Row], prescription: Row | None) -> str:
    """The record's first product, else the prescription's; "" if neither is known."""
    codes = [row["product_code"] for row in details if row["product_code"]]
    return codes[0] if codes else str(prescription["formulary_drug_cd"]) if prescription else ""


def portions(details: Sequence[Row], prescription: Row | None) -> list[Portion]:
    """What was taken for one record; empty if no amount is known. The product must be known (`product_of`)."""
    scanned = _scanned(details, prescription["prod_strength"] if prescription else "")
    if scanned:
        return scanned
    if any("Sliding Scale" in row["administration_type"] for row in details):
        return [Portion(product_of(details, prescription), MILLI)]
    milli = form_value(prescription) if prescription else None
    return [Portion(product_of(details, prescription), milli)] if milli else []
