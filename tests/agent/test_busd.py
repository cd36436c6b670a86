"""busd on a Linux cabinet: the protocol of docs/wire.md section 1 over chips that are simulated or mocked."""

import asyncio
import os
import struct

import gpiod
import pytest
from gpiod.line import Direction, Value

from agent import busd, chips
from firmware import config
from firmware.issue import keys_of
from firmware.ports import unix
from server_stub.site import boards, planograms
from simulator.cabinet import cabinet as body

FOREVER = unix.NO_DEADLINE
WAIT_S = 120
LOCK_1 = bytes((0x20, 0x14, 1, 0))
ALL_OUT = bytes((0x20, 0x00, 0, 0))


class SimulatedI2c:
    def __init__(self, cabinet):
        self.cabinet = cabinet
        self.absent = set()

    def write(self, address, data):
        self.write_read(address, data, 0)

    def write_read(self, address, data, n):
        if address in self.absent or address not in self.cabinet.devices:
            raise OSError(121)
        self.cabinet.devices[address].write(data)
        out = self.cabinet.devices[address].read(n) if n else b""
        self.cabinet.touch_bus()
        return out


class SimulatedLines:
    """Edges wake the daemon through a pipe."""

    def __init__(self, cabinet):
        self.cabinet, self.waiting = cabinet, []
        self.fd, self._wake = os.pipe()
        cabinet.on_line = self._edge

    def _edge(self, line, level):
        self.waiting.append((line, level))
        os.write(self._wake, b"x")

    def edges(self):
        os.read(self.fd, 1)
        return [self.waiting.pop(0)]

    def set(self, line, value):
        self.cabinet.lines[line] = value

    def get(self, line):
        if line not in self.cabinet.inputs:
            raise OSError("not wired")
        return self.cabinet.inputs[line]

    def close(self):
        os.close(self.fd)
        os.close(self._wake)


class Controller:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def send(self, op, data=b""):
        self.writer.write(struct.pack("<HB", 1 + len(data), op) + data)

    async def frame(self):
        (length,) = struct.unpack("<H", await asyncio.wait_for(self.reader.readexactly(2), WAIT_S))
        return await self.reader.readexactly(length)

    async def ask(self, op, data=b""):
        self.send(op, data)
        return await self.frame()

    def idle(self, deadline=FOREVER, taken=0):
        self.send(unix.IDLE, struct.pack("<QII", deadline, 0, taken))


def on_bus(tmp_path, story):
    async def main():
        cabinet = body.Cabinet({"D01-P01": 1})
        lines = SimulatedLines(cabinet)
        daemon = busd.Busd(SimulatedI2c(cabinet), lines, [0x20, 0x23])
        server = await daemon.serve(tmp_path / "bus")

        people = []

        async def stranger():
            people.append(Controller(*await asyncio.open_unix_connection(tmp_path / "bus")))
            return people[-1]

        async def connect():
            controller = await stranger()
            assert await controller.ask(unix.HELLO, b"\x01S1") == b"\x81\x01"
            return controller

        try:
            daemon.stranger = stranger
            await asyncio.wait_for(story(daemon, cabinet, connect), WAIT_S)
        finally:
            server.close()
            for controller in people:
                controller.writer.close()
            await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
            asyncio.get_running_loop().remove_reader(lines.fd)
            lines.close()

    asyncio.run(main())


async def energise(controller):
    for data in (LOCK_1, ALL_OUT):
        assert await controller.ask(unix.I2C_WRITE, data) == b"\x90"


@pytest.mark.req("U2")
def test_requests_reach_the_chips_and_a_nak_is_told(tmp_path):
    async def story(_daemon, cabinet, connect):
        controller = await connect()
        await energise(controller)
        assert not cabinet.drawers[1].latched
        assert await controller.ask(unix.I2C_WRITE_READ, b"\x22\x02\x12") == b"\x92\xfe\xff"
        assert (await controller.ask(busd.I2C_READ, b"\x22\x01"))[0] == 0x91
        assert await controller.ask(unix.GPIO_SET, b"\x03\x01") == b"\xa0" and cabinet.lines[3] == 1
        assert await controller.ask(unix.GPIO_GET, b"\x05") == b"\xa1\x01"
        for op, data, code in (
            (unix.I2C_WRITE, b"\x50\x00", 5),
            (unix.GPIO_GET, b"\x09", 5),
            (unix.I2C_WRITE, b"", 22),
            (0x77, b"", 22),
        ):
            assert await controller.ask(op, data) == bytes((0xFF, code))
        utc_ms, mono_ms, quality = struct.unpack("<QQB", (await controller.ask(unix.CLOCK))[1:])
        assert utc_ms > 1_600_000_000_000 and mono_ms < 60_000 and quality in (1, 2)

    on_bus(tmp_path, story)


def test_edges_and_deadlines_come_as_events(tmp_path):
    async def story(_daemon, cabinet, connect):
        controller = await connect()
        cabinet.case(True)
        edge = await controller.frame()
        assert edge[:3] == bytes((unix.EDGE, body.TAMPER_LINE, 1))
        controller.idle(deadline=1, taken=1)
        tick = await controller.frame()
        assert tick[0] == unix.TICK and struct.unpack("<QQ", tick[1:])[1] >= 1

    on_bus(tmp_path, story)


@pytest.mark.req("U2")
def test_a_controller_that_goes_leaves_everything_safe(tmp_path):
    async def story(daemon, cabinet, connect):
        controller = await connect()
        await energise(controller)
        safe, was = asyncio.Event(), daemon.safe
        daemon.safe = lambda: (was(), safe.set())
        controller.writer.close()
        await safe.wait()
        assert cabinet.drawers[1].latched and cabinet.lines == {2: 0, 3: 0}

    on_bus(tmp_path, story)


def test_a_chip_that_is_away_does_not_keep_the_others_from_safety(tmp_path):
    async def story(daemon, cabinet, connect):
        await energise(await connect())
        daemon._outputs.insert(0, 0x27)
        daemon.safe()
        assert cabinet.drawers[1].latched

    on_bus(tmp_path, story)


def test_a_controller_that_no_longer_comes_round_is_cut_off(tmp_path, monkeypatch):
    async def story(_daemon, cabinet, connect):
        controller = await connect()
        await energise(controller)
        monkeypatch.setattr(busd, "LIFE_S", 0.0)
        cabinet.case(True)
        assert (await controller.frame())[0] == unix.EDGE
        assert await asyncio.wait_for(controller.reader.read(), WAIT_S) == b""
        assert cabinet.drawers[1].latched

    on_bus(tmp_path, story)


def test_the_newer_controller_has_the_bus(tmp_path):
    async def story(_daemon, cabinet, connect):
        first = await connect()
        await energise(first)
        second = await connect()
        assert cabinet.drawers[1].latched
        assert await asyncio.wait_for(first.reader.read(), WAIT_S) == b""
        assert (await second.ask(unix.CLOCK))[0] == 0xB0

    on_bus(tmp_path, story)


def test_nobody_is_answered_before_a_hello(tmp_path):
    async def story(daemon, _cabinet, _connect):
        stranger = await daemon.stranger()
        assert await stranger.ask(unix.CLOCK) == b"\xff\x16"

    on_bus(tmp_path, story)


def test_the_time_quality_is_that_of_its_source(monkeypatch, tmp_path):
    monkeypatch.setattr(busd, "SYNCHRONISED", tmp_path / "synchronized")
    assert busd.time_quality() == 1
    (tmp_path / "synchronized").touch()
    assert busd.time_quality() == 2


def test_all_outputs_of_a_planogram_are_made_safe():
    layout = boards.read("linux-bus")
    rows = boards.rows(layout, planograms.read("icu"))
    cfg = config.Config("S1", 1, keys_of(bytes(32)), "0.1.0", 8, rows, (1, 1, 1, 1, 1), layout.hardware())
    assert busd.output_expanders(cfg) == [0x20, 0x23, 0x24]


# ---- the libraries of the real hardware


def test_i2c_through_smbus2(mocker):
    bus = mocker.patch("agent.chips.SMBus").return_value
    bus.i2c_rdwr.side_effect = lambda *parts: [setattr(part, "heard", True) for part in parts]
    i2c = chips.I2c(1)
    i2c.write(0x20, b"\x14\x01\x00")
    (message,) = bus.i2c_rdwr.call_args.args
    assert (message.addr, message.flags, bytes(message)) == (0x20, 0, b"\x14\x01\x00")
    assert i2c.write_read(0x22, b"\x12", 2) == b"\0\0"
    asked, answer = bus.i2c_rdwr.call_args.args
    assert (asked.addr, bytes(asked), answer.addr, answer.len, answer.flags) == (0x22, b"\x12", 0x22, 2, 1)
    bus.i2c_rdwr.side_effect = OSError(121)
    with pytest.raises(OSError):
        i2c.write(0x50, b"\0")


def test_lines_through_gpiod(mocker):
    request = mocker.patch("agent.chips.gpiod.request_lines").return_value
    lines = chips.Lines("/dev/gpiochip0", {"int": 17, "hold": 22, "tamper": 23, "i2c": 1})
    settings = chips.gpiod.request_lines.call_args.kwargs["config"]
    assert set(settings) == {17, 22, 23}
    assert settings[22].direction is Direction.OUTPUT and settings[22].output_value is Value.INACTIVE
    assert settings[17].debounce_period < settings[23].debounce_period == chips.DEBOUNCE
    lines.set(chips.HOLD_LINE, 1)
    request.set_value.assert_called_once_with(22, Value.ACTIVE)
    request.get_value.return_value = Value.ACTIVE
    assert lines.get(chips.TAMPER_LINE) == 1
    kind = gpiod.EdgeEvent.Type
    request.read_edge_events.return_value = [
        mocker.Mock(line_offset=17, event_type=kind.FALLING_EDGE),
        mocker.Mock(line_offset=23, event_type=kind.RISING_EDGE),
    ]
    assert lines.edges() == [(chips.INT_LINE, 0), (chips.TAMPER_LINE, 1)]
    for refused in (lambda: lines.set(chips.INT_LINE, 1), lambda: lines.set(chips.BUZZER_LINE, 1)):
        with pytest.raises(OSError):
            refused()
