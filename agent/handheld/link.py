"""The unit's end of the line: one terminal for the pharmacy's cradles, another while it is linked to a station, so that
no station is sent what is for the pharmacy."""

from collections.abc import Callable
from typing import Any

from firmware.cradle.ear import Ear
from firmware.cradle.terminal import STATION, Terminal

MinutesSeconds = Callable[[], tuple[int, int]]
Block = Callable[[], int]


class Link:
    """`draw_block`: a block number not used lately. Actions and events are those of firmware/cradle/terminal.py."""

    def __init__(self, address: str | None, minutes_seconds: MinutesSeconds, draw_block: Block) -> None:
        self._minutes_seconds, self._draw_block = minutes_seconds, draw_block
        self._cradle = Terminal(address, minutes_seconds, first_block=draw_block())
        self._station: Terminal | None = None
        self._ear = Ear(self._cradle)
        self._plugged = True
        self._left: list[tuple[Any, ...]] = []

    @property
    def at_station(self) -> bool:
        """Is the unit linked to a station?"""
        return self._station is not None

    @property
    def _terminal(self) -> Any:
        return self._station or self._cradle

    def queue(self, flag: str, data: bytes) -> bool:
        """For the pharmacy; False if too much waits."""
        return bool(self._cradle.queue(flag, data))

    def queue_at_station(self, data: bytes) -> bool:
        """A D block for the station that the unit is linked to; False if too much waits or there is none."""
        return self._station is not None and bool(self._station.queue("D", data))

    def to_station(self, now_ms: int) -> None:
        """The unit's user links it to a station."""
        self._cradle.taken_out(now_ms)
        self._left += self._cradle.actions()
        self._station = Terminal(
            self._cradle.address, self._minutes_seconds, port=STATION, first_block=self._draw_block()
        )
        self._take_up(now_ms)

    def to_cradle(self, now_ms: int) -> None:
        """Back from a station; what waited for it is dropped."""
        if self._station is None:
            return
        self._station.taken_out(now_ms)
        self._left += self._station.actions()
        self._station = None
        self._take_up(now_ms)

    def _take_up(self, now_ms: int) -> None:
        self._ear = Ear(self._terminal)
        self.plug(self._plugged, now_ms)

    def plug(self, plugged: bool, now_ms: int) -> None:
        """The unit is put on a line or taken off it."""
        self._plugged = plugged
        if plugged:
            self._terminal.cradled(now_ms)
        else:
            self._terminal.taken_out(now_ms)

    def granted(self, now_ms: int) -> None:
        """The line is this unit's."""
        self._terminal.granted(now_ms)

    def heard(self, data: bytes, now_ms: int) -> None:
        """Bytes came on the line."""
        self._ear.heard(data, now_ms)

    def tick(self, now_ms: int) -> None:
        """Time has passed."""
        self._ear.tick(now_ms)

    def deadline(self) -> int | None:
        """When tick() is due."""
        due: int | None = self._ear.deadline()
        return due

    def clear(self) -> None:
        """Give up the address (P56); ValueError while something waits."""
        self._cradle.clear()

    def events(self) -> list[tuple[Any, ...]]:
        """What came since, in order."""
        taken = list(self._terminal.events)
        self._terminal.events.clear()
        return taken

    def actions(self) -> list[tuple[Any, ...]]:
        """What is to be done since, in order."""
        taken: list[tuple[Any, ...]] = self._left + self._terminal.actions()
        self._left = []
        return taken
