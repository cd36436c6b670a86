"""At an open drawer: what is counted, taken, put in and confirmed there."""

from functools import partial
from typing import Any

from agent.kiosk import lists
from agent.kiosk.core import Core
from agent.panel import Outcome
from firmware import codes
from firmware.journal import kinds
from firmware.order import COUNT_BLIND

_BEFORE_MOVING = (kinds.PURPOSE_REMOVE, kinds.PURPOSE_RETURN, kinds.PURPOSE_REFILL)
# what is confirmed is what was found: nothing is assumed
_FOUND = (kinds.PURPOSE_COUNT, kinds.PURPOSE_UNLOAD, kinds.PURPOSE_RECOVER, kinds.PURPOSE_EMPTY_BIN)


class Drawer:
    """The controller's open transaction, as the screen shows it and confirms it."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def purpose(self) -> int:
        """What the drawer is open for."""
        return int(self._core.view.state["purpose"] or 0)

    @property
    def is_bin(self) -> bool:
        """Whether a whole return bin is open, counted item by item."""
        return self.purpose in (kinds.PURPOSE_EMPTY_BIN, kinds.PURPOSE_RECOVER) and not self._core.view.state["item"]

    @property
    def is_count(self) -> bool:
        """Whether what is confirmed is what was found there."""
        return self.purpose in _FOUND

    @property
    def must_enter(self) -> bool:
        """Whether a quantity has to be entered: what was asked for is no answer, or would tell of a blind pocket."""
        item = self._core.view.state["item"]
        hidden = not self.asked() or lists.is_blind(self._core.view, item)
        return self.is_count or (self.purpose == kinds.PURPOSE_OUTDATE and hidden)

    @property
    def counts_first(self) -> bool:
        """Whether the pocket is counted before anything moves (F8)."""
        return self.purpose in _BEFORE_MOVING and bool(self._core.view.state["count_mode"])

    @property
    def needs_label(self) -> bool:
        """Whether the label of the pocket has to be scanned."""
        return bool(self._core.view.state["label_needed"]) and self._core.visit.label is None

    def expected(self) -> int | None:
        """What should be in the pocket, where the count is to be verified; None where it is blind."""
        state = self._core.view.state
        row = self._core.view.inventory.get(state["place"])
        if row is None or state["count_mode"] == COUNT_BLIND or lists.is_blind(self._core.view, state["item"]):
            return None
        return int(row[2])

    def entered(self) -> None:
        """The drawer has just been released: the first thing to enter."""
        visit = self._core.visit
        visit.clear()
        if self.counts_first:
            visit.active = "counted"

    def scale(self) -> int:
        """Smallest units in one of the item in the drawer."""
        return lists.scale_of(self._core.view, self._core.view.state["item"])

    def asked(self) -> int:
        """The quantity asked for, in smallest units."""
        return int(self._core.view.state["quantity"] or 0)

    async def confirm(self, two: bool = False) -> None:
        """What was taken, put in or found; `two`: with a second person who counts as well (F43)."""
        args = self._args()
        if args is None:
            return
        # with the answer the drawer may be done with already
        confirmed = partial(self._confirmed, self._core.view.state["item"])
        if two:
            self._core.ask_witness("confirm", args, confirmed)
        else:
            await self._core.request("confirm", args, confirmed)

    def _args(self) -> dict[str, Any] | None:
        visit, scale = self._core.visit, self.scale()
        if self.must_enter and not visit.digits:
            return self._refuse("Enter what you counted first.")
        if self.counts_first and not visit.counted:
            visit.active = "counted"
            return self._refuse("Count what is in the pocket first, and enter it.")
        quantity = lists.smallest(visit.digits, scale) if visit.digits else self.asked()
        counted = lists.smallest(visit.counted, scale) if visit.counted else None
        if quantity is None or (visit.counted and counted is None):
            return self._refuse("This quantity is not possible here. Enter it again.")
        more = {"counted": counted, "label": visit.label}
        return {"quantity": quantity} | {key: value for key, value in more.items() if value is not None}

    def _refuse(self, message: str) -> dict[str, Any] | None:
        self._core.say(message, False)
        return None

    def _confirmed(self, item: str | None, outcome: Outcome) -> None:
        after = outcome.params[2]
        self._core.visit.clear()
        if after is None or lists.is_blind(self._core.view, item):
            self._core.say("Recorded.")
        else:
            self._core.say(
                f"Recorded. {lists.units(int(after), lists.scale_of(self._core.view, item))} now in the pocket."
            )

    # the return bin

    def in_bin(self) -> list[str]:
        """Items that lie in the bin that is open."""
        return lists.bin_items(self._core.view, str(self._core.view.state["place"]))

    async def confirm_bin(self) -> None:
        """What was found in the bin, item by item (F11)."""
        visit, view = self._core.visit, self._core.view
        counted = [[i, lists.smallest(visit.bin_counts.get(i, ""), lists.scale_of(view, i))] for i in self.in_bin()]
        missing = [item for item, quantity in counted if quantity is None]
        if missing:
            return self._core.say(f"Enter how many of {lists.name_of(view, str(missing[0]))} you found.", False)
        return await self._core.request("confirm_bin", {"counted": counted}, self._emptied)

    def _emptied(self, _outcome: Outcome) -> None:
        self._core.visit.clear()
        self._core.say("Recorded: the bin is empty.")

    async def cancel(self) -> None:
        """Give up what is open: nothing moved (F13)."""
        visit = self._core.visit
        outcome = await self._core.ask("cancel", {})
        if outcome.code == codes.NONE and visit is self._core.visit:
            self._core.say("Cancelled. Close the drawer if it is open.")
