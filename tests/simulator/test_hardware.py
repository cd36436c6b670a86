"""The shipped drivers under MicroPython against the simulator's chips, over the bus: a ward's cabinet as its planogram
says, with lids, a fridge, a battery and a case."""

import asyncio
import contextlib
import os
import pty
import tty

import pytest

from agent.cabinet.runner import HEAP, micropython
from firmware import codes, issue
from firmware.compat import derive
from firmware.session import pin_hash
from firmware.wire import cbor, frame, messages, sealed
from server_stub.site import boards, planograms
from simulator import processes
from simulator.bytecode import compiled
from simulator.cabinet import cabinet as body
from simulator.cabinet.bus import Bus
from simulator.clock import Clock

STATION, KEY, SALT = "W1", bytes(32), b"saltsalt"
WAIT_S = 20
START_MS = 1_700_000_000_000
TABLES = {
    "items": [["morphine", 2, 1000, 0, 0, 0], ["insulin", 0, 1, 0, 0, 0]],
    "pockets": [
        ["D01-P03", 1, 3, "morphine", 1000, 9000, 20000],
        ["D08-P01", 8, 1, "insulin", 1, 5, 20],
    ],
    "users": [["b1", "anna", SALT, pin_hash(SALT, "1234", 2), 2, 31, 0xFFFFFFFF]],
    "patients": [["pat1", 1]],
}
FRIDGE = 8


class Ward:
    """A controller process at its cabinet; what happens is in `act`, hospital time in between in `later`."""

    def __init__(self, folder):
        layout = boards.read("linux-bus")
        rows = boards.rows(layout, planograms.read("ward"))
        timings = list(layout.timings.model_dump().values())
        record = [2, STATION, 1, issue.keys_of(KEY), "0.1.0", 64, rows, timings, layout.hardware()]
        (folder / "controller.cbor").write_bytes(cbor.encode(record))
        (folder / "ring.bin").write_bytes(issue.ring_start(KEY))
        self.folder, self.time_ms, self.rid, self.written = folder, START_MS, 0, 0
        self.cabinet = body.Cabinet({"D01-P03": 8000, "D08-P01": 5}, body.wiring_of(rows))
        self.clock = Clock([STATION], START_MS, lambda _place: self.bus.rest())
        self.bus = Bus(STATION, self.cabinet, self.clock)
        self.bus.link_delivered = lambda: self.written
        self.decoder, self.heard, self.news = frame.Decoder(), [], asyncio.Event()

    async def start(self):
        path = os.path.relpath(self.folder / "bus")
        await self.bus.serve(self.folder / "bus")
        self.master, self.slave = pty.openpty()
        tty.setraw(self.master)
        link = os.open(os.ttyname(self.slave), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        main = processes.ROOT / "firmware" / "ports" / "unix_main.py"
        argv = [micropython(), "-X", f"heapsize={HEAP}", str(main)]
        env = {**os.environ, "MICROPYPATH": f"{compiled()}:.frozen"}
        self.process = await asyncio.create_subprocess_exec(
            *argv, os.path.relpath(self.folder), path, str(link), env=env, pass_fds=[link]
        )
        os.close(link)
        asyncio.get_running_loop().add_reader(self.master, self._read)
        await self.bus.rest()

    async def stop(self):
        asyncio.get_running_loop().remove_reader(self.master)
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        self.bus.close()
        os.close(self.master)
        os.close(self.slave)

    def _read(self):
        self.heard += [cbor.decode(payload) for payload in self.decoder.feed(os.read(self.master, 4096))]
        self.news.set()

    async def send(self, message, *starts):
        """The answer: the first message that begins so."""
        self.heard.clear()
        data = frame.encode(cbor.encode(message))
        self.written += len(data)
        os.write(self.master, data)
        while not (found := [m for m in self.heard if m[: len(starts)] == list(starts)]):
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), WAIT_S)
        await self.bus.rest()
        return found[0]

    async def ask(self, request, *args):
        self.rid += 1
        return (await self.send([messages.REQUEST, self.rid, request, list(args)], messages.REPLY, self.rid))[2:]

    async def load(self):
        for table, rows in TABLES.items():
            part = sealed.seal([1, STATION, table, 1, 0, 1, 1, rows], derive(KEY, "reference"))
            assert (await self.send([messages.REFERENCE, part], messages.RESULT))[2] == 0, table
        assert (await self.ask(messages.SIGN_ON, "b1", "1234"))[0] == 0

    async def act(self, what):
        async def now():
            what()

        self.clock.at(self.time_ms, STATION, now)
        await self.later(0)

    async def later(self, ms):
        self.time_ms += ms
        await self.clock.run(self.time_ms + 1)
        self.time_ms += 1

    async def alarms(self):
        await self.ask(messages.GET_STATE)
        return [m for m in self.heard if m[0] == messages.STATE][-1][10]


def at_the_ward(tmp_path, story):
    async def main():
        ward = Ward(tmp_path)
        await ward.start()
        try:
            await ward.load()
            await asyncio.wait_for(story(ward, ward.cabinet), 120)
        finally:
            await ward.stop()

    asyncio.run(main())


@pytest.mark.req("P5", "F20", "F21")
def test_a_removal_from_under_a_lid(tmp_path):
    async def story(ward, cabinet):
        await ward.ask(messages.COUNT, "D01-P03")
        await through_the_lid(ward, cabinet)
        assert (await ward.ask(messages.CONFIRM, 8000, None, None))[0] == 0
        await shut(ward, cabinet)
        assert (await ward.ask(messages.REMOVE, "pat1", "", "morphine", 2000, None, None, 0, "", 0))[0] == 0
        await through_the_lid(ward, cabinet)
        cabinet.take("D01-P03", 2000)
        assert (await ward.ask(messages.CONFIRM, 2000, None, None))[1][1:] == [8000, 6000]
        await shut(ward, cabinet)
        assert await ward.alarms() == [] and cabinet.expanders[body.LOCKS].outputs == 0

    at_the_ward(tmp_path, story)


async def through_the_lid(ward, cabinet):
    assert not cabinet.drawers[1].latched and cabinet.lines[body.HOLD_LINE] == 0 and cabinet.lit == (1, 3)
    await ward.later(1000)
    assert cabinet.lines[body.HOLD_LINE] == 1 and cabinet.energised(1)
    await ward.act(lambda: cabinet.pull(1))
    assert cabinet.driven("D01-P03") and not cabinet.energised(1)
    assert not any(cabinet.driven(f"D01-P{n:02}") for n in (1, 2, 4, 5, 6, 7, 8))
    await ward.later(1000)
    await ward.act(lambda: cabinet.lift("D01-P03"))
    assert not cabinet.driven("D01-P03")


async def shut(ward, cabinet):
    await ward.later(1000)
    await ward.act(lambda: cabinet.lower("D01-P03"))
    await ward.later(1000)
    await ward.act(lambda: cabinet.push(1))
    await ward.later(1000)
    assert cabinet.drawers[1].latched


@pytest.mark.req("F30", "U28")
def test_case_battery_and_a_lid_torn_open(tmp_path):
    async def story(ward, cabinet):
        await ward.act(lambda: cabinet.case(True))
        await ward.act(lambda: cabinet.mains(False))
        assert await ward.alarms() == [[codes.ALARM_TAMPER, 0], [codes.ALARM_ON_BATTERY, 0]]
        assert cabinet.lines[body.BUZZER_LINE] == 1
        cabinet.gauge.percent = 12.0
        await ward.later(60_000)
        assert cabinet.lines[body.BUZZER_LINE] == 1 and [codes.ALARM_BATTERY_LOW, 0] in await ward.alarms()
        await ward.act(lambda: (cabinet.mains(True), cabinet.case(False)))
        await ward.act(lambda: cabinet.pull(1, force=True))
        await ward.act(lambda: cabinet.lift("D01-P02", force=True))
        assert await ward.alarms() == [[codes.ALARM_FORCED, 1], [codes.ALARM_LID_FORCED, 1]]
        await ward.later(10_000)
        assert cabinet.lines[body.BUZZER_LINE] == 0

    at_the_ward(tmp_path, story)


@pytest.mark.req("F30", "U28")
def test_a_thermometer_that_falls_silent(tmp_path):
    async def story(ward, cabinet):
        await ward.later(120_000)
        assert await ward.alarms() == []
        cabinet.thermometers[FRIDGE].centi = None
        await ward.later(15 * 60_000)
        assert await ward.alarms() == []
        await ward.later(60_000)
        assert await ward.alarms() == [[codes.ALARM_TEMPERATURE, FRIDGE]]
        cabinet.thermometers[FRIDGE].centi = 480
        await ward.later(60_000)
        assert await ward.alarms() == []

    at_the_ward(tmp_path, story)
