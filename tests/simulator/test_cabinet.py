"""The virtual cabinet: expander registers as in the data sheet, drawers as physics, the bus as in docs/wire.md."""

import asyncio
import struct

import pytest

from simulator.cabinet import bus as wires
from simulator.cabinet.bus import Bus
from simulator.cabinet.cabinet import LATCHES, LIGHT, LOCKS, SWITCHES, Cabinet, Stuck
from simulator.cabinet.expander import GPINTEN, GPIO, INTCAP, INTF, IOCON, IODIR, MIRROR, OLAT, Expander
from simulator.clock import Clock

A, B = 0, 1


def reg(register, port=A):
    return 2 * register + port


def read(expander, register, port=A, n=1):
    expander.write(bytes((reg(register, port),)))
    return expander.read(n)


def test_power_on_has_all_pins_as_inputs_and_nothing_driven():
    expander = Expander()
    expander.write(bytes((reg(OLAT), 0xFF, 0xFF)))
    assert read(expander, IODIR, n=2) == b"\xff\xff"
    assert expander.outputs == 0
    expander.write(bytes((reg(IODIR), 0x00, 0xFE)))
    assert expander.outputs == 0x01FF
    expander.power_on()
    assert expander.outputs == 0


def test_addresses_run_on_and_wrap_round():
    expander = Expander()
    expander.drive(0x1234)
    expander.write(bytes((reg(OLAT), 0xAA)))
    assert read(expander, GPIO, n=4) == b"\x34\x12\xaa\x00"
    assert read(expander, OLAT, B, n=2) == b"\x00\xff"  # wraps to IODIRA


def test_a_change_interrupts_once_and_reading_clears_it():
    expander = Expander()
    expander.drive(0xFFFF)
    expander.write(bytes((reg(IOCON), MIRROR)))
    expander.write(bytes((reg(GPINTEN), 0xFF, 0xFF)))
    assert not expander.interrupting
    expander.drive(0xFDFF)
    assert expander.interrupting
    assert read(expander, INTF, B) == b"\x02"
    expander.drive(0xF9FF)
    assert read(expander, INTCAP, B) == b"\xfd"  # as it was at the first change
    assert expander.interrupting  # the second change is not lost
    assert read(expander, GPIO, B) == b"\xf9"
    assert not expander.interrupting


def test_compared_with_a_default_the_interrupt_stays_until_the_pin_is_back():
    expander = Expander()
    expander.write(bytes((0x06, 0x01)))  # DEFVALA
    expander.write(bytes((0x08, 0x01)))  # INTCONA
    expander.write(bytes((reg(GPINTEN), 0x01)))
    assert expander.interrupting
    assert read(expander, GPIO) == b"\x00"
    assert expander.interrupting
    expander.drive(1)
    read(expander, GPIO)
    assert not expander.interrupting


def energise(cabinet, drawer):
    cabinet.devices[LOCKS].write(bytes((reg(OLAT), *struct.pack("<H", 1 << (drawer - 1) if drawer else 0))))
    cabinet.devices[LOCKS].write(bytes((reg(IODIR), 0, 0)))


@pytest.fixture
def cabinet():
    return Cabinet({"D03-P01": 5})


def test_a_drawer_opens_only_when_its_latch_is_released(cabinet):
    with pytest.raises(Stuck):
        cabinet.pull(3)
    energise(cabinet, 3)
    cabinet.pull(3)
    cabinet.take("D03-P01", 2)
    with pytest.raises(Stuck):
        cabinet.take("D03-P01", 4)
    energise(cabinet, 0)
    cabinet.push(3)
    assert cabinet.contents == {"D03-P01": 3}
    with pytest.raises(Stuck):
        cabinet.put("D03-P01", 1)
    with pytest.raises(Stuck):
        cabinet.pull(3)


def test_a_jammed_latch_holds_until_it_is_freed(cabinet):
    cabinet.jam(3)
    energise(cabinet, 3)
    with pytest.raises(Stuck):
        cabinet.pull(3)
    cabinet.jam(3, jammed=False)
    cabinet.pull(3)


def test_power_cut_lets_the_latch_fall_back(cabinet):
    energise(cabinet, 3)
    cabinet.devices[LIGHT].write(bytes((reg(OLAT), 3, 1)))
    cabinet.devices[LIGHT].write(bytes((reg(IODIR), 0, 0)))
    assert cabinet.lit == (3, 1)
    cabinet.power_on()
    assert cabinet.lit == (0, 0)
    with pytest.raises(Stuck):
        cabinet.pull(3)


def test_force_shows_at_the_switch(cabinet):
    levels = []
    cabinet.on_line = lambda line, level: levels.append(level)
    for address in (SWITCHES, LATCHES):
        cabinet.devices[address].write(bytes((reg(GPINTEN), 0xFF, 0xFF)))
        cabinet.devices[address].write(bytes((reg(IOCON), MIRROR)))
    cabinet.pull(3, force=True)
    assert levels == [0]
    assert read(cabinet.devices[SWITCHES], GPIO) == b"\xfb"
    read(cabinet.devices[LATCHES], GPIO)
    cabinet.touch_bus()
    assert levels == [0, 1]


class Controller:
    """A scripted controller on the bus."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def send(self, op, body=b""):
        self.writer.write(struct.pack("<HB", 1 + len(body), op) + body)

    async def frame(self):
        (length,) = struct.unpack("<H", await self.reader.readexactly(2))
        return await self.reader.readexactly(length)

    async def ask(self, op, body=b""):
        self.send(op, body)
        return await self.frame()

    def idle(self, deadline=wires.FOREVER, read=0, events=0):
        self.send(wires.IDLE, struct.pack("<QII", deadline, read, events))


def on_bus(tmp_path, story):
    async def main():
        clock = Clock(["S1"], 1_000_000)
        cabinet = Cabinet({"D01-P01": 0})
        bus = Bus("S1", cabinet, clock)
        clock._settle = lambda place: bus.rest()
        await bus.serve(tmp_path / "bus")
        controller = Controller(*await asyncio.open_unix_connection(tmp_path / "bus"))
        assert await controller.ask(wires.HELLO, b"\x01S1") == b"\x81\x01"
        try:
            await story(clock, cabinet, bus, controller)
        finally:
            controller.writer.close()
            bus.close()

    asyncio.run(main())


def test_bus_answers_i2c_and_naks_what_is_not_there(tmp_path):
    async def story(clock, cabinet, bus, controller):
        assert await controller.ask(wires.I2C_WRITE, b"\x20\x14\x01\x00") == b"\x90"
        assert await controller.ask(wires.I2C_WRITE, b"\x20\x00\x00\x00") == b"\x90"
        assert not cabinet.drawers[1].latched
        assert await controller.ask(wires.I2C_WRITE_READ, b"\x22\x02\x12") == b"\x92\xfe\xff"
        assert await controller.ask(wires.I2C_WRITE, b"\x30\x00") == b"\xff\x05"
        assert await controller.ask(wires.I2C_WRITE, b"") == b"\xff\x16"
        utc, mono, _ = struct.unpack("<QQB", (await controller.ask(wires.CLOCK))[1:])
        assert (utc, mono) == (1_000_000, 0)

    on_bus(tmp_path, story)


def test_a_deadline_comes_as_a_tick_at_its_hospital_time(tmp_path):
    async def story(clock, cabinet, bus, controller):
        controller.idle(deadline=2500)
        await bus.rest()
        running = asyncio.create_task(clock.run(2_000_000))
        tick = await controller.frame()
        assert tick[0] == wires.TICK
        assert struct.unpack("<QQ", tick[1:]) == (1_002_500, 2500)
        assert not bus.quiet
        controller.idle(events=1)
        await running

    on_bus(tmp_path, story)


def test_a_station_is_quiet_only_when_all_given_to_it_is_handled(tmp_path):
    async def story(clock, cabinet, bus, controller):
        bus.link_delivered = lambda: 7
        controller.idle(read=6)
        await controller.ask(wires.CLOCK)
        assert not bus.quiet
        controller.idle(read=7)
        await asyncio.wait_for(bus.rest(), 5)
        assert bus.quiet

    on_bus(tmp_path, story)


def test_a_lost_connection_is_a_power_cut(tmp_path):
    async def story(clock, cabinet, bus, controller):
        power = []
        cut = asyncio.Event()
        bus.on_power = lambda up: (power.append(up), cut.set())
        await controller.ask(wires.I2C_WRITE, b"\x20\x14\x01\x00")
        await controller.ask(wires.I2C_WRITE, b"\x20\x00\x00\x00")
        assert not cabinet.drawers[1].latched
        controller.writer.close()
        await cut.wait()
        assert power == [False]
        assert cabinet.drawers[1].latched
        assert not bus.quiet

    on_bus(tmp_path, story)
