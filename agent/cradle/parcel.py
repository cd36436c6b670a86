"""A labelled package on its way into a pocket: what its label says, what was said of it at the open drawer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent import barcodes
from firmware.cradle.addresses import from_base62
from firmware.wire import labels, messages


@dataclass
class Parcel:
    """Quantities in smallest units; `found` (what was there before) and `expiry_min` are None where nobody said.

    `place` is where it goes, `scanned` the label that was read there. `counted`: the cabinet wants it counted first.
    """

    item: str
    quantity: int
    label: int
    place: str = ""
    scanned: str | None = None
    counted: bool = False
    found: int | None = None
    expiry_min: int | None = None
    put: int = 0

    @classmethod
    def read(cls, text: str) -> "Parcel":
        """What the label of a package says (P59). Raises ValueError if it is none."""
        kind, *fields = labels.read(text)
        if kind != labels.BAG:
            raise ValueError("no label of a package")
        item, quantity, serial = fields
        return cls(item, quantity, from_base62(serial), put=quantity)

    def asked(self, via: int = messages.VIA_HANDHELD) -> dict[str, Any]:
        """The request that opens its drawer."""
        return {"item": self.item, "quantity": self.quantity, "label": self.label, "via": via}

    def told(self) -> dict[str, Any]:
        """The request that says what was put away."""
        return {"quantity": self.put, "counted": self.found, "label": self.scanned, "expiry": self.expiry_min}


def expiry_of(text: str) -> int | None:
    """Minutes since 1970 of an expiry as typed (`123127`: the end of that day) or scanned on the package; None for
    nothing. Raises ValueError."""
    if not text:
        return None
    if len(text) == 6 and text.isdigit():
        return barcodes.end_of_day_min(datetime.strptime(text, "%m%d%y").date())
    scanned = barcodes.package(text).expiry_min
    if scanned is None:
        raise ValueError("no expiry")
    return scanned
