"""What a unit at the station does at one pocket: what opens it, what is asked at the open drawer, what is confirmed.

A package is put away (parcel.py), a pocket is emptied, a dose is taken. Which of it may be is the cabinet's to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from agent import barcodes
from agent.cradle.steps import DOSE, EXPIRY, FIELDS, FOUND, PLACE, POCKET, QUANTITY
from agent.kiosk import lists
from agent.view import View
from firmware.schema import QUANTITY_MAX

Request = tuple[str, dict[str, Any]]


@dataclass
class Job:
    """Quantities in smallest units; `found` (what was there before) is None where nobody said.

    `place` is the pocket, `scanned` the label that was read there, `counted`: the cabinet wants it counted first.
    """

    item: str
    place: str = field(default="", kw_only=True)
    scanned: str | None = field(default=None, kw_only=True)
    counted: bool = field(default=False, kw_only=True)
    found: int | None = field(default=None, kw_only=True)
    moved: int = field(default=0, kw_only=True)
    # the step it begins with, and what is said of its quantity
    begins: ClassVar[str]
    confirm: ClassVar[str] = "confirm"
    prompt: ClassVar[str] = FIELDS[QUANTITY][2]

    def request(self) -> Request:
        """The request that opens its drawer."""
        raise NotImplementedError

    def told(self) -> dict[str, Any]:
        """What is confirmed, with the request `confirm`."""
        return {"quantity": self.moved, "counted": self.found, "label": self.scanned}

    def asks(self, rules: Mapping[str, int]) -> dict[str, bool]:
        """Which steps at the drawer it has, of those that not all have; `rules` is the policy."""
        raise NotImplementedError

    def opened(self, view: View) -> None:
        """Its drawer is released: the view says for what."""

    def offered(self, view: View) -> int | None:
        """What ENTER alone means as quantity; None: it has to be entered."""
        raise NotImplementedError

    def bounds(self) -> tuple[int, int]:
        """The least and the most that can be meant."""
        return 1, QUANTITY_MAX

    def says(self, view: View) -> str:
        """What stands on the screen while its quantity is asked for."""
        raise NotImplementedError

    def question(self, amount: str) -> str:
        """What is asked last."""
        raise NotImplementedError

    def done(self, amount: str) -> str:
        """What is told when it is recorded."""
        raise NotImplementedError


@dataclass
class Emptying(Job):
    """A pocket is unloaded, or what has expired is taken out of it (`expired`)."""

    expired: bool = False
    begins = PLACE
    prompt = "How many came out"

    @classmethod
    def of(cls, row: lists.Pocket) -> "Emptying":
        """What is due at a pocket: first what has expired."""
        return cls(row.item, row.state == lists.EXPIRED, place=row.place)

    def bounds(self) -> tuple[int, int]:
        # a pocket that is unloaded may have been empty
        return int(self.expired), QUANTITY_MAX

    def request(self) -> Request:
        return "outdate" if self.expired else "unload", {"place": self.place}

    def asks(self, rules: Mapping[str, int]) -> dict[str, bool]:
        return {POCKET: True, FOUND: False, EXPIRY: False}

    def offered(self, view: View) -> int | None:
        hidden = not self.expired or lists.is_blind(view, self.item)
        return None if hidden else int(view.state["quantity"] or 0) or None

    def says(self, view: View) -> str:
        return "Take out what has expired" if self.expired else "Take out all, count"

    def question(self, amount: str) -> str:
        return f"Took out {amount}?"

    def done(self, amount: str) -> str:
        return f"Taken out {amount}."


@dataclass
class Dose(Job):
    """A dose for a patient ("": supplies) is taken, and so recorded; `code` is what was scanned of it (P48)."""

    patient: str
    order: str
    quantity: int
    code: str | None
    begins = DOSE
    prompt = "Took (ENTER all)"

    def request(self) -> Request:
        of_order = {"patient": self.patient, "order": self.order, "item": self.item}
        return "remove", {**of_order, "quantity": self.quantity, "code": self.code}

    def asks(self, rules: Mapping[str, int]) -> dict[str, bool]:
        return {POCKET: False, FOUND: self.counted, EXPIRY: False}

    def offered(self, view: View) -> int | None:
        return self.quantity

    def bounds(self) -> tuple[int, int]:
        return 1, self.quantity

    def says(self, view: View) -> str:
        return f"Take {lists.units(self.quantity, lists.scale_of(view, self.item))}"

    def question(self, amount: str) -> str:
        return f"Took {amount}?"

    def done(self, amount: str) -> str:
        return f"Recorded {amount}."


def drug_of(view: View, text: str) -> tuple[barcodes.Package, str | None]:
    """A scanned package, and the item it is; None if it is none of this cabinet's."""
    package = barcodes.package(text)
    return package, barcodes.item_of(package, view.directory.get("item_codes", {}), view.directory.get("items", {}))
