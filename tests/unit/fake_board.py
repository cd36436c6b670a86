"""A controller board as MicroPython's `machine`, made of the simulator's chips.

The pins are those of `hardware/boards/`; they are claimed as the chip would, and one with two users is refused.
"""

import importlib
import sys
import time
from types import ModuleType, SimpleNamespace

from firmware import config, issue
from firmware.journal.flash import PAGE
from server_stub.site import boards, planograms
from simulator.cabinet import cabinet as body
from simulator.cabinet.nor import W25q

# of the board's `pins`: numbers of peripherals and speeds
NO_PIN = ("i2c", "i2c_hz", "strip_spi", "flash_spi", "uart", "baud")
LINES = {"int": 1, "buzzer": 2, "hold": 3, "tamper": 4, "mains": 5, "service": 6}
KEY = bytes(32)
WRAP = 1 << 30
GENERAL_CALL = 0
BOARDS = {"rp2350": "rp2", "esp32s3": "esp32"}
# what a peripheral takes when it is not told, (board, SPI): input, by MicroPython's ports/rp2 and ports/esp32
USUAL_MISO = {("rp2350", 0): 16, ("rp2350", 1): 8, ("esp32s3", 1): 13, ("esp32s3", 2): 37}


class World:
    """What is outside the microcontroller."""

    def __init__(self, board):
        layout = boards.read(board)
        self.board = board
        self.rows = boards.rows(layout, planograms.read("ward"))
        self.pins = layout.pins
        timings = list(layout.timings.model_dump().values())
        self.identity = ["W1", 1, issue.keys_of(KEY), "0.1.0", 8, self.rows, timings, layout.hardware()]
        self.cfg = config.Config(*self.identity)
        self.ticks = WRAP - 500
        self.cabinet = body.Cabinet({"D01-P01": 5}, body.wiring_of(self.rows), lambda: 1_700_000_000_000)
        self.cabinet.on_line = self.edge
        self.lines = {layout.pins[name]: line for name, line in LINES.items()}
        self.handlers = {}
        self.levels = {}
        self.nor = W25q(8)
        self.nor.bytes[:PAGE] = issue.ring_start(KEY)
        self.to_board, self.from_board = b"", b""
        self.uart_takes = 1 << 20
        self.claimed = {}
        self.fed = 0

    def claim(self, number, who):
        assert self.claimed.setdefault(number, who) == who, f"GPIO {number}: {who} and {self.claimed[number]}"

    def reset_expanders(self):
        for expander in self.cabinet.expanders.values():
            expander.power_on()

    def answers(self, address):
        """Expanders in reset answer nobody."""
        enabled = self.levels.get(self.pins["enable"], 0) or address not in self.cabinet.expanders
        return enabled and address in self.cabinet.devices and address != body.STRIPS

    def edge(self, line, _level):
        for number, handler in self.handlers.items():
            if self.lines.get(number) == line:
                handler(SimpleNamespace(value=lambda: self.cabinet.inputs[line]))


def fake_machine(world):  # noqa: C901 - a class for each peripheral
    machine = ModuleType("machine")

    class Pin:
        IN, OUT, PULL_UP, IRQ_FALLING, IRQ_RISING = 0, 1, 2, 4, 8

        def __init__(self, number, mode=None, pull=None, value=None):
            self.number = number
            if mode is not None:
                world.claim(number, "gpio")
            if value is not None:
                self.value(value)

        def value(self, level=None):
            line = world.lines.get(self.number)
            if level is None:
                return world.cabinet.inputs[line]
            world.levels[self.number] = level
            if line:
                world.cabinet.lines[line] = level
            if self.number == world.pins["flash_cs"]:
                world.nor.select(1 - level)
            if self.number == world.pins["enable"] and not level:
                world.reset_expanders()
            return None

        def irq(self, handler, trigger):
            assert trigger == self.IRQ_FALLING | self.IRQ_RISING
            world.handlers[self.number] = handler

    class I2C:
        def __init__(self, number, scl, sda, freq):
            assert (number, freq) in ((world.pins["i2c"], 400_000), (world.pins["i2c"], 100_000))
            self.slow = freq == 100_000
            world.claim(scl.number, "scl")
            world.claim(sda.number, "sda")

        def writeto(self, address, data, stop=True):
            if address == GENERAL_CALL and self.slow:
                world.cabinet.element.wake()
            if not world.answers(address):
                raise OSError(5)
            world.cabinet.devices[address].write(bytes(data))
            world.cabinet.touch_bus()

        def readfrom(self, address, n):
            out = world.cabinet.devices[address].read(n)
            world.cabinet.touch_bus()
            return out

    class SPI:
        def __init__(self, number, baudrate, sck, mosi, miso=None):
            for pin in (sck, mosi, miso or Pin(USUAL_MISO[world.board, number])):
                world.claim(pin.number, f"spi {number}")
            self.write = world.nor.write if number == world.pins["flash_spi"] else self._strip
            self.readinto = world.nor.readinto

        def _strip(self, line):
            drawer = sum(world.levels[world.pins[f"strip_select{n}"]] << n for n in range(4)) + 1
            world.cabinet.strips.write(bytes((drawer,)) + line)

    class UART:
        def __init__(self, number, tx, rx, **_settings):
            assert number == world.pins["uart"]
            world.claim(tx.number, "tx")
            world.claim(rx.number, "rx")

        def read(self, n):
            out, world.to_board = world.to_board[:n], world.to_board[n:]
            return out or None

        def write(self, data):
            taken = data[: world.uart_takes]
            world.from_board += taken
            world.uart_takes -= len(taken)
            return len(taken)

    class WDT:
        def __init__(self, timeout):
            assert timeout <= 8388  # the RP2350's longest

        def feed(self):
            world.fed += 1

    machine.PWRON_RESET, machine.WDT_RESET = 1, 3
    machine.reset_cause = lambda: machine.WDT_RESET
    machine.Pin, machine.I2C, machine.SPI, machine.UART, machine.WDT = Pin, I2C, SPI, UART, WDT
    return machine


def run_on(world, monkeypatch):
    """From here on `machine` and the counter of milliseconds are those of `world`."""
    monkeypatch.setitem(sys.modules, "machine", fake_machine(world))
    monkeypatch.setattr(time, "ticks_ms", lambda: world.ticks % WRAP, raising=False)
    diff = lambda a, b: (a - b + WRAP // 2) % WRAP - WRAP // 2  # noqa: E731
    monkeypatch.setattr(time, "ticks_diff", diff, raising=False)


def module(name, monkeypatch):
    """`firmware.ports.NAME`, loaded anew; it is gone with the test."""
    full = f"firmware.ports.{name}"
    monkeypatch.setitem(sys.modules, full, None)
    del sys.modules[full]
    return importlib.import_module(full)
