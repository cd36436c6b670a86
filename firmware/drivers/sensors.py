# Case switch, mains, service key, battery gauge, the fridges' thermometers. Lines tell by edge; the others are asked,
# the gauge only while on battery.
from firmware.storage import types

TAMPER_LINE, MAINS_LINE, SERVICE_LINE = 4, 5, 6
FITTED = ((TAMPER_LINE, "tamper"), (MAINS_LINE, "mains"), (SERVICE_LINE, "service"))
GAUGE = 0x36
FULL = 100
ASK_MS = 60000


class Sensors:
    def __init__(self, config, bus):
        self._bus = bus
        fitted = config.hardware
        self._lines = [line for line, name in FITTED if fitted.get(name)]
        self._gauge = _gauge(bus) if fitted.get("gauge") else None
        self._thermometers = [
            (drawer, _thermometer(bus, config.inside[drawer][1]))
            for drawer in config.drawers
            if config.types[drawer] == types.FRIDGE and drawer in config.inside
        ]
        self._mains = 1
        self._ask_ms = None

    # a sensor that does not answer at boot is asked again with the next tick
    def boot(self, now_ms):
        events = []
        for line in self._lines:
            events += self.edge(line, self._level(line), now_ms)
        return events + self._ask(now_ms)

    # an edge, or the level at boot
    def edge(self, line, value, now_ms):
        if line not in self._lines:
            return []
        if line == TAMPER_LINE:
            return [("tamper", bool(value))]
        if line == SERVICE_LINE:
            return [("service", not value)]  # the turned key pulls down: a broken wire is no key
        self._mains = value
        return self._ask(now_ms) if value == 0 else [("power", 1, self._percent())]

    def deadline(self):
        return self._ask_ms

    def tick(self, now_ms):
        return self._ask(now_ms) if self._ask_ms is not None and now_ms >= self._ask_ms else []

    def _ask(self, now_ms):
        self._ask_ms = now_ms + ASK_MS if self._thermometers or not self._mains else None
        events = [("temperature", drawer, _centi(thermometer)) for drawer, thermometer in self._thermometers]
        return events if self._mains else events + [("power", 0, self._percent())]

    # without a gauge the battery is taken as full: alarm 9 stands anyway
    def _percent(self):
        try:
            return self._gauge.percent() if self._gauge else FULL
        except OSError:
            return 0  # a battery nobody can ask may be empty

    # a line that can not be read is taken as open case and lost mains, which only raise an alarm, and as no key
    def _level(self, line):
        try:
            return self._bus.level(line)
        except OSError:
            return 0 if line == MAINS_LINE else 1


# drivers of chips that are not fitted are not loaded
def _gauge(bus):
    from firmware.drivers.max17048 import Gauge

    return Gauge(bus, GAUGE)


def _thermometer(bus, address):
    from firmware.drivers.tmp117 import Thermometer

    return Thermometer(bus, address)


def _centi(thermometer):
    try:
        return thermometer.centi()
    except OSError:
        return None
