"""Each controller board on a `machine` that is made of the simulator's chips: bus, clock, edges, flash, one whole boot.

The pins are those of `hardware/boards/`; `machine` claims them as the chip's own would, and refuses one with two users.
"""

import gc
import importlib
import select
import sys
import time
from types import ModuleType, SimpleNamespace

import pytest

from firmware import codes, config
from firmware.build import build
from firmware.drivers.mcp23017 import OLAT, Expander
from firmware.drivers.w25q import NorFlash
from firmware.journal.ram import RamStore
from firmware.tables import Tables
from firmware.wire import cbor, frame, messages
from server_stub.site import boards, planograms
from simulator.cabinet import cabinet as body
from simulator.cabinet.nor import W25q

# of the board's `pins`: numbers of peripherals and speeds
NO_PIN = ("i2c", "i2c_hz", "strip_spi", "flash_spi", "uart", "baud")
LINES = {"int": 1, "buzzer": 2, "hold": 3, "tamper": 4, "mains": 5, "service": 6}
WRAP = 1 << 30
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
        self.identity = ["W1", 1, bytes(32), "0.1.0", 8, self.rows, timings, layout.hardware()]
        self.cfg = config.Config(*self.identity)
        self.ticks = WRAP - 500
        self.cabinet = body.Cabinet({"D01-P01": 5}, body.wiring_of(self.rows), lambda: 1_700_000_000_000)
        self.cabinet.on_line = self.edge
        self.lines = {layout.pins[name]: line for name, line in LINES.items()}
        self.handlers = {}
        self.levels = {}
        self.nor = W25q(8)
        self.to_board, self.from_board = b"", b""
        self.uart_takes = 1 << 20
        self.claimed = {}
        self.fed = 0

    def claim(self, number, who):
        assert self.claimed.setdefault(number, who) == who, f"GPIO {number}: {who} and {self.claimed[number]}"

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
                for expander in world.cabinet.expanders.values():
                    expander.power_on()
            return None

        def irq(self, handler, trigger):
            assert trigger == self.IRQ_FALLING | self.IRQ_RISING
            world.handlers[self.number] = handler

    class I2C:
        def __init__(self, number, scl, sda, freq):
            assert (number, freq) == (world.pins["i2c"], 400_000)
            world.claim(scl.number, "scl")
            world.claim(sda.number, "sda")

        def writeto(self, address, data, stop=True):
            if address not in world.cabinet.devices or address == body.STRIPS:
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


@pytest.fixture(params=BOARDS)
def world(request):
    return World(request.param)


@pytest.fixture
def chips(world, monkeypatch):
    monkeypatch.setitem(sys.modules, "machine", fake_machine(world))
    monkeypatch.setattr(time, "ticks_ms", lambda: world.ticks % WRAP, raising=False)
    diff = lambda a, b: (a - b + WRAP // 2) % WRAP - WRAP // 2  # noqa: E731
    monkeypatch.setattr(time, "ticks_diff", diff, raising=False)
    monkeypatch.delitem(sys.modules, "firmware.ports.chips", raising=False)
    yield importlib.import_module("firmware.ports.chips")
    sys.modules.pop("firmware.ports.chips", None)


@pytest.fixture
def port(world):
    return importlib.import_module(f"firmware.ports.{BOARDS[world.board]}")


class Poll:
    """Time passes while waiting; something may happen meanwhile."""

    def __init__(self, world, then=lambda: None):
        self.world, self.then = world, then

    def poll(self, ms):
        self.world.ticks += ms
        self.then()
        return []


def test_the_clock_goes_on_when_its_counter_wraps_round(chips, world):
    bus = chips.Bus(world.pins)
    assert bus.clock() == (0, 0, 0)  # nobody has set the clock chip
    for ms in range(100, 1100, 100):
        world.ticks += 100
        assert bus.clock()[1] == ms


def test_the_time_of_the_clock_chip(chips, world):
    world.cabinet.clock_chip.write(bytes((0, 0x20, 0x13, 0x22, 2, 0x14, 0x11, 0x23)))
    world.cabinet.clock_chip.write(bytes((0x0F, 0)))
    assert chips.Bus(world.pins).clock() == (1_700_000_000_000, 0, 1)


def test_edges_deadlines_and_an_int_that_stays_low(chips, world):
    bus = chips.Bus(world.pins)
    assert bus.event() is None
    world.cabinet.case(True)
    assert bus.event()[:3] == (chips.EDGE, 4, 1)
    bus.idle(bus.clock()[1] + 20, 0)
    bus.wait(Poll(world), lambda: None)
    assert bus.event()[0] == chips.TICK and bus.event() is None
    world.cabinet.inputs[1] = 0
    bus.idle(None, 0)
    bus.wait(Poll(world), lambda: None)
    assert bus.event()[:3] == (chips.EDGE, 1, 0)


def test_more_edges_than_can_be_kept_ask_for_a_look(chips, world):
    bus = chips.Bus(world.pins)
    for n in range(chips.EDGES_QUEUED + 1):
        world.cabinet.case(n % 2 == 0)
    assert bus.event()[:3] == (chips.EDGE, chips.INT_LINE, 0)
    assert bus.event()[:2] == (chips.EDGE, 4)


def test_a_chip_that_is_away_is_an_error(chips, world):
    with pytest.raises(OSError):
        chips.Bus(world.pins).write(0x50, b"\0")


@pytest.mark.req("U1")
def test_a_start_switches_off_what_an_earlier_one_left_on(chips, world):
    locks = world.cabinet.expanders[body.LOCKS]
    Expander(chips.Bus(world.pins), body.LOCKS).outputs()
    locks.write(bytes((OLAT, 1, 0)))
    assert locks.outputs == 1
    chips.Bus(world.pins)
    assert world.levels[world.pins["enable"]] == 1 and locks.outputs == 0


@pytest.mark.req("U1")
def test_what_the_line_did_not_take_at_once_goes_on_while_the_board_waits(chips, world):
    bus, link = chips.Bus(world.pins), chips.Link(world.pins)
    world.uart_takes = 100
    link.send(bytes(range(256)) * 8)
    assert len(world.from_board) == 100 and link.held() == 1948

    def more():
        world.uart_takes = 700

    bus.idle(bus.clock()[1] + 50, 0)
    bus.wait(Poll(world, more), link.flush)
    assert world.from_board == bytes(range(256)) * 8 and link.held() == 0


def test_why_it_starts_is_said_in_a_word(chips, world):
    assert chips.reset_cause() == "WDT_RESET"
    sys.modules["machine"].reset_cause = lambda: 77
    assert chips.reset_cause() == "77"


@pytest.mark.req("F20")
def test_a_light_goes_to_the_strip_of_its_drawer(chips, world):
    bus = chips.Bus(world.pins)
    bus.write(body.STRIPS, bytes((16,)) + bytes.fromhex("924924db6db6924924"))
    assert world.cabinet.strips.lit() == [(16, 1)] and world.cabinet.strips.garbled == 0


def test_flash_programs_clear_bits_and_erases_set_them(chips, world):
    chips.Bus(world.pins)
    flash = NorFlash(chips.FlashSpi(world.pins), 8)
    page, buf = bytes(range(256)), bytearray(256)
    flash.erase(1)
    flash.program(17, page)
    flash.read(17, buf)
    assert buf == page and world.nor.bytes[: 17 * 256] == b"\xff" * (17 * 256)
    flash.program(17, b"\x0f")
    flash.read(17, buf)
    assert buf[0] == 0 and buf[1:] == page[1:]
    flash.erase(1)
    flash.read(17, buf)
    assert buf == b"\xff" * 256


def test_flash_that_takes_no_write_is_an_error(chips, world, monkeypatch):
    flash = NorFlash(chips.FlashSpi(world.pins), 8)
    world.nor.write_protected = True
    with pytest.raises(OSError):
        flash.program(0, b"\0")
    world.nor.write_protected, world.nor.busy_polls = False, 1_000_000
    monkeypatch.setattr("firmware.drivers.w25q.POLLS", 100)
    with pytest.raises(OSError):
        flash.erase(0)


@pytest.mark.req("P5", "U2")
def test_the_board_boots_answers_and_stops_when_the_journal_does(chips, port, world):
    from firmware.ports.shell import Shell  # the shell of every port

    bus, link = chips.Bus(world.pins), chips.Link(world.pins)
    flash = NorFlash(chips.FlashSpi(world.pins), world.cfg.ring_sectors)
    power = SimpleNamespace(spend=lambda n: n, check=lambda: None)
    files = SimpleNamespace(reader=_no_file, writer=_no_file)
    parts = build(world.cfg, Tables(24), flash, RamStore(power), files, port.entropy_of(world.cfg.key))
    shell = Shell(world.cfg, parts[0], bus, link, chips.watchdog(8000))
    shell.boot(parts[1], False)
    world.cabinet.case(True)
    world.to_board = frame.encode(cbor.encode([messages.HELLO, 1]))
    while shell.work():
        pass
    shell.idle()
    heard = [cbor.decode(payload) for payload in frame.Decoder().feed(world.from_board)]
    state = [m for m in heard if m[0] == messages.STATE][-1]
    assert [codes.ALARM_TAMPER, 0] in state[10] and world.fed == 1
    assert len([m for m in heard if m[0] == messages.INFO]) == 2
    assert world.nor.bytes[:2] != b"\xff\xff"  # the boot entry
    used = {name: pin for name, pin in world.pins.items() if name not in NO_PIN}
    assert sorted(world.claimed) == sorted(used.values())


class Unplugged(Exception):
    """Ends a main loop that has no end."""


@pytest.mark.req("P5", "U2")
def test_the_board_s_program_starts_from_its_files_and_comes_round(chips, world, monkeypatch, tmp_path, capsys):
    rounds = []

    def poll(_ms):
        rounds.append(world.fed)
        world.ticks += 5
        if len(rounds) > 3:
            raise Unplugged
        return []

    monkeypatch.setattr(gc, "threshold", lambda *_bytes: None, raising=False)
    monkeypatch.setattr(select, "poll", lambda: SimpleNamespace(register=lambda *_what: None, poll=poll))
    for name in ("chips_main", f"{BOARDS[world.board]}_main"):
        monkeypatch.delitem(sys.modules, f"firmware.ports.{name}", raising=False)
        program = importlib.import_module(f"firmware.ports.{name}")
    (tmp_path / "controller.cbor").write_bytes(cbor.encode([1, *world.identity]))
    with pytest.raises(Unplugged):
        program.start_as_program(None, str(tmp_path))
    heard = [cbor.decode(payload) for payload in frame.Decoder().feed(world.from_board)]
    assert heard[0][:3] == [messages.INFO, "W1", 1] and rounds[-1] > 0
    assert capsys.readouterr().out == "controller starts: WDT_RESET\n"


def _no_file(*_args):
    raise OSError(2)
