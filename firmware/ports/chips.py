# A board with MicroPython's `machine`: the same bus calls as docs/wire.md section 1, straight to the chips. Pins and
# numbers of peripherals by name come from hardware/boards/ through controller.cbor.
import select
import time

import machine
from machine import I2C, UART, WDT, Pin

from firmware.drivers.ds3231 import ClockChip
from firmware.ports import common
from firmware.ports.chips_spi import spi

EDGE = 0x40
TICK = 0x41
INT_LINE, BUZZER_LINE, HOLD_LINE, TAMPER_LINE, MAINS_LINE, SERVICE_LINE = 1, 2, 3, 4, 5, 6
_INPUTS = ((INT_LINE, "int"), (TAMPER_LINE, "tamper"), (MAINS_LINE, "mains"), (SERVICE_LINE, "service"))
STRIP = 0x60
CLOCK_CHIP = 0x68
EDGES_QUEUED = 256
INT_AGAIN_MS = 50
SLICE_MS = 5  # an edge waits no longer than this
WAKE_HZ = 100000  # 80 us low: 60 are needed
STRIP_HZ = 2400000  # three bits of the line a data bit of 800 kHz
UART_BYTES = 4096
WRITE_BYTES = 512  # a UART that waits until all is in its buffer (ESP32) then waits for no longer than this takes
TIME_NONE, TIME_CHIP = 0, 1


class Bus:
    def __init__(self, pins):
        # Low until here, by a resistor while nobody drives it, it resets the expanders: whatever was on is off.
        _output(pins["enable"]).value(1)
        self._i2c_pins = pins
        self._i2c = self._i2c_at(pins["i2c_hz"])
        self._outputs = {BUZZER_LINE: _output(pins["buzzer"]), HOLD_LINE: _output(pins["hold"])}
        self._inputs = {line: Pin(pins[name], Pin.IN, Pin.PULL_UP) for line, name in _INPUTS if name in pins}
        self._strips = Strips(pins)
        self._edges = []
        self._lost = False
        self._deadline_ms = None
        self._mono_ms = 0
        self._ticks = time.ticks_ms()
        self._int_ticks = self._ticks
        self._utc_ms, self._tq = self._chip_time()
        for line, pin in self._inputs.items():
            pin.irq(self._handler(line), Pin.IRQ_FALLING | Pin.IRQ_RISING)

    def write(self, address, data):
        if address == STRIP:
            self._strips.send(data[0], data[1:])
        else:
            self._i2c.writeto(address, data)

    def write_read(self, address, data, n):
        self._i2c.writeto(address, data, False)
        return self._i2c.readfrom(address, n)

    def read(self, address, n):
        return self._i2c.readfrom(address, n)

    # a call to all that nobody answers, slow: the data line is low for long enough to wake a chip
    def wake(self):
        try:
            self._i2c_at(WAKE_HZ).writeto(0, b"")
        except OSError:
            pass
        self._i2c = self._i2c_at(self._i2c_pins["i2c_hz"])

    def _i2c_at(self, hz):
        pins = self._i2c_pins
        return I2C(pins["i2c"], scl=Pin(pins["scl"]), sda=Pin(pins["sda"]), freq=hz)

    def gpio(self, line, value):
        self._outputs[line].value(value)

    def level(self, line):
        return self._inputs[line].value()

    # the counter wraps round after twelve days: it is followed step by step
    def clock(self):
        ticks = time.ticks_ms()
        self._mono_ms += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._utc_ms + self._mono_ms, self._mono_ms, self._tq

    def idle(self, deadline_ms, _link_read):
        self._deadline_ms = deadline_ms

    def readable(self):
        pass

    # the next event as (op, line, value, now), or None. Too many edges at once: the line is read as it is.
    def event(self):
        if self._lost:
            self._lost = False
            return EDGE, INT_LINE, 0, self.clock()
        if self._edges:
            line, value = self._edges.pop(0)
            return EDGE, line, value, self.clock()
        now = self.clock()
        if self._deadline_ms is not None and now[1] >= self._deadline_ms:
            self._deadline_ms = None
            return TICK, 0, 0, now
        return None

    # until there is an edge, the deadline, or something on the link; what waits to be sent goes on meanwhile
    def wait(self, poll, flush):
        while not self._edges and not self._lost:
            flush()
            if self._deadline_ms is not None and self.clock()[1] >= self._deadline_ms:
                return
            if poll.poll(SLICE_MS):
                return
            self._look_at_int()

    # one that came while the expanders were being read leaves the line low without another edge
    def _look_at_int(self):
        if self.level(INT_LINE) == 0 and time.ticks_diff(time.ticks_ms(), self._int_ticks) >= INT_AGAIN_MS:
            self._int_ticks = time.ticks_ms()
            self._edges.append((INT_LINE, 0))

    def _handler(self, line):
        def edge(pin):
            if len(self._edges) < EDGES_QUEUED:
                self._edges.append((line, pin.value()))
            else:
                self._lost = True

        return edge

    def _chip_time(self):
        try:
            utc_ms = ClockChip(self, CLOCK_CHIP).utc_ms()
        except OSError:
            utc_ms = None
        return (0, TIME_NONE) if utc_ms is None else (utc_ms, TIME_CHIP)


# WS2812 strips at one SPI data output, led to one drawer's strip by four select lines. Clock and input have pins that
# nothing is connected to: without being told, the peripheral would take its usual ones from whoever has them.
class Strips:
    def __init__(self, pins):
        self._spi = spi(pins, "strip_spi", STRIP_HZ, "strip_sck", "strip", "strip_miso")
        self._select = [_output(pins["strip_select%d" % n]) for n in range(4)]

    def send(self, drawer, line):
        for n, pin in enumerate(self._select):
            pin.value((drawer - 1) >> n & 1)
        self._spi.write(line)


# The link's UART; never the REPL's port.
class Serial:
    def __init__(self, pins):
        self.uart = UART(
            pins["uart"], baudrate=pins["baud"], tx=Pin(pins["tx"]), rx=Pin(pins["rx"]), rxbuf=UART_BYTES, timeout=0
        )

    def read(self, n):
        return self.uart.read(n)

    def write(self, data):
        return self.uart.write(data[:WRITE_BYTES])


class Link(common.Link):
    def __init__(self, pins):
        super().__init__(Serial(pins))

    def poller(self):
        poll = select.poll()
        poll.register(self.file.uart, select.POLLIN)
        return poll


def _output(number):
    return Pin(number, Pin.OUT, value=0)


def watchdog(within_ms):
    return WDT(timeout=within_ms) if within_ms else None


# why it starts, in a word for the console; ports have different ones of these
def reset_cause():
    cause = machine.reset_cause()
    for name in ("PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET"):
        if getattr(machine, name, None) == cause:
            return name
    return str(cause)
