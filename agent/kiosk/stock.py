"""What the pharmacy does with the pockets: refill, load, unload, outdates, counts, the bin, failure and recovery."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from agent import barcodes
from agent.kiosk import lists
from agent.kiosk.core import Core
from agent.kiosk.visit import PLACES, QUANTITY, RESTOCK
from agent.panel import Outcome
from firmware.wire import messages

FAIL_REASONS = {1: "Person", 2: "Lock", 3: "Lid", 4: "Sensors"}


@dataclass(frozen=True)
class Task:
    """A task at pockets: its request, who may, and which pockets it is about, in the order to see to them."""

    title: str
    role: int
    shows: Callable[[lists.Pocket], bool]
    first: Callable[[lists.Pocket], Any]


def _by_place(row: lists.Pocket) -> str:
    return row.place


TASKS: dict[str, Task] = {
    "load": Task("Load a pocket", messages.ROLE_LOAD, lambda row: row.state == lists.NOT_LOADED, _by_place),
    "unload": Task("Unload a pocket", messages.ROLE_LOAD, lambda row: row.state != lists.NOT_LOADED, _by_place),
    "outdate": Task(
        "Take out what expires",
        messages.ROLE_OUTDATE,
        lambda row: row.expiry_min > 0,
        lambda row: (row.expiry_min, row.place),
    ),
    "count": Task("Count a pocket", messages.ROLE_COUNT, lambda _: True, _by_place),
    "fail": Task("Mark a pocket as failed", messages.ROLE_RECOVER, lambda row: row.state != lists.FAILED, _by_place),
}


class Stock:
    """Lists of pockets, each with what is to be done there."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def tasks(self) -> dict[str, str]:
        """Tasks this user may do, with their titles."""
        return {name: task.title for name, task in TASKS.items() if self._core.may(task.role)}

    def pockets(self, typed: str = "") -> list[lists.Pocket]:
        """The pockets of the task chosen whose place or item has what was typed; what must be counted comes first."""
        task, view = TASKS[self._core.visit.purpose], self._core.view
        must = set(view.state["must_count"]) if self._core.visit.purpose == "count" else set()
        rows = [row for row in lists.pockets(view) if task.shows(row) and lists.is_about(view, row, typed)]
        return sorted(rows, key=lambda row: (row.place not in must, task.first(row)))

    def bins(self) -> list[str]:
        """Return bins with something in them."""
        return sorted({row[0] for row in self._core.view.bins})

    def failed(self) -> list[str]:
        """Drawers and pockets that are marked as failed."""
        return [str(place) for place in self._core.view.state["failed"]]

    def choose(self, task: str) -> None:
        """Next: the pocket."""
        self._core.go(PLACES, task)

    async def at(self, place: str, reason: int = 1) -> None:
        """Do the task chosen at a pocket."""
        visit = self._core.visit
        if visit.purpose == "load":
            row = self._core.view.inventory.get(place)
            visit.place, visit.item = place, lists.item(self._core.view, row[1]) if row else None
            return self._core.go(QUANTITY)
        args: dict[str, Any] = {"place": place}
        if visit.purpose == "fail":
            return await self._core.request("fail", args | {"reason": reason}, self._failed)
        return await self._core.request(visit.purpose, args)

    async def empty_bin(self, place: str) -> None:
        """Open a return bin to empty it; the firmware asks for the witness (F11)."""
        self._core.visit.purpose = "empty_bin"
        await self._core.request("empty_bin", {"place": place})

    async def recover(self, place: str) -> None:
        """Bring a failed drawer or pocket back, with a witness and a count (F31)."""
        self._core.visit.purpose = "recover"
        await self._core.request("recover", {"place": place})

    def _failed(self, _outcome: Outcome) -> None:
        self._core.say("Marked as failed. Nothing opens there until it is recovered.")

    # refill and load

    def choose_item(self, item: lists.Item, package: barcodes.Package | None = None) -> None:
        """Next: how many, with lot and expiry as the package says (F22)."""
        visit = self._core.visit
        visit.item = item
        self._core.go(QUANTITY, "refill")
        if package:
            self.take_package(package)

    def take_package(self, package: barcodes.Package) -> None:
        """Lot, expiry and code of a scanned package into the form."""
        visit = self._core.visit
        visit.code, visit.lot = package.code, package.lot or visit.lot
        if package.expiry_min:
            visit.expiry = barcodes.day_of(package.expiry_min)
        self._core.say("Package read.")

    async def put_in(self, quantity: int | None) -> None:
        """Refill the item, or load the pocket, that was chosen."""
        visit = self._core.visit
        if visit.item is None or quantity is None:
            return
        try:
            expiry = expiry_min(visit.expiry)
        except ValueError:
            return self._core.say(f"{visit.expiry} is no date. Enter it as 2027-12-31, or leave it empty.", False)
        what = {"place": visit.place} if visit.purpose == "load" else {"item": visit.item.item}
        layer = {"lot": visit.lot.strip() or None, "expiry": expiry, "code": visit.code}
        await self._core.request(visit.purpose, what | {"quantity": quantity} | layer)

    def after(self) -> str:
        """Where a task at a pocket leads when its drawer is shut."""
        if self._core.visit.purpose == "refill":
            return RESTOCK
        return PLACES if self._core.visit.purpose in TASKS else "stock"


def expiry_min(text: str) -> int | None:
    """Minutes since 1970 at the end of the day entered (`2027-12-31`); None for nothing. ValueError if it is none."""
    text = text.strip()
    return barcodes.end_of_day_min(date.fromisoformat(text)) if text else None
