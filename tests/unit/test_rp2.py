"""The RP2350 port on a `machine` that is made of the simulator's chips: bus, clock, edges, flash, one whole boot."""

import importlib
import sys
import time
from types import ModuleType, SimpleNamespace

import pytest

from firmware import codes, config
from firmware.build import build
from firmware.drivers.w25q import NorFlash
from firmware.journal.ram import RamStore
from firmware.tables import Tables
from firmware.wire import cbor, frame, messages
from server_stub.site import boards, planograms
from simulator.cabinet import cabinet as body
from simulator.cabinet.nor import W25q

LINES = {"int": 1, "buzzer": 2, "hold": 3, "tamper": 4, "mains": 5, "service": 6}
WRAP = 1 << 30


class World:
    """What is outside the microcontroller."""

    def __init__(self):
        layout = boards.read("rp2350")
        self.rows = boards.rows(layout, planograms.read("ward"))
        self.pins = layout.pins
        self.cfg = config.Config(
            "W1", 1, bytes(32), "0.1.0", 8, self.rows, tuple(layout.timings.model_dump().values()), layout.hardware()
        )
        self.ticks = WRAP - 500
        self.cabinet = body.Cabinet({"D01-P01": 5}, body.wiring_of(self.rows), lambda: 1_700_000_000_000)
        self.cabinet.on_line = self.edge
        self.lines = {layout.pins[name]: line for name, line in LINES.items()}
        self.handlers = {}
        self.levels = {}
        self.nor = W25q(8)
        self.to_board, self.from_board = b"", b""
        self.fed = 0

    def edge(self, line, _level):
        for number, handler in self.handlers.items():
            if self.lines.get(number) == line:
                handler(SimpleNamespace(value=lambda: self.cabinet.inputs[line]))


def fake_machine(world):  # noqa: C901 - a class for each peripheral
    machine = ModuleType("machine")

    class Pin:
        IN, OUT, PULL_UP, IRQ_FALLING, IRQ_RISING = 0, 1, 2, 4, 8

        def __init__(self, number, mode=0, pull=None, value=None):
            self.number = number
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
            return None

        def irq(self, handler, trigger):
            assert trigger == self.IRQ_FALLING | self.IRQ_RISING
            world.handlers[self.number] = handler

    class I2C:
        def __init__(self, number, scl, sda, freq):
            assert (number, scl.number, sda.number, freq) == (0, 5, 4, 400_000)

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
            self.write = world.nor.write if number == 0 else self._strip
            self.readinto = world.nor.readinto

        def _strip(self, line):
            drawer = sum(world.levels[world.pins[f"strip_select{n}"]] << n for n in range(4)) + 1
            world.cabinet.strips.write(bytes((drawer,)) + line)

    class UART:
        def __init__(self, number, **_settings):
            assert number == 0

        def read(self, n):
            out, world.to_board = world.to_board[:n], world.to_board[n:]
            return out or None

        def write(self, data):
            world.from_board += data
            return len(data)

    class WDT:
        def __init__(self, timeout):
            assert timeout == 8000

        def feed(self):
            world.fed += 1

    machine.Pin, machine.I2C, machine.SPI, machine.UART, machine.WDT = Pin, I2C, SPI, UART, WDT
    return machine


@pytest.fixture
def world():
    return World()


@pytest.fixture
def rp2(world, monkeypatch):
    monkeypatch.setitem(sys.modules, "machine", fake_machine(world))
    monkeypatch.setattr(time, "ticks_ms", lambda: world.ticks % WRAP, raising=False)
    diff = lambda a, b: (a - b + WRAP // 2) % WRAP - WRAP // 2  # noqa: E731
    monkeypatch.setattr(time, "ticks_diff", diff, raising=False)
    monkeypatch.delitem(sys.modules, "firmware.ports.rp2", raising=False)
    yield importlib.import_module("firmware.ports.rp2")
    sys.modules.pop("firmware.ports.rp2", None)


class Poll:
    """Time passes while waiting; something may happen meanwhile."""

    def __init__(self, world, then=lambda: None):
        self.world, self.then = world, then

    def poll(self, ms):
        self.world.ticks += ms
        self.then()
        return []


def test_the_clock_goes_on_when_its_counter_wraps_round(rp2, world):
    bus = rp2.Bus(world.pins)
    assert bus.clock() == (0, 0, 0)  # nobody has set the clock chip
    for ms in range(100, 1100, 100):
        world.ticks += 100
        assert bus.clock()[1] == ms


def test_the_time_of_the_clock_chip(rp2, world):
    world.cabinet.clock_chip.write(bytes((0, 0x20, 0x13, 0x22, 2, 0x14, 0x11, 0x23)))
    world.cabinet.clock_chip.write(bytes((0x0F, 0)))
    assert rp2.Bus(world.pins).clock() == (1_700_000_000_000, 0, 1)


def test_edges_deadlines_and_an_int_that_stays_low(rp2, world):
    bus = rp2.Bus(world.pins)
    assert bus.event() is None
    world.cabinet.case(True)
    assert bus.event()[:3] == (rp2.EDGE, 4, 1)
    bus.idle(bus.clock()[1] + 20, 0)
    bus.wait(Poll(world))
    assert bus.event()[0] == rp2.TICK and bus.event() is None
    world.cabinet.inputs[1] = 0
    bus.idle(None, 0)
    bus.wait(Poll(world))
    assert bus.event()[:3] == (rp2.EDGE, 1, 0)


def test_more_edges_than_can_be_kept_ask_for_a_look(rp2, world):
    bus = rp2.Bus(world.pins)
    for n in range(rp2.EDGES_QUEUED + 1):
        world.cabinet.case(n % 2 == 0)
    assert bus.event()[:3] == (rp2.EDGE, rp2.INT_LINE, 0)
    assert bus.event()[:2] == (rp2.EDGE, 4)


def test_a_chip_that_is_away_is_an_error(rp2, world):
    with pytest.raises(OSError):
        rp2.Bus(world.pins).write(0x50, b"\0")


@pytest.mark.req("F20")
def test_a_light_goes_to_the_strip_of_its_drawer(rp2, world):
    bus = rp2.Bus(world.pins)
    bus.write(body.STRIPS, bytes((16,)) + bytes.fromhex("924924db6db6924924"))
    assert world.cabinet.strips.lit() == [(16, 1)] and world.cabinet.strips.garbled == 0


def test_flash_programs_clear_bits_and_erases_set_them(rp2, world):
    rp2.Bus(world.pins)
    flash = NorFlash(rp2.FlashSpi(world.pins), 8)
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


def test_flash_that_takes_no_write_is_an_error(rp2, world, monkeypatch):
    flash = NorFlash(rp2.FlashSpi(world.pins), 8)
    world.nor.write_protected = True
    with pytest.raises(OSError):
        flash.program(0, b"\0")
    world.nor.write_protected, world.nor.busy_polls = False, 1_000_000
    monkeypatch.setattr("firmware.drivers.w25q.POLLS", 100)
    with pytest.raises(OSError):
        flash.erase(0)


@pytest.mark.req("P5", "U2")
def test_the_board_boots_answers_and_stops_when_the_journal_does(rp2, world):
    from firmware.ports.shell import Shell  # the shell of every port

    bus, link = rp2.Bus(world.pins), rp2.Link(world.pins)
    flash = NorFlash(rp2.FlashSpi(world.pins), world.cfg.ring_sectors)
    power = SimpleNamespace(spend=lambda n: n, check=lambda: None)
    files = SimpleNamespace(reader=_no_file, writer=_no_file)
    parts = build(world.cfg, Tables(24), flash, RamStore(power), files, rp2.entropy)
    shell = Shell(world.cfg, parts[0], bus, link, rp2.watchdog(8000))
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


def _no_file(*_args):
    raise OSError(2)


class ResetError(Exception):
    """The board starts anew."""


@pytest.fixture
def loader(world, rp2, tmp_path, monkeypatch):
    """The loader of the board, in a folder with its identity; Ctrl-C reaches the REPL if `world.interrupts`."""
    micropython = SimpleNamespace(kbd_intr=lambda char: setattr(world, "interrupts", char == 3))
    monkeypatch.setitem(sys.modules, "micropython", micropython)
    monkeypatch.setattr(sys.modules["machine"], "reset", reset, raising=False)
    monkeypatch.setattr(time, "sleep_ms", lambda ms: None, raising=False)
    monkeypatch.setattr(sys, "print_exception", lambda error: None, raising=False)
    monkeypatch.delitem(sys.modules, "firmware.ports.rp2_loader", raising=False)
    layout = boards.read("rp2350")
    timings = list(layout.timings.model_dump().values())
    record = [1, "W1", 1, bytes(range(32)), "0.1.0", 8, world.rows, timings, layout.hardware()]
    (tmp_path / "controller.cbor").write_bytes(cbor.encode(record))
    yield importlib.import_module("firmware.ports.rp2_loader")
    sys.modules.pop("firmware.ports.rp2_loader", None)


def reset():
    raise ResetError


@pytest.mark.req("U5")
def test_the_loader_reads_key_and_locks(loader, world, tmp_path):
    assert loader.look(str(tmp_path)) == (False, 0)
    world.cabinet.service_key(True)
    world.cabinet.expanders[body.LOCKS].write(bytes((0x00, 0, 0)))
    world.cabinet.expanders[body.LOCKS].write(bytes((0x14, 0b101, 1)))
    assert loader.look(str(tmp_path)) == (True, 0x105)


@pytest.mark.req("U5")
def test_the_repl_opens_only_when_the_firmware_has_left_and_the_key_is_turned(loader, world, tmp_path, monkeypatch):
    folder, world.interrupts = str(tmp_path), True

    def firmware(*_args):
        assert world.interrupts is False  # Ctrl-C does not reach it
        return True

    monkeypatch.setattr(loader.loader, "start", firmware)
    world.cabinet.service_key(True)
    with pytest.raises(ResetError):
        loader.main(folder)
    (tmp_path / "service").write_bytes(b"left")
    loader.main(folder)  # the REPL
    world.cabinet.service_key(False)
    with pytest.raises(ResetError):
        loader.main(folder)
    assert not (tmp_path / "service").exists()


@pytest.mark.req("U5")
def test_a_firmware_that_fails_starts_again_and_is_reached_with_the_key_only(loader, world, tmp_path, monkeypatch):
    def firmware(*_args):
        raise ValueError("whatever")

    monkeypatch.setattr(loader.loader, "start", firmware)
    with pytest.raises(ResetError):
        loader.main(str(tmp_path))
    assert not (tmp_path / "service").exists()
    world.cabinet.service_key(True)
    with pytest.raises(ResetError):
        loader.main(str(tmp_path))
    assert (tmp_path / "service").exists()
