"""Exact amounts. While a plan is made they are integers of thousandths of a dispensed unit (*milli*).

An item's smallest unit is the dispensed unit itself if all its amounts are whole, else a thousandth of it.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

MILLI = 1000


def to_milli(units: Decimal) -> int:
    """`units` rounded to thousandths, halves up; a positive amount never becomes nothing."""
    rounded = int((units * MILLI).to_integral_value(ROUND_HALF_UP))
    return max(rounded, 1) if units > 0 else rounded


def parse(text: str) -> Decimal | None:
    """A finite number of zero or more, or None: blank, de-identified (`___`) and other text hold no amount."""
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return value if value.is_finite() and 0 <= value < 10**9 else None


def scale_of(amounts: Iterable[int]) -> int:
    """Smallest units to one dispensed unit: 1 if all `amounts` (milli) are whole units, else 1000."""
    return 1 if all(milli % MILLI == 0 for milli in amounts) else MILLI


def smallest(milli: int, scale: int) -> int:
    """`milli` in smallest units of an item with `scale`; exact for the scale that `scale_of` gave."""
    return milli * scale // MILLI


def whole_units(milli: int) -> int:
    """Dispensed units to be taken for an amount: rounded up."""
    return -(-milli // MILLI)
