"""Where the person at the kiosk is, step by step. No page code here: the page draws `step` and calls these methods.

The controller owns the session: its STATE moves the flow to the drawer and back, also after a reload of the page.
"""

from collections.abc import Callable, Iterable

from agent import words
from agent.kiosk import lists
from agent.kiosk.daytime import nearest_utc_ms
from agent.panel import Outcome, Panel
from firmware import codes
from firmware.journal import kinds
from firmware.wire import messages

SIGN_ON, PATIENTS, ITEMS, REMOVALS, COUNTS, QUANTITY, DRAWER = (
    "sign_on", "patients", "items", "removals", "counts", "quantity", "drawer",
)  # fmt: skip

PIN_DIGITS = 12
QUANTITY_DIGITS = 6


class Flow:
    """One screen's flow; `changed` is called when it has to be drawn anew."""

    def __init__(self, panel: Panel, newest_removals: Callable[[], Iterable[bytes]]) -> None:
        self._panel = panel
        self._newest_removals = newest_removals
        self.changed: Callable[[], None] = lambda: None
        self.message, self.good = "", True
        self.busy = False
        self.badge = ""
        self.roles = 31
        self.start_over(SIGN_ON)

    def start_over(self, step: str) -> None:
        """Forget what was chosen."""
        self.step = step
        self.pin, self.digits, self.search, self.given_at = "", "", "", ""
        self.purpose = "remove"
        self.patient: lists.Patient | None = None
        self.item: lists.Item | None = None
        self.removal: lists.Removal | None = None

    @property
    def signature(self) -> tuple[object, ...]:
        """Changes exactly when the page has to be drawn anew."""
        state = self._panel.view.state
        drawn = (state["phase"], state["user"], state["place"], state["quantity"], state["last"]["txn"])
        view, item = self._panel.view, self.item
        told = (tuple(lists.alerts(view)), tuple(lists.par_changes(view, item.item)) if item else ())
        return (self.step, self.message, self.purpose, drawn, told)

    def follow(self) -> None:
        """The controller's state changed: go where it is."""
        phase = self._panel.view.state["phase"]
        if phase == messages.IDLE and self.step != SIGN_ON:
            self.start_over(SIGN_ON)
            self.badge = ""
        elif phase == messages.SIGNED_ON and self.step in (SIGN_ON, DRAWER):
            patient = self.patient if self.step == DRAWER and self.purpose == "remove" else None
            self.start_over(ITEMS if patient else PATIENTS)
            self.patient = patient
        elif phase >= messages.RELEASED and self.step != DRAWER:
            self.step, self.digits = DRAWER, ""
        self.changed()

    def go(self, step: str, purpose: str = "remove") -> None:
        """Show another list."""
        self.step, self.purpose = step, purpose
        self.message, self.digits, self.search, self.given_at = "", "", "", ""
        self.changed()

    def press(self, key: str) -> None:
        """A key of the number pad: a digit, or `back`.

        Nothing is drawn anew: the key that a fast finger touches next must still be there.
        """
        if self.step == SIGN_ON:
            self.pin = self.pin[:-1] if key == "back" else (self.pin + key)[:PIN_DIGITS]
        else:
            self.digits = self.digits[:-1] if key == "back" else (self.digits + key)[:QUANTITY_DIGITS]

    def choose_patient(self, patient: lists.Patient) -> None:
        """Next: the item."""
        self.patient = patient
        self.go(ITEMS)

    def choose_item(self, item: lists.Item) -> None:
        """Next: the quantity."""
        self.item = item
        self.go(QUANTITY, self.purpose)

    def choose_removal(self, removal: lists.Removal, purpose: str) -> None:
        """Return or waste from a removal; next: the quantity."""
        self.removal = removal
        view = self._panel.view
        self.item = next((i for i in lists.items(view) if i.item == removal.item), None)
        self.go(QUANTITY, purpose)

    def removals(self) -> list[lists.Removal]:
        """Removals of the one signed on."""
        view = self._panel.view
        return lists.removals(view, self._newest_removals(), view.state["user"])

    async def badge_read(self) -> None:
        """Enter in the badge field, as a scanner sends it: the PIN comes next, or is there already."""
        if self.pin:
            await self.sign_on()
        else:
            self._say("Badge read. Enter your PIN, then press Sign on.", True)

    async def sign_on(self) -> None:
        """Badge and PIN to the controller; a badge that was refused is forgotten, lest someone else goes on with it."""
        pin, self.pin = self.pin, ""
        outcome = await self._do("sign_on", {"badge": self.badge.strip(), "pin": pin})
        if outcome.code == codes.NONE:
            self.roles = int(outcome.params[1])
            self.start_over(PATIENTS)
            self._say("", True)
        else:
            self.badge = ""

    async def sign_off(self) -> None:
        """End the session."""
        await self._do("sign_off", {})

    async def release(self) -> None:
        """Ask the controller for what was chosen; its STATE then shows the drawer."""
        if self.item is None or not self.digits:
            return self._say("Enter a quantity first.", False)
        quantity = int(self.digits) * self.item.scale
        args: dict[str, object] = {"item": self.item.item, "quantity": quantity}
        if self.purpose == "remove" and self.patient:
            args["patient"] = self.patient.patient
            args["order"] = lists.order_for(self._panel.view, self.patient.patient, self.item.item)
            if self.given_at.strip():
                try:
                    args["administration_utc_ms"] = nearest_utc_ms(self.given_at, self._panel.clock.utc_ms())
                except ValueError as error:
                    return self._say(str(error), False)
        if self.purpose in ("return", "waste") and self.removal:
            args |= {"patient": self.removal.patient, "order": self.removal.order, "removed_txn": self.removal.txn}
        outcome = await self._do(self.purpose, args)
        if outcome.code == codes.NONE and self.purpose == "waste":
            self.go(REMOVALS, "remove")
            self._say("Waste recorded.", True)
        return None

    async def count(self, place: str) -> None:
        """Open a pocket to count it."""
        await self._do("count", {"place": place})

    async def confirm(self) -> None:
        """The quantity taken, put in or counted: what was entered, else what was asked."""
        view = self._panel.view
        state, scale = view.state, lists.scale_of(view, view.state["item"])
        is_count = state["purpose"] == kinds.PURPOSE_COUNT
        if is_count and not self.digits:
            return self._say("Enter what you counted first.", False)
        quantity = int(self.digits) * scale if self.digits else int(state["quantity"] or 0)
        outcome = await self._do("confirm", {"quantity": quantity})
        if outcome.code == codes.NONE:
            left = lists.units(int(outcome.params[2]), scale)
            self.digits = ""
            self._say(f"Recorded. {left} now in the pocket.", True)
        return None

    async def cancel(self) -> None:
        """Give up what is open."""
        outcome = await self._do("cancel", {})
        if outcome.code == codes.NONE:
            self._say("Cancelled. Close the drawer if it is open.", True)

    async def _do(self, name: str, args: dict[str, object]) -> Outcome:
        self.busy, self.message = True, ""
        self.changed()
        try:
            outcome = await self._panel.do(name, args)
        finally:
            self.busy = False
        if outcome.code != codes.NONE:
            self._say(_explained(outcome), False)
        self.follow()
        return outcome

    def _say(self, message: str, good: bool) -> None:
        self.message, self.good = message, good
        self.changed()


def _explained(outcome: Outcome) -> str:
    text = words.of(outcome.code)
    if outcome.code == codes.NOT_ENOUGH and outcome.params:
        text += f" One pocket can give {outcome.params[0]}."
    return text
