"""Reading the controller's inventory, part by part until it is whole; a lost part is asked for again."""

from typing import Any

from agent.actions import Action, Inventory, Send
from firmware.wire import cbor, messages

ROWS = 4096


class InventoryReader:
    """One reading at a time; sans-I/O as all of the link."""

    def __init__(self, retry_s: float) -> None:
        self._retry_s = retry_s
        self._rows: list[list[Any]] | None = None
        self.deadline: float | None = None

    def start(self, now: float) -> list[Action]:
        """Read all from the first row on."""
        self._rows = []
        return self._ask(now)

    def close(self) -> None:
        """The port is gone."""
        self.deadline = None

    def part(self, start: int, total: int, rows: list[list[Any]], now: float) -> list[Action]:
        """One part has come. ValueError if more rows are promised than any cabinet has."""
        if total > ROWS:
            raise ValueError(f"an inventory of {total} rows")
        if self._rows is None or start != len(self._rows):
            return []
        self._rows += rows
        if rows and len(self._rows) < total:
            return self._ask(now)
        done, self._rows, self.deadline = self._rows, None, None
        return [Inventory(done)]

    def tick(self, now: float) -> list[Action]:
        """Ask again if a part has not come in time."""
        return self._ask(now) if self.deadline is not None and now >= self.deadline else []

    def _ask(self, now: float) -> list[Action]:
        self.deadline = now + self._retry_s
        return [Send(cbor.encode([messages.GET_INVENTORY, len(self._rows or ())]))]
