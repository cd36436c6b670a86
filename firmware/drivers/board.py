# All chips of a cabinet behind one bus: actions of the station in, what the sensors say out. docs/wire.md section 1.
from firmware.chart import TURN_MS
from firmware.drivers.light import Light
from firmware.drivers.lock import Locks, Rail
from firmware.drivers.mcp23017 import Expander
from firmware.drivers.sensors import Sensors
from firmware.drivers.switches import Switches
from firmware.storage import types

LOCKS, SWITCHES, LATCHES, LIGHT, STRIP = 0x20, 0x21, 0x22, 0x23, 0x60
BUZZER_LINE, HOLD_LINE = 2, 3
LONGEST_TURN_MS = 60000
BITS = 16


class Board:
    def __init__(self, config, bus):
        self._types = config.types
        self._rail = Rail(bus, HOLD_LINE, config.hardware.get("pull_in_ms", 0))
        bits = {(drawer, 0): bit for drawer, bit in config.lock_bits.items()}
        self._locks = Locks(Expander(bus, LOCKS), bits, config.release_ms, self._rail)
        self._inside = [
            Locks(Expander(bus, address), places, LONGEST_TURN_MS, self._rail) for address, places in _inside(config, 0)
        ]
        self._of = {drawer: locks for locks in self._inside for drawer in locks.drawers()}
        self._latches = Switches(Expander(bus, LATCHES), config.latch_bits)
        self._switches = Switches(Expander(bus, SWITCHES), config.switch_bits)
        self._inputs = [Switches(Expander(bus, address), places) for address, places in _inside(config, 1)]
        self._lights = _strip(bus) if config.hardware.get("strip") else Light(Expander(bus, LIGHT))
        self._buzzer = _buzzer(bus) if config.hardware.get("buzzer") else None
        self._sensors = Sensors(config, bus)
        self._timed = _fitted((self._locks, self._rail), self._inside, (self._buzzer,))
        self._due = _fitted(self._timed, (self._latches, self._switches, self._sensors), self._inputs)

    # {drawer: (closed, latched, pockets with an open lid)}
    def readings(self):
        closed, latched, up = self._switches.all(), self._latches.all(), {}
        for inputs in self._inputs:
            for (drawer, place), level in inputs.all().items():
                if self._types[drawer] in types.WITH_LIDS and not level:
                    up.setdefault(drawer, set()).add(place)
        return {drawer: (closed[drawer], latched[drawer], up.get(drawer, ())) for drawer in closed}

    # does an action other than send; OSError if the chip does not answer
    def do(self, action, now_ms):
        what = action[0]
        if what == "release":
            self._locks.release(action[1], 0, action[3], now_ms)
        elif what in ("lid", "dispense"):
            on_ms = action[3] if what == "lid" else action[3] * TURN_MS
            self._of[action[1]].release(action[1], action[2], on_ms, now_ms)
        elif what == "lock":
            self._lock(action[1], now_ms)
        elif what == "light":
            self._lights.show(*action[1:])
        elif what == "dark":
            self._lights.dark()
        elif self._buzzer:
            self._buzzer.play(action[1], now_ms)

    # what is inside the drawer first: were the drawer's own lock to fail, the rest is off
    def _lock(self, drawer, now_ms):
        if drawer in self._of:
            self._of[drawer].lock(drawer, now_ms)
        self._locks.lock(drawer, now_ms)

    # events of all inputs that changed. Latches before switches: what is shut is latched by then, what opens has been
    # unlatched; and a front is open before its first dose shows. A chip that does not answer leaves what was known.
    def scan(self, now_ms):
        for what, inputs in (("latch", self._latches), ("switch", self._switches)):
            for drawer, level in _changes(inputs, now_ms):
                yield (what, drawer, level)
        for inputs in self._inputs:
            for (drawer, place), level in _changes(inputs, now_ms):
                yield from _inside_event(self._types[drawer], drawer, place, level)

    # events of an edge at a line other than the expanders'
    def edge(self, line, value, now_ms):
        return self._sensors.edge(line, value, now_ms)

    def boot_events(self, now_ms):
        return self._sensors.boot(now_ms)

    # outputs over their time go off, patterns go on, sensors that are asked are asked; a driver that gets no answer
    # tries again by itself
    def tick(self, now_ms):
        for part in self._timed:
            try:
                part.tick(now_ms)
            except OSError:
                pass
        return self._sensors.tick(now_ms)

    # asked before each wait: without making lists
    def deadline(self):
        earliest = None
        for part in self._due:
            due = part.deadline()
            if due is not None and (earliest is None or due < earliest):
                earliest = due
        return earliest


def _fitted(*groups):
    return [part for group in groups for part in group if part]


# drivers of what is not fitted are not loaded
def _buzzer(bus):
    from firmware.drivers.buzzer import Buzzer

    return Buzzer(bus, BUZZER_LINE)


def _strip(bus):
    from firmware.drivers.ws2812 import Strip

    return Strip(bus, STRIP)


def _changes(inputs, now_ms):
    try:
        return inputs.changes(now_ms)
    except OSError:
        return []


# Lid switches say 1 for shut; buttons and light barriers pull down. A place with buttons has two: take, then put.
def _inside_event(kind, drawer, place, level):
    if kind in types.WITH_LIDS:
        yield ("lid", drawer, place, level)
    elif level:
        return
    elif kind == types.SHELF:
        yield ("button", drawer, (place + 1) // 2, 1 if place % 2 else -1)
    else:
        yield ("drop", drawer, place)


# (address, {(drawer, place): bit}) of the output (0) or input (1) expanders inside drawers. A drawer's bits end where
# the next one's begin.
def _inside(config, column):
    chips = {}
    for drawer, wiring in config.inside.items():
        if config.types[drawer] != types.FRIDGE and wiring[column]:
            chips.setdefault(wiring[column], []).append((wiring[2], drawer))
    for address in sorted(chips):
        starts = sorted(chips[address])
        ends = [first for first, _ in starts[1:]] + [BITS]
        yield (
            address,
            {(drawer, bit - first + 1): bit for (first, drawer), end in zip(starts, ends) for bit in range(first, end)},
        )
