"""What a scanner has read: GS1 DataMatrix and GS1-128, EAN/UPC, or a code of the house; looked up, never guessed."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import biip

from firmware import schema

DAY_MIN = 1440
# FNC1 as scanners type it: the group separator, or the character most of them offer where keyboards have none
_CONFIG = biip.ParseConfig(separator_chars=("\x1d", "|"))
_GTIN_DIGITS = 14
_EXPIRY, _BEST_BEFORE, _LOT = "17", "15", "10"


@dataclass(frozen=True)
class Package:
    """What a package says of itself (P22): `code` is its GTIN in 14 digits, or the text as read where it has none.

    `lot` and `expiry_min` (minutes since 1970, the end of that day) are None where the code does not say; `is_gs1`: it
    can be nothing but a package's code.
    """

    code: str
    lot: str | None = None
    expiry_min: int | None = None
    is_gs1: bool = False


def package(text: str) -> Package:
    """Read a scanned code; what is no GS1 code is a code of the house."""
    text = text.strip()
    try:
        result = biip.parse(text, config=_CONFIG)
    except (biip.ParseError, ValueError, IndexError):
        return Package(text)
    if result.gtin is None:
        return Package(text)
    code, message = result.gtin.as_gtin_14(), result.gs1_message
    if message is None:
        return Package(code, is_gs1=True)
    lot = message.element_strings.get(ai=_LOT)
    expiry = message.element_strings.get(ai=_EXPIRY) or message.element_strings.get(ai=_BEST_BEFORE)
    ends = end_of_day_min(expiry.date) if expiry and expiry.date else None
    return Package(code, lot.value if lot else None, ends, True)


def item_of(found: Package, codes: Mapping[str, list[Any]], items: Container[str]) -> str | None:
    """The item of a package: by the table `item_codes` [code, item], else an item's own id; None if it is no item's."""
    for code in _spellings(found.code):
        if code in codes:
            return str(codes[code][1])
    return found.code if found.code in items else None


def _spellings(code: str) -> list[str]:
    """A GTIN in 14 digits is the same as in 13, 12 or 8 without its leading zeros."""
    if len(code) != _GTIN_DIGITS or not code.isdigit():
        return [code]
    return [code, *(code[-digits:] for digits in (13, 12, 8) if not code[:-digits].strip("0"))]


def place_of(text: str) -> str | None:
    """The pocket that a scanned label names, `D03-P07`; None if it is no label of a pocket."""
    text = text.strip().upper()
    return text if schema.is_place(text) else None


def end_of_day_min(day: date) -> int:
    """Minutes since 1970 (UTC) at the end of a day: a package may be used until then."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) // 60 + DAY_MIN


def day_of(expiry_min: int) -> str:
    """The last day of use as people write it, `2027-12-31`."""
    return f"{datetime.fromtimestamp((expiry_min - DAY_MIN) * 60, UTC):%Y-%m-%d}"
