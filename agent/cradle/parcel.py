"""A labelled package on its way into a pocket: what its label says, what was said of it at the open drawer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent import barcodes
from agent.cradle.job import Job, Request
from agent.cradle.steps import EXPIRY, FOUND, PACKAGE, POCKET
from agent.kiosk import lists
from agent.view import View
from firmware.cradle.addresses import from_base62
from firmware.journal import kinds
from firmware.wire import labels, messages


@dataclass
class Parcel(Job):
    """`expiry_min` is None where nobody said; `code` is that of the drug itself, where it was scanned (U9); `loads`: it
    goes into a place that was unloaded."""

    quantity: int
    label: int
    expiry_min: int | None = None
    code: str | None = None
    loads: bool = False
    begins = PACKAGE
    confirm = "put_away"

    @classmethod
    def read(cls, text: str) -> "Parcel":
        """What the label of a package says (P59). Raises ValueError if it is none."""
        kind, *fields = labels.read(text)
        if kind != labels.BAG:
            raise ValueError("no label of a package")
        item, quantity, serial = fields
        return cls(item, quantity, from_base62(serial), moved=quantity)

    def asked(self, via: int = messages.VIA_HANDHELD) -> dict[str, Any]:
        """Of the request that opens its drawer, at the handheld or the kiosk."""
        return {"item": self.item, "quantity": self.quantity, "label": self.label, "via": via, "code": self.code}

    def request(self) -> Request:
        return "refill", self.asked()

    def told(self) -> dict[str, Any]:
        return {**super().told(), "expiry": self.expiry_min}

    def opened(self, view: View) -> None:
        self.loads = view.state["purpose"] == kinds.PURPOSE_LOAD

    def asks(self, rules: Mapping[str, int]) -> dict[str, bool]:
        found = bool(self.counted or rules.get("ask_beginning")) and not self.loads
        return {POCKET: True, FOUND: found, EXPIRY: bool(rules.get("ask_expiry"))}

    def offered(self, view: View) -> int | None:
        return self.quantity

    def bounds(self) -> tuple[int, int]:
        return 1, self.quantity

    def says(self, view: View) -> str:
        return f"Label says {lists.units(self.quantity, lists.scale_of(view, self.item))}"

    def question(self, amount: str) -> str:
        return f"Put in {amount}?"

    def done(self, amount: str) -> str:
        return f"Delivered {amount}."


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
