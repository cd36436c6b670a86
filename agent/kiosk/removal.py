"""Taking for a patient, and what of it comes back or is wasted: chosen here, decided by the firmware."""

from functools import partial
from typing import Any

from agent.kiosk import due, lists, record
from agent.kiosk.core import Core
from agent.kiosk.daytime import nearest_utc_ms
from agent.kiosk.visit import CART, ITEMS, PATIENTS, QUANTITY, REMOVALS, Line
from agent.panel import Outcome
from firmware import codes
from firmware.journal import kinds

PAGES = 300
_TAKEN = (kinds.REMOVE, kinds.RETURN, kinds.RETURN_BIN, kinds.WASTE)
TO_BIN, TO_POCKET = 0, 1
WASTE_REASONS = {1: "Partial dose", 2: "Dropped or contaminated", 3: "Refused by patient", 4: "Expired", 5: "Other"}
OVERRIDE_REASONS = {1: "Emergency", 2: "Order not entered yet", 3: "Order not verified yet", 4: "Procedure", 5: "Other"}
MINUTE_MS = 60_000


class Removal:
    """Patients, what is due for them, the cart, returns and wastes."""

    def __init__(self, core: Core) -> None:
        self._core = core

    # what there is to choose from

    def removals(self) -> list[record.Removal]:
        """Removals still in the outbox, by anybody."""
        return record.removals(self._core.newest(PAGES, _TAKEN))

    def mine(self) -> list[record.Removal]:
        """Removals of the one signed on of which something is still out."""
        user = self._core.view.state["user"]
        return [row for row in self.removals() if row.actor == user and row.open > 0]

    def recent_patients(self) -> list[str]:
        """Patients this user took for, the latest first (F14)."""
        user = self._core.view.state["user"]
        return list(dict.fromkeys(row.patient for row in self.removals() if row.actor == user and row.patient))

    def open_wastes(self) -> list[record.OpenWaste]:
        """What should have been wasted or returned and was not; blocks nothing (U14)."""
        view = self._core.view
        doses, shift_min = lists.doses(view), lists.policy(view).get("shift_min")
        return record.open_wastes(self.removals(), doses, self._core.panel.clock.utc_ms(), shift_min)

    def tasks(self) -> list[due.Task]:
        """What is due for the patient chosen (F2)."""
        visit, view = self._core.visit, self._core.view
        if visit.patient is None:
            return []
        orders = view.directory.get("orders", {}).values()
        now_min = self._core.panel.clock.utc_ms() // MINUTE_MS
        taken = record.last_taken(self.removals())
        return due.tasks(orders, visit.patient.patient, now_min, lists.policy(view), taken)

    # choosing

    def choose_patient(self, patient: lists.Patient | None) -> None:
        """Next: the item; without a patient only supplies."""
        self._core.visit.patient = patient
        self._core.go(ITEMS, "remove")

    def choose_task(self, task: due.Task) -> None:
        """Next: the quantity, the order's dose entered already."""
        item = lists.item(self._core.view, task.item)
        if item:
            self.choose_item(item, task)

    def choose_item(self, item: lists.Item, task: due.Task | None = None, code: str | None = None) -> None:
        """Next: the quantity; the order is the most urgent one for this item."""
        visit = self._core.visit
        task = task or due.active_for(self.tasks(), item.item)
        known = task if task and task.state != due.WAITING else None
        visit.item, visit.order = item, known.order if known else ""
        self._core.go(QUANTITY, "remove")
        visit.code = code
        visit.prefill(lists.units(known.dose, item.scale) if known else "")

    def choose_kit(self, kit: str) -> None:
        """The lines of a kit into the cart, in one touch (F15)."""
        visit, view, missing = self._core.visit, self._core.view, []
        for wanted, quantity in lists.kits(view).get(kit, []):
            item = lists.item(view, wanted)
            if item:
                visit.cart.append(Line(item, quantity, self._patient(), "", None, kit))
            else:
                missing.append(lists.name_of(view, wanted))
        self._core.go(CART)
        if missing:
            self._core.say(f"Not in this cabinet: {', '.join(missing)}. Get it elsewhere.", False)

    # the cart

    async def release(self) -> None:
        """What is chosen, at once; its drawer then shows by itself."""
        line = self._line()
        if line:
            await self._open(line, lambda _: None)

    def add(self) -> None:
        """What is chosen into the cart, and on to the next item."""
        line = self._line()
        if line:
            self._core.visit.cart.append(line)
            self._core.go(ITEMS)

    async def open_next(self) -> None:
        """The next of the cart: one access each (F14)."""
        cart = self._core.visit.cart
        if cart:
            await self._open(cart[0], lambda _: cart.pop(0) and None)

    def drop(self, line: Line) -> None:
        """Take a line out of the cart."""
        visit = self._core.visit
        visit.cart = [kept for kept in visit.cart if kept is not line]
        self._core.go(CART if visit.cart else ITEMS)

    async def _open(self, line: Line, done: Any) -> None:
        args, self._core.visit.taken_for = line.args(), line.patient
        if self._core.visit.code:
            args["code"] = self._core.visit.code
        await self._core.request("remove", args, done)

    def _patient(self) -> str:
        patient = self._core.visit.patient
        return patient.patient if patient else ""

    def _line(self) -> Line | None:
        visit = self._core.visit
        quantity = self.quantity()
        if visit.item is None or quantity is None:
            return None
        try:
            given = visit.given_at.strip()
            at = nearest_utc_ms(given, self._core.panel.clock.utc_ms()) if given else None
        except ValueError as error:
            self._core.say(str(error), False)
            return None
        return Line(visit.item, quantity, self._patient(), visit.order, at)

    def quantity(self) -> int | None:
        """What was entered in smallest units; None, and told, if it cannot be."""
        visit = self._core.visit
        if visit.item is None or not visit.digits:
            self._core.say("Enter a quantity first.", False)
            return None
        quantity = lists.smallest(visit.digits, visit.item.scale)
        if not quantity:
            self._core.say(f"{visit.digits} is not possible here: enter a number above zero.", False)
        return quantity or None

    # what comes back

    def choose_removal(self, removal: record.Removal, purpose: str, quantity: int | None = None) -> None:
        """Return or waste from a removal; next: the quantity, what is still out entered already."""
        visit, view = self._core.visit, self._core.view
        visit.removal, visit.item = removal, lists.item(view, removal.item)
        self._core.go(QUANTITY, purpose)
        scale = lists.scale_of(view, removal.item)
        visit.prefill(lists.units(removal.open if quantity is None else quantity, scale))

    async def give_back(self, to: int) -> None:
        """Into the return bin, or back to the pocket (F10)."""
        args = self._of_removal()
        if args:
            code = {"code": self._core.visit.code} if self._core.visit.code else {}
            await self._core.request("return", args | {"to": to} | code)

    async def waste(self, reason: int) -> None:
        """Record a waste; the firmware asks for the witness (U13)."""
        args = self._of_removal()
        if args:
            await self._core.request("waste", args | {"reason": reason}, partial(self._wasted, self._core.visit.item))

    def _wasted(self, _item: lists.Item | None, outcome: Outcome) -> None:
        if outcome.code == codes.NONE:
            self._core.go(REMOVALS, "remove")
            self._core.say("Waste recorded.")

    def _of_removal(self) -> dict[str, Any]:
        removal, quantity = self._core.visit.removal, self.quantity()
        if removal is None or quantity is None:
            return {}
        of_order = {"patient": removal.patient, "order": removal.order, "item": removal.item}
        return of_order | {"quantity": quantity, "removed_txn": removal.txn}

    def after(self) -> str:
        """Where a removal leads when its drawer is shut."""
        visit = self._core.visit
        if visit.cart:
            return CART
        return ITEMS if visit.patient else PATIENTS
