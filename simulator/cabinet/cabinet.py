"""A cabinet as physics: solenoids, latches, switches, pockets with what is truly in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.cabinet.expander import Expander

LOCKS, SWITCHES, LATCHES, LIGHT = 0x20, 0x21, 0x22, 0x23
INT_LINE = 1
DRAWERS = 16


class Stuck(Exception):
    """The drawer or pocket cannot do that now (the message says why)."""


@dataclass
class Drawer:
    closed: bool = True
    latched: bool = True
    jammed: bool = False


def drawer_of(place: str) -> int:
    """The drawer of a place such as `D03-P07`."""
    return int(place[1:3])


class Cabinet:
    """Expanders, drawers and pockets. `on_int(level)` is called when the INT line (active low) changes."""

    def __init__(self, contents: Mapping[str, int]) -> None:
        self.contents = dict(contents)
        self.drawers = {number: Drawer() for number in range(1, DRAWERS + 1)}
        self.on_int: Callable[[int], None] = lambda level: None
        self.lines: dict[int, int] = {}
        self._int = 1
        self.devices = {address: Expander() for address in (LOCKS, SWITCHES, LATCHES, LIGHT)}
        self.devices[LOCKS].on_output = self._solenoids_moved
        self._sense()

    def power_on(self) -> None:
        """Every output at its safe value: locks off, light dark."""
        self.lines.clear()
        for device in self.devices.values():
            device.power_on()
        self._sense()

    def touch_bus(self) -> None:
        """To be called after an I2C transfer: reading may have ended an interrupt."""
        self._update_int()

    @property
    def lit(self) -> tuple[int, int]:
        """(drawer, pocket) shown by the light, (0, 0) when dark."""
        outputs = self.devices[LIGHT].outputs
        return outputs & 0xFF, outputs >> 8

    def energised(self, drawer: int) -> bool:
        return bool(self.devices[LOCKS].outputs >> (drawer - 1) & 1)

    def pull(self, drawer: int, force: bool = False) -> None:
        """Open a drawer that is unlatched, or tear it open; raises Stuck if it holds."""
        body = self.drawers[drawer]
        if body.closed and body.latched and not force:
            raise Stuck(f"drawer {drawer} is latched")
        body.closed = body.latched = False
        self._sense()

    def push(self, drawer: int) -> None:
        """Close a drawer; it latches unless its solenoid still holds the latch."""
        body = self.drawers[drawer]
        body.closed = True
        body.latched = not self.energised(drawer)
        self._sense()

    def jam(self, drawer: int, jammed: bool = True) -> None:
        """Block the latch of a drawer, or free it."""
        self.drawers[drawer].jammed = jammed
        self._solenoids_moved()

    def take(self, place: str, quantity: int) -> None:
        """Take from an open drawer's pocket (smallest units)."""
        if self.contents[place] < quantity:
            raise Stuck(f"{place} holds {self.contents[place]}, not {quantity}")
        self.put(place, -quantity)

    def put(self, place: str, quantity: int) -> None:
        """Put into an open drawer's pocket (smallest units)."""
        if self.drawers[drawer_of(place)].closed:
            raise Stuck(f"drawer of {place} is closed")
        self.contents[place] += quantity

    def _solenoids_moved(self) -> None:
        for number, body in self.drawers.items():
            if body.closed and not body.jammed:
                body.latched = not self.energised(number)
        self._sense()

    def _sense(self) -> None:
        closed = sum(body.closed << (number - 1) for number, body in self.drawers.items())
        latched = sum(body.latched << (number - 1) for number, body in self.drawers.items())
        self.devices[SWITCHES].drive(closed)
        self.devices[LATCHES].drive(latched)
        self._update_int()

    def _update_int(self) -> None:
        level = 0 if self.devices[SWITCHES].interrupting or self.devices[LATCHES].interrupting else 1
        if level != self._int:
            self._int = level
            self.on_int(level)
