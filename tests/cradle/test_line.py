"""The shell of host and unit: an application that is slow or fails, a port that comes and goes, a station's session."""

import asyncio
import contextlib
import os
import pty
import re
import tty
from datetime import datetime
from pathlib import Path

import pytest

from agent.cradle.line import Line, some_block, time12
from firmware.cradle import addresses
from firmware.cradle.book import AddressBook
from firmware.cradle.host import Host, Settings
from firmware.cradle.terminal import STATION, Terminal
from simulator.cradle_line import CradleLine
from tests.hurried import hurrying

EVENTS = 4
hurried = hurrying(10)
TIME = "112226120000"


async def until(ready, minutes=60):
    async with asyncio.timeout(minutes * 60):
        while not ready():
            await asyncio.sleep(0.2)


async def come_to_rest(count):
    """What is counted, once two looks give the same: what was under way has come through."""
    seen = None
    while seen != (seen := count()):
        await asyncio.sleep(0.2)
    return seen


@contextlib.asynccontextmanager
async def running(*lines):
    tasks = [asyncio.create_task(line.run()) for line in lines]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def known():
    book = AddressBook()
    book.assign("AA")
    return book


async def nothing(event):
    return None


def ends(cradles, host, unit, told, unit_told=nothing, **kept):
    return Line(cradles.host.path, host, told, **kept), Line(cradles.units[0].path, unit, unit_told)


@pytest.mark.req("P53", "P73")
def test_a_station_and_its_unit_talk_until_the_unit_is_taken_out():
    async def story():
        host = Host("station", AddressBook(), {"power": 7, "wait_ms": 1000}, lambda: TIME)
        unit = Terminal("HK", lambda: (0, 0), port=STATION, first_block=some_block())
        events, screens = [], []

        async def told(event):
            events.append(event)
            if event[0] == "record":
                host.give("HK", [("block", "S", b"001|N" + event[3])])
            return True

        async def shown(event):
            if event[0] == "block":
                screens.append(event)
                unit.queue("D", b"103|ENTER")
                lines[1].poke()

        async with CradleLine(1) as cradles:
            lines = ends(cradles, host, unit, told, shown)
            async with running(*lines):
                unit.queue("D", b"104")
                await until(lambda: len(screens) == 3)
                unit.taken_out(lines[1].now_ms())
                lines[1].poke()
                await until(lambda: ("gone", "HK") in events)
        return events, screens

    events, screens = hurried(story())
    assert ("present", "HK") in events
    assert [event[3] for event in events if event[0] == "record"][:3] == [b"104", b"103|ENTER", b"103|ENTER"]
    assert [data for _, _, data in screens] == [b"001|N104", b"001|N103|ENTER", b"001|N103|ENTER"]


def test_no_answer_of_the_application_in_time_is_a_refusal_and_nothing_is_lost():
    async def story():
        host = Host("cradle", known(), {"cycle_ms": 500}, lambda: TIME)
        unit = Terminal("AA", lambda: (0, 0))
        asked = []

        async def told(event):
            if event[0] == "record":
                asked.append(event[3])
                await asyncio.sleep(60 if len(asked) == 1 else 0)
            return True

        async with CradleLine(1) as cradles:
            lines = ends(cradles, host, unit, told, answer_s=2)
            async with running(*lines):
                unit.queue("P", b"x")
                lines[1].poke()
                await until(lambda: not unit.uploads.items)
        return asked

    assert hurried(story())[:2] == [b"x", b"x"]


def test_an_application_that_does_not_look_makes_the_line_stand_still(monkeypatch):
    monkeypatch.setattr("agent.cradle.line.EVENTS", EVENTS)

    async def story():
        # every cycle begins with an event: there is no free address
        full = AddressBook(skip=[addresses.address(n) for n in range(addresses.ADDRESSES)])
        host = Host("cradle", full, {"wait_ms": 10, "cycle_ms": 1}, lambda: TIME)
        looks, seen = asyncio.Event(), []

        async def told(event):
            await looks.wait()
            seen.append(event)

        async with CradleLine(1) as cradles, running(line := Line(cradles.host.path, host, told)):
            await until(lambda: line._events.qsize() >= EVENTS)
            stood = await come_to_rest(lambda: cradles.down.passed)
            await asyncio.sleep(5)
            assert stood == cradles.down.passed > 0
            looks.set()
            await until(lambda: cradles.down.passed > stood)
        return seen

    assert len(hurried(story())) > EVENTS


def test_what_the_application_raises_ends_the_line():
    async def story():
        host = Host("cradle", known(), {}, lambda: TIME)
        unit = Terminal("AA", lambda: (0, 0))

        async def told(event):
            raise RuntimeError(event[0])

        async with CradleLine(1) as cradles, running(*ends(cradles, host, unit, told)) as tasks:
            with pytest.raises(RuntimeError, match="present"):
                async with asyncio.timeout(600):
                    await tasks[0]

    hurried(story())


def test_a_port_that_is_not_there_yet_and_one_that_goes_is_opened_when_it_is_there(tmp_path):
    async def story():
        path = tmp_path / "tty"
        host = Host("cradle", known(), {"wait_ms": 500, "cycle_ms": 500}, lambda: TIME)
        line = Line(path, host, nothing)
        async with running(line):
            for _ in range(2):
                await until(lambda: not line.is_open)
                master, slave = pty.openpty()
                tty.setraw(slave)
                os.set_blocking(master, False)
                path.symlink_to(os.ttyname(slave))
                said = bytearray()

                def spoke(master=master, said=said):
                    with contextlib.suppress(BlockingIOError):
                        said.extend(os.read(master, 4096))
                    return said

                await until(spoke)
                assert said[:1] == b"\x04" and line.is_open
                path.unlink()
                os.close(slave)
                os.close(master)

    hurried(story())


def test_time_is_local_and_block_numbers_begin_anywhere():
    assert time12(datetime(1997, 12, 9, 14, 30, 5)) == "120997143005"
    numbers = {some_block() for _ in range(50)}
    assert len(numbers) > 1 and all(1 <= number <= 99999 for number in numbers)


def test_each_setting_is_written_down_and_no_other_is_taken():
    text = (Path(__file__).parents[2] / "docs" / "polselect.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", text.split("## 15.")[1], re.MULTILINE)
    assert rows == [(name, str(value)) for name, value in vars(Settings).items() if name[0] != "_"]
    with pytest.raises(ValueError, match="powers"):
        Host("cradle", AddressBook(), {"powers": 7}, lambda: TIME)
