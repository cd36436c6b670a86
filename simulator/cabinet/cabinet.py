"""A cabinet as physics: solenoids, latches, switches, pockets with what is truly in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from firmware.storage import types
from simulator.cabinet.atecc608 import Atecc608
from simulator.cabinet.chips import Ds3231, Max17048, Strips, Tmp117
from simulator.cabinet.expander import Expander

LOCKS, SWITCHES, LATCHES, LIGHT = 0x20, 0x21, 0x22, 0x23
GAUGE, ELEMENT, STRIPS, CLOCK_CHIP = 0x36, 0x35, 0x60, 0x68
INT_LINE, BUZZER_LINE, HOLD_LINE, TAMPER_LINE, MAINS_LINE, SERVICE_LINE = 1, 2, 3, 4, 5, 6
DRAWERS = 16
IDLE_INPUTS = 0xFFFF
Device = Expander | Tmp117 | Max17048 | Ds3231 | Strips | Atecc608


class Stuck(Exception):
    """The drawer or pocket cannot do that now (the message says why)."""


@dataclass
class Drawer:
    closed: bool = True
    latched: bool = True
    jammed: bool = False


class Wiring(NamedTuple):
    """What is inside a drawer, as in controller.cbor (docs/interfaces.md)."""

    drawer: int
    type: int
    outputs: int
    inputs: int
    first_bit: int


def wiring_of(rows: Sequence[Sequence[int]]) -> tuple[Wiring, ...]:
    """Of the `drawers` of controller.cbor, those that have something inside."""
    return tuple(Wiring(row[0], *row[4:8]) for row in rows if len(row) > 4 and any(row[5:7]))


def bin_wiring(drawer: int) -> Wiring:
    """A return bin in a drawer, its flap on the first pair of expanders inside (hardware/boards/linux-bus.toml)."""
    return Wiring(drawer, types.BIN, 0x24, 0x25, 0)


def pocket_of(place: str) -> int:
    """The pocket of a place such as `D03-P07`, or of an item in a return bin, `D16-P01:ITEM`."""
    return int(place[5:].partition(":")[0])


def drawer_of(place: str) -> int:
    """The drawer of a place such as `D03-P07`."""
    return int(place[1:3])


class Cabinet:
    """Chips, drawers and pockets. `on_line(line, level)` is called when an input line changes (INT is active low).

    `wiring` is what is inside drawers; `now_ms()` the time for the clock chip.
    """

    def __init__(
        self, contents: Mapping[str, int], wiring: Sequence[Wiring] = (), now_ms: Callable[[], int] = lambda: 0
    ) -> None:
        self.contents = dict(contents)
        self.drawers = {number: Drawer() for number in range(1, DRAWERS + 1)}
        self.inside = {w.drawer: w for w in wiring}
        self.open_lids: set[tuple[int, int]] = set()
        self.jammed_lids: set[tuple[int, int]] = set()
        self.on_line: Callable[[int, int], None] = lambda line, level: None
        self.lines: dict[int, int] = {}
        self.inputs = {INT_LINE: 1, TAMPER_LINE: 0, MAINS_LINE: 1, SERVICE_LINE: 1}
        self.expanders = {address: Expander() for address in (LOCKS, SWITCHES, LATCHES, LIGHT)}
        self.thermometers = {w.drawer: Tmp117() for w in wiring if w.type == types.FRIDGE}
        self.gauge, self.strips, self.clock_chip = Max17048(), Strips(), Ds3231(now_ms)
        self.element = Atecc608()
        self._held = dict.fromkeys((w.inputs for w in wiring if w.type != types.FRIDGE), IDLE_INPUTS)
        for address in {w.outputs for w in wiring} | set(self._held):
            if address:
                self.expanders[address] = Expander()
        self.devices: dict[int, Device] = {
            GAUGE: self.gauge, ELEMENT: self.element, STRIPS: self.strips, CLOCK_CHIP: self.clock_chip,
            **self.expanders, **{self.inside[drawer].inputs: chip for drawer, chip in self.thermometers.items()},
        }  # fmt: skip
        self.expanders[LOCKS].on_output = self._solenoids_moved
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
        outputs = self.expanders[LIGHT].outputs
        return outputs & 0xFF, outputs >> 8

    def energised(self, drawer: int) -> bool:
        return bool(self.expanders[LOCKS].outputs >> (drawer - 1) & 1)

    def pull(self, drawer: int, force: bool = False) -> None:
        """Open a drawer that is unlatched, or tear it open; raises Stuck if it holds."""
        body = self.drawers[drawer]
        if body.closed and body.latched and not force:
            raise Stuck(f"drawer {drawer} is latched")
        body.closed = body.latched = False
        self._sense()

    def push(self, drawer: int) -> None:
        """Close a drawer; it latches unless its solenoid still holds the latch. Lids inside stay as they are."""
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
        if not self.reachable(place):
            raise Stuck(f"{place} can not be reached")
        self.contents[place] += quantity

    def lift(self, place: str, force: bool = False) -> None:
        """Open the lid over a pocket, or the return bin's flap, while its solenoid is on; or tear it open."""
        key = drawer_of(place), pocket_of(place)
        if self._type(key[0]) == types.LIDDED and self.drawers[key[0]].closed:
            raise Stuck(f"drawer of {place} is closed")
        if not force and (key in self.jammed_lids or not self.driven(place)):
            raise Stuck(f"the lid of {place} is locked")
        self.open_lids.add(key)
        self._hold(place, 0, False)

    def lower(self, place: str) -> None:
        """Shut the lid over a pocket."""
        self.open_lids.discard((drawer_of(place), pocket_of(place)))
        self._hold(place, 0, True)

    def press(self, place: str, put: bool = False, down: bool = True) -> None:
        """Press the take (or put) button beside a shelf's place, or let it go."""
        self._hold(place, (pocket_of(place) - 1) + put, not down)

    def fall(self, place: str, begins: bool = True) -> None:
        """A dose passes a coil's light barrier, or a front a dose's notch, while the motor is on; or it has passed."""
        if begins and not self.driven(place):
            raise Stuck(f"nothing turns at {place}")
        self._hold(place, 0, not begins)

    def driven(self, place: str) -> bool:
        """The solenoid or motor of this pocket is on."""
        wiring = self.inside[drawer_of(place)]
        return bool(self.expanders[wiring.outputs].outputs >> (wiring.first_bit + pocket_of(place) - 1) & 1)

    def case(self, is_open: bool) -> None:
        """Open the case, or shut it."""
        self._drive_line(TAMPER_LINE, int(is_open))

    def mains(self, there: bool) -> None:
        """Mains power goes, or comes back; the controller runs on from the battery."""
        self._drive_line(MAINS_LINE, int(there))

    def service_key(self, turned: bool) -> None:
        """Turn the service key, or turn it back; turned it pulls its line down."""
        self._drive_line(SERVICE_LINE, int(not turned))

    def _type(self, drawer: int) -> int:
        return self.inside[drawer].type if drawer in self.inside else types.MATRIX

    def reachable(self, place: str) -> bool:
        """A hand gets to this pocket now."""
        drawer, pocket = drawer_of(place), pocket_of(place)
        if self._type(drawer) == types.BIN and (drawer, 1) in self.open_lids:
            return True
        shut_in = self._type(drawer) == types.LIDDED and (drawer, pocket) not in self.open_lids
        return not self.drawers[drawer].closed and not shut_in

    def _hold(self, place: str, offset: int, high: bool) -> None:
        """Level of the input at `offset` after that of the pocket; at rest it is high."""
        wiring = self.inside[drawer_of(place)]
        bit = 1 << (wiring.first_bit + pocket_of(place) - 1 + offset)
        self._held[wiring.inputs] = self._held[wiring.inputs] | bit if high else self._held[wiring.inputs] & ~bit
        self._sense()

    def _solenoids_moved(self) -> None:
        """A bolt goes back under full voltage only; what has pulled in stays so under the holding voltage."""
        weak = bool(self.lines.get(HOLD_LINE))
        for number, body in self.drawers.items():
            if body.closed and not body.jammed and not (weak and body.latched):
                body.latched = not self.energised(number)
        self._sense()

    def _sense(self) -> None:
        closed = sum(body.closed << (number - 1) for number, body in self.drawers.items())
        latched = sum(body.latched << (number - 1) for number, body in self.drawers.items())
        self.expanders[SWITCHES].drive(closed)
        self.expanders[LATCHES].drive(latched)
        for address, levels in self._held.items():
            self.expanders[address].drive(levels)
        self._update_int()

    def _update_int(self) -> None:
        sensing = (SWITCHES, LATCHES, *self._held)
        self._drive_line(INT_LINE, 0 if any(self.expanders[address].interrupting for address in sensing) else 1)

    def _drive_line(self, line: int, level: int) -> None:
        if level != self.inputs[line]:
            self.inputs[line] = level
            self.on_line(line, level)
