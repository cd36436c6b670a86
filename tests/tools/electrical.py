"""Is a cabinet's wiring right? Each check gives its findings as sentences; none is a cabinet without a finding.

The figures come from `hardware/parts.toml`. What is checked is what a table can show: not timing, noise or heat.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from firmware.drivers import board as chips
from firmware.drivers import sensors
from server_stub.site import boards, planograms
from tests.tools.wiring import Cabinet, Wire, types

GPIO = {"pico2w": "GP", "esp32s3": "GPIO"}
# of a board's `pins`: what is no pin, and pins that stay unconnected
NUMBERS = ("i2c", "i2c_hz", "strip_spi", "flash_spi", "uart", "baud")
UNCONNECTED = ("strip_sck", "strip_miso")
BUSES = ("sda", "scl", "tx", "flash_sck", "flash_mosi")  # lines between two chips: idle levels do nothing
PULL_UP_OHMS = 100_000  # inside an expander
LOW = 0.2  # of the supply: surely a 0
CLOSE_V = 0.05

Findings = Iterator[str]


class Net:
    """A cabinet's wires by signal and by pin."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.cabinet = cabinet
        self.signals: dict[str, list[Wire]] = defaultdict(list)
        self.of: dict[str, set[str]] = defaultdict(set)  # pin -> its signals
        for wire in cabinet.wires:
            self.signals[wire.signal].append(wire)
            for pin in (wire.start, wire.end):
                self.of[pin].add(wire.signal)

    def told(self, pin: str) -> dict[str, Any]:
        """What `hardware/parts.toml` says of a pin; KeyError if the part has none such."""
        ref, name = pin.rsplit(".", 1)
        told: dict[str, Any] = types()[self.cabinet.parts[ref]]["pins"][name]
        return told

    def pins(self, signal: str) -> list[str]:
        """All pins of a signal."""
        return sorted({pin for wire in self.signals[signal] for pin in (wire.start, wire.end)})

    def volts(self, signal: str) -> float:
        """The voltage of a signal."""
        return self.signals[signal][0].volts

    def low_v(self, signal: str) -> float:
        """How low a supply is let fall."""
        return min(wire.volts if wire.low_v is None else wire.low_v for wire in self.signals[signal])

    def signal(self, pin: str) -> str:
        """The signal at a pin, "" without one."""
        return next(iter(self.of.get(pin, ())), "")

    def starts(self, signal: str) -> set[str]:
        """Pins that a wire of the signal starts from."""
        return {wire.start for wire in self.signals[signal]}

    @cached_property
    def resistors(self) -> list[tuple[str, str, str, float]]:
        """(reference, signal at A, signal at B, ohms)"""
        parts = [(ref, types()[kind].get("ohms")) for ref, kind in self.cabinet.parts.items()]
        return [(ref, self.signal(f"{ref}.A"), self.signal(f"{ref}.B"), ohms) for ref, ohms in parts if ohms]

    def pulls(self, signal: str) -> list[tuple[str, float]]:
        """(the signal at the other end, ohms) of each resistor at a signal."""
        return [
            (there, ohms)
            for _, a, b, ohms in self.resistors
            for here, there in ((a, b), (b, a))
            if here == signal and there
        ]


def pins_exist(net: Net) -> Findings:
    """Every connection ends at a pin that its part has."""
    for pin in net.of:
        try:
            net.told(pin)
        except KeyError:
            yield f"{pin}: there is no such part or pin"


def pins_used_once(net: Net) -> Findings:
    """A pin carries one signal, and a signal is in one piece at one voltage."""
    for pin, signals in net.of.items():
        if len(signals) > 1:
            yield f"{pin} is used twice: {', '.join(sorted(signals))}"
    for signal, wires in net.signals.items():
        if len({wire.volts for wire in wires}) > 1:
            yield f"{signal} has several voltages"
        if len(_pieces(wires)) > 1:
            yield f"{signal} is not in one piece: {'; '.join(sorted(min(piece) for piece in _pieces(wires)))}"


def _pieces(wires: Iterable[Wire]) -> list[set[str]]:
    pieces: list[set[str]] = []
    for wire in wires:
        here = {wire.start, wire.end}
        touching = [piece for piece in pieces if piece & here]
        pieces = [piece for piece in pieces if not piece & here] + [here.union(*touching)]
    return pieces


def nothing_floats(net: Net) -> Findings:
    """Supplies, grounds, and inputs without a pull of their own are connected."""
    for ref, kind in net.cabinet.parts.items():
        for name, told in types()[kind]["pins"].items():
            needed = told["is"] in ("feed", "ground", "load") or (told["is"] == "input" and "pull" not in told)
            if needed and not net.signal(f"{ref}.{name}"):
                yield f"{ref}.{name} is not connected"


def voltages(net: Net) -> Findings:
    """No pin sees more than it stands, supplies are in their range, and a 1 is a 1 to whoever reads it."""
    for signal in net.signals:
        volts = net.volts(signal)
        for pin in net.pins(signal):
            told = net.told(pin)
            if volts > told.get("max_v", volts):
                yield f"{pin} stands {told['max_v']} V, {signal} has {volts} V"
            if told["is"] == "feed" and net.low_v(signal) < told["min_v"]:
                yield f"{pin} needs {told['min_v']} V, {signal} has {net.low_v(signal)} V"
            if told["is"] == "source" and abs(told["volts"] - volts) > CLOSE_V:
                yield f"{pin} gives {told['volts']} V, {signal} is meant to have {volts} V"
            if told["is"] == "ground" and signal != "GND":
                yield f"{pin} is a ground, not {signal}"
            if told["is"] in ("input", "io") and pin not in net.starts(signal) and 0 < volts < told["need_v"]:
                yield f"{pin} takes {told['need_v']} V for a 1, {signal} has {volts} V"


def drivers(net: Net) -> Findings:
    """A signal has one driver that pushes, at its voltage; one that only pulls low has something that pulls up."""
    for signal in net.signals:
        pushing = [pin for pin in net.pins(signal) if _pushes(net, pin, signal)]
        levels = [net.told(pin).get("high_v", net.told(pin).get("volts")) for pin in pushing]
        if len(pushing) > 1 and signal not in ("sda", "scl"):
            yield f"{signal} is driven by {', '.join(pushing)}"
        if any(abs(level - net.volts(signal)) > CLOSE_V for level in levels):
            yield f"{signal} is meant to have {net.volts(signal)} V, {pushing[0]} gives {levels[0]} V"
        if not pushing and _only_sinks(net, signal) and not _goes_up(net, signal):
            yield f"{signal} is only pulled low"


def _pushes(net: Net, pin: str, signal: str) -> bool:
    kind = net.told(pin)["is"]
    return kind in ("source", "output") or (kind == "io" and pin in net.starts(signal))


def _only_sinks(net: Net, signal: str) -> bool:
    return any(net.told(pin)["is"] == "sink" for pin in net.pins(signal))


def _goes_up(net: Net, signal: str) -> bool:
    volts = net.volts(signal)
    if any(net.told(pin).get("pull") == "up" or net.told(pin)["is"] == "load" for pin in net.pins(signal)):
        return True
    if any(there != "GND" and abs(net.volts(there) - volts) <= CLOSE_V for there, _ in net.pulls(signal)):
        return True
    # an unused plug, or the supply through the part itself (a buzzer)
    loads = [pin.rsplit(".", 1)[0] for pin in net.pins(signal) if net.told(pin)["is"] == "contact"]
    return all(_is_fed(net, ref) or _is_plug(net, ref) for ref in loads)


def _is_fed(net: Net, ref: str) -> bool:
    return any(told["is"] == "feed" for told in types()[net.cabinet.parts[ref]]["pins"].values())


def _is_plug(net: Net, ref: str) -> bool:
    return net.cabinet.parts[ref].startswith("xh")


def currents(net: Net) -> Findings:
    """What a connection carries is within what both of its ends stand, and covers what its load takes."""
    for wire in net.cabinet.wires:
        for pin in (wire.start, wire.end):
            told = net.told(pin)
            if wire.max_ma > told.get("max_ma", wire.max_ma) and not (told["is"] == "io" and pin == wire.end):
                yield f"{pin} stands {told['max_ma']} mA, {wire.signal} carries {wire.max_ma} mA"
        takes = _takes(net.told(wire.end))
        if wire.max_ma < takes:
            yield f"{wire.end} takes {takes} mA, {wire.signal} carries {wire.max_ma} mA"


def _takes(told: dict[str, Any]) -> float:
    """What a pin takes at most, mA."""
    return float(told.get("peak_ma", told.get("ma", 0)))


def safe_levels(net: Net) -> Findings:
    """Every output that moves, lights or selects something has a pull to its safe level; one that both pulls of an
    input fight over ends surely low."""
    for signal, wires in net.signals.items():
        safe = {wire.safe for wire in wires} - {None}
        outputs = [pin for pin in net.starts(signal) if net.told(pin)["is"] in ("io", "output")]
        if not safe and signal not in BUSES and any(_off_when_reset(net, pin) for pin in outputs):
            yield f"{signal} has no safe level"
        if len(safe) > 1 or (safe and not _pulled(net, signal, next(iter(safe)))):
            yield f"{signal} is not pulled to its safe level"
        up = any(net.told(pin).get("pull") == "up" for pin in net.pins(signal))
        if up and any(ohms > PULL_UP_OHMS * LOW for there, ohms in net.pulls(signal) if there == "GND"):
            yield f"{signal}: its pull-down is too weak against the pull-up inside"


def _off_when_reset(net: Net, pin: str) -> bool:
    """A pin of the controller or of an expander: nobody drives it until the firmware does."""
    ref = pin.rsplit(".", 1)[0]
    return ref == "controller" or net.cabinet.parts[ref] == "mcp23017"


def _pulled(net: Net, signal: str, safe: int | None) -> bool:
    inside = {"up": 1, "down": 0}
    if any(inside.get(net.told(pin).get("pull", "")) == safe for pin in net.pins(signal)):
        return True
    strongest = _strongest(net, signal)
    return any((there != "GND") == bool(safe) and ohms <= strongest for there, ohms in net.pulls(signal) if there)


def _strongest(net: Net, signal: str) -> float:
    """The resistance below which a pull counts: some controllers want a strong one (RP2350, erratum E9)."""
    limit = types()[net.cabinet.parts["controller"]].get("pull_down_max_ohms", PULL_UP_OHMS)
    return float(limit) if any(pin.startswith("controller.") for pin in net.pins(signal)) else PULL_UP_OHMS


def addresses(net: Net) -> Findings:
    """I2C addresses are unique, those that the expanders' pins and dividers give, and those the firmware asks."""
    cabinet, taken = net.cabinet, defaultdict(list)
    layout = boards.read(cabinet.board)
    asked = {chips.LOCKS, chips.SWITCHES, chips.LATCHES, sensors.GAUGE}
    asked |= {at for inside in layout.inside for at in (inside.outputs, inside.inputs)}
    fridges = boards.rows(layout, planograms.read(cabinet.planogram))
    thermometers = {
        f"d{row[0]:02}.thermometer": row[6] for row in fridges if f"d{row[0]:02}.thermometer" in cabinet.parts
    }
    for ref, address in (cabinet.addresses | thermometers).items():
        taken[address].append(ref)
    for address, refs in taken.items():
        if len(refs) > 1 or address == chips.STRIP:
            yield f"{address:#x} is taken: {', '.join([*refs, *['the pocket lights'] * (address == chips.STRIP)])}"
    for address in sorted(asked - set(taken)):
        yield f"nothing answers at {address:#x}"
    for ref, kind in cabinet.parts.items():
        wired = _wired_address(net, ref, kind)
        if wired is not None and wired != cabinet.addresses.get(ref):
            yield f"{ref} is wired to {wired:#x}, not {cabinet.addresses.get(ref, 0):#x}"


def _wired_address(net: Net, ref: str, kind: str) -> int | None:
    if kind == "mcp23017":
        return 0x20 + sum((net.signal(f"{ref}.A{bit}") == "3V3") << bit for bit in range(3))
    if kind != "mcp23018":
        return None
    at = {there: ohms for there, ohms in net.pulls(net.signal(f"{ref}.ADDR"))}
    sixteenths = 16 * at["GND"] / (at["GND"] + at["3V3"])
    n = round((sixteenths - 1) / 2)
    return 0x20 + n if abs(sixteenths - (2 * n + 1)) < 0.1 else -1  # 5 % of a step, DS22103A 1.4.1


def board_map(net: Net) -> Findings:
    """The controller's pins are wired to what `hardware/boards/` calls them, each bit of a drawer to that drawer."""
    cabinet = net.cabinet
    layout, kind = boards.read(cabinet.board), cabinet.parts["controller"]
    told = {name: f"controller.{GPIO[kind]}{n}" for name, n in layout.pins.items() if name not in NUMBERS}
    for name, pin in told.items():
        wanted = "" if name in UNCONNECTED else name
        if net.signal(pin) != wanted:
            yield f"{pin} is {name} in the pin map and {net.signal(pin) or 'not connected'} in the wiring"
        if layout.pins[name] not in types()[kind].get("can", {}).get(name, [layout.pins[name]]):
            yield f"{pin} can not be {name}"
    for pin in net.of:
        if pin.startswith("controller.") and net.told(pin)["is"] == "io" and pin not in told.values():
            yield f"{pin} is wired as {net.signal(pin)} and not in the pin map"
    for drawer in layout.drawer:
        for ref, signal, bit in (("locks", "lock", drawer.lock), ("switches", "closed", drawer.switch),
                                 ("latches", "latched", drawer.latch)):  # fmt: skip
            pin = f"{ref}.GP{'AB'[bit // 8]}{bit % 8}"
            if net.signal(pin) != f"{signal}{drawer.drawer}":
                yield f"{pin} is {net.signal(pin)}, not {signal}{drawer.drawer}"
    if layout.fitted.get("watchdog_ms", 0) > types()[kind]["watchdog_max_ms"]:
        yield f"the watchdog of {kind} is not that slow"


CHECKS: tuple[Callable[[Net], Findings], ...] = (
    pins_exist, pins_used_once, nothing_floats, voltages, drivers, currents, safe_levels, addresses, board_map,
)  # fmt: skip


def findings(cabinet: Cabinet) -> list[str]:
    """What is wrong with a cabinet, a sentence each; with pins that are not there nothing else is looked at."""
    net = Net(cabinet)
    missing = list(pins_exist(net))
    return missing or [finding for check in CHECKS[1:] for finding in check(net)]
