"""What belongs to the one at the screen: all of it is one `Visit`, dropped whole when somebody else comes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agent.kiosk.lists import Item, Patient
from agent.kiosk.record import Removal
from agent.panel import Outcome

SIGN_ON, PATIENTS, ITEMS, CART, QUANTITY, DRAWER = "sign_on", "patients", "items", "cart", "quantity", "drawer"
REMOVALS, STOCK, RESTOCK, PLACES, ACTIVITY, PEOPLE = "removals", "stock", "restock", "places", "activity", "people"
# questions that stand between a request and its answer
WITNESS, PROMPT, SCAN, REASON, BYPASS, NEW_PIN = "witness", "prompt", "scan", "reason", "bypass", "new_pin"
QUESTIONS = (WITNESS, PROMPT, SCAN, REASON, BYPASS, NEW_PIN)

ALL_ROLES = 0x7FFF
EVERY_CLASS = 0xFFFFFFFF


@dataclass
class Line:
    """One item to take in this visit; `quantity` in smallest units."""

    item: Item
    quantity: int
    patient: str = ""
    order: str = ""
    administration_utc_ms: int | None = None
    kit: str = ""

    def args(self) -> dict[str, Any]:
        """As the request `remove` has it."""
        args: dict[str, Any] = {"patient": self.patient, "item": self.item.item, "quantity": self.quantity}
        more = {"order": self.order, "administration_utc_ms": self.administration_utc_ms, "kit": self.kit}
        return args | {key: value for key, value in more.items() if value}


@dataclass
class Asking:
    """A request that waits for something a person has to say first; `back` is where giving up leads."""

    name: str
    args: dict[str, Any]
    done: Callable[[Outcome], None]
    params: list[Any]
    back: str
    first_pin: str = ""


@dataclass
class Visit:
    """One person's time at the screen, from the badge on.

    `patient` is who was chosen, `taken_for` whom the open drawer is about: a list may hold lines of several patients.
    """

    step: str = SIGN_ON
    user: str = ""
    roles: int = ALL_ROLES
    classes: int = EVERY_CLASS
    badge: str = ""
    own_badge: str = ""
    pin: str = ""
    digits: str = ""
    prefilled: bool = False
    counted: str = ""
    active: str = "digits"
    search: str = ""
    given_at: str = ""
    lot: str = ""
    expiry: str = ""
    code: str | None = None
    label: str | None = None
    purpose: str = "remove"
    place: str = ""
    patient: Patient | None = None
    taken_for: str = ""
    item: Item | None = None
    order: str = ""
    removal: Removal | None = None
    asking: Asking | None = None
    cart: list[Line] = field(default_factory=list)
    bin_counts: dict[str, str] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget what was entered for the step before."""
        self.pin = self.digits = self.counted = self.search = self.given_at = self.lot = self.expiry = ""
        self.active, self.code, self.label, self.prefilled = "digits", None, None, False
        self.bin_counts = {}

    def prefill(self, digits: str) -> None:
        """A quantity to go on with; the first key pressed takes its place."""
        self.digits, self.prefilled = digits, bool(digits)

    def unread(self, text: str) -> None:
        """What a scanner typed into the field that had the focus is not meant for it."""
        for name in ("search", "given_at", "lot", "expiry"):
            setattr(self, name, getattr(self, name).removesuffix(text))
        self.form |= {name: held.removesuffix(text) for name, held in self.form.items() if isinstance(held, str)}
