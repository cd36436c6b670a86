"""Each controller board on a `machine` of the simulator's chips: bus, clock, edges, flash, its whole program."""

import gc
import importlib
import select
import sys
from types import SimpleNamespace

import pytest

from firmware import codes
from firmware.build import build
from firmware.drivers.mcp23017 import OLAT, Expander
from firmware.drivers.w25q import NorFlash
from firmware.journal.ram import RamStore
from firmware.tables import Tables
from firmware.wire import cbor, frame, messages
from simulator.cabinet import cabinet as body
from tests.unit.fake_board import BOARDS, NO_PIN, World, module, run_on


@pytest.fixture(params=BOARDS)
def world(request):
    return World(request.param)


@pytest.fixture
def chips(world, monkeypatch):
    run_on(world, monkeypatch)
    module("chips_spi", monkeypatch)
    return module("chips", monkeypatch)


@pytest.fixture
def spi(chips):
    return sys.modules["firmware.ports.chips_spi"]


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


def test_flash_programs_clear_bits_and_erases_set_them(chips, spi, world):
    chips.Bus(world.pins)
    flash = NorFlash(spi.FlashSpi(world.pins), 8)
    page, buf = bytes(range(256)), bytearray(256)
    flash.erase(1)
    flash.program(17, page)
    flash.read(17, buf)
    assert buf == page and world.nor.bytes[256 : 17 * 256] == b"\xff" * (16 * 256)
    flash.program(17, b"\x0f")
    flash.read(17, buf)
    assert buf[0] == 0 and buf[1:] == page[1:]
    flash.erase(1)
    flash.read(17, buf)
    assert buf == b"\xff" * 256


def test_flash_that_takes_no_write_is_an_error(spi, world, monkeypatch):
    flash = NorFlash(spi.FlashSpi(world.pins), 8)
    world.nor.write_protected = True
    with pytest.raises(OSError):
        flash.program(0, b"\0")
    world.nor.write_protected, world.nor.busy_polls = False, 1_000_000
    monkeypatch.setattr("firmware.drivers.w25q.POLLS", 100)
    with pytest.raises(OSError):
        flash.erase(0)


@pytest.mark.req("P5", "U2")
def test_the_board_boots_answers_and_stops_when_the_journal_does(chips, spi, port, world):
    from firmware.ports.shell import Shell  # the shell of every port

    bus, link = chips.Bus(world.pins), chips.Link(world.pins)
    flash = NorFlash(spi.FlashSpi(world.pins), world.cfg.ring_sectors)
    power = SimpleNamespace(spend=lambda n: n, check=lambda: None)
    files = SimpleNamespace(reader=_no_file, writer=_no_file)
    parts = build(world.cfg, Tables(24), flash, RamStore(power), files, port.entropy_of(world.cfg.keys.entropy))
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
    assert world.nor.bytes[256:258] != b"\xff\xff"  # the boot entry
    used = {name: pin for name, pin in world.pins.items() if name not in NO_PIN}
    assert sorted(world.claimed) == sorted(used.values())


class Unplugged(Exception):
    """Ends a main loop that has no end."""


@pytest.fixture
def program(chips, world, monkeypatch, tmp_path):
    """The board's program; its files are in `tmp_path`."""
    monkeypatch.setattr(gc, "threshold", lambda *_bytes: None, raising=False)
    (tmp_path / "controller.cbor").write_bytes(cbor.encode([2, *world.identity]))
    module("chips_main", monkeypatch)
    return module(f"{BOARDS[world.board]}_main", monkeypatch)


def waits_with(monkeypatch, poll):
    monkeypatch.setattr(select, "poll", lambda: SimpleNamespace(register=lambda *_what: None, poll=poll))


@pytest.mark.req("P5", "U2")
def test_the_board_s_program_starts_from_its_files_and_comes_round(program, world, monkeypatch, tmp_path, capsys):
    rounds = []

    def poll(_ms):
        rounds.append(world.fed)
        world.ticks += 5
        if len(rounds) > 3:
            raise Unplugged
        return []

    waits_with(monkeypatch, poll)
    with pytest.raises(Unplugged):
        program.start_as_program(None, str(tmp_path))
    heard = [cbor.decode(payload) for payload in frame.Decoder().feed(world.from_board)]
    assert heard[0][:3] == [messages.INFO, "W1", 1] and rounds[-1] > 0
    assert capsys.readouterr().out == "controller starts: WDT_RESET\n"


@pytest.mark.req("U5")
def test_the_program_comes_back_when_the_firmware_has_left(program, monkeypatch, tmp_path):
    waits_with(monkeypatch, lambda _ms: [1])
    monkeypatch.setattr("firmware.ports.shell.Shell.idle", lambda shell: setattr(shell, "left", True))
    program.start_as_program(None, str(tmp_path))
    assert (tmp_path / "service").exists()


def _no_file(*_args):
    raise OSError(2)
