"""Host and units as they run in service, on pseudo-terminals and a line of real speed; the loop's clock is fast."""

import asyncio
import contextlib
from dataclasses import dataclass, field

import pytest

from agent.cradle.line import Line, some_block
from firmware.cradle import records
from firmware.cradle.book import AddressBook
from firmware.cradle.host import Host
from firmware.cradle.terminal import Terminal
from simulator.cradle_line import CradleLine, faults
from tests.hurried import hurrying

hurried = hurrying(40)
TIME = "112226120000"
LIST = b"".join(b"N|ICU1|A|%05d|Item %d|S1|10|R\n" % (n, n) for n in range(60))


def sealed(data):
    text, _, found = data.decode("latin-1").rpartition("|#")
    return found == records.record_hash(text.encode("latin-1"))


@dataclass
class Unit:
    """A unit with its line; `got` is what came down."""

    terminal: Terminal
    line: Line
    got: list = field(default_factory=list)
    made: list = field(default_factory=list)
    task: asyncio.Task | None = None

    def record(self, text):
        data = text.encode() + b"|#" + records.record_hash(text.encode()).encode()
        self.terminal.queue("P", data)
        self.made.append(data)
        self.line.poke()


def a_unit(jack, baud, address=None, **kept):
    terminal = Terminal(
        address, lambda: (30, 5), check=lambda flag, data: sealed(data), first_block=some_block(), **kept
    )

    async def told(event):
        unit.got.append(event)

    unit = Unit(terminal, Line(jack.path, terminal, told, baud=baud))
    unit.task = asyncio.create_task(unit.line.run())
    return unit


@contextlib.asynccontextmanager
async def cradles(count, baud=9600, spoilt=None, **settings):
    """A host at the cradles and `count` units; the host's application keeps whole records."""
    async with CradleLine(count, baud, spoilt) as line:
        host = Host("cradle", AddressBook(), {"baud": baud, **settings}, lambda: TIME)
        events, kept = [], []

        async def told(event):
            events.append(event)
            if event[0] != "record":
                return True
            if sealed(event[3]) and event[3] not in kept:
                kept.append(event[3])
            return sealed(event[3])

        at = Line(line.host.path, host, told, baud=baud)
        task = asyncio.create_task(at.run())
        units = [a_unit(jack, baud) for jack in line.units]
        try:
            yield line, host, units, events, kept
        finally:
            for running in [task, *(unit.task for unit in units)]:
                running.cancel()
            await asyncio.gather(task, *(unit.task for unit in units), return_exceptions=True)


async def until(ready, minutes=60):
    async with asyncio.timeout(minutes * 60):
        while not ready():
            await asyncio.sleep(0.5)


def served(host, units):
    waiting = [host.book.status(unit.terminal.address).waiting for unit in units if unit.terminal.address]
    return all(unit.terminal.address and not unit.terminal.uploads.items for unit in units) and not any(waiting)


@pytest.mark.req("P54", "P57", "P63", "P70", "P71")
def test_three_units_on_one_line_get_addresses_and_are_served_in_turn():
    async def story():
        async with cradles(3, cycle_ms=500) as (_, host, units, _, kept):
            await until(lambda: all(unit.terminal.address for unit in units))
            for unit in units:
                unit.record(f"ICU1|{unit.terminal.address}01|10")
                host.give(unit.terminal.address, [("file", "picks.lst", LIST)])
            await until(lambda: served(host, units))
            return host, units, kept

    host, units, kept = hurried(story())
    assert len({unit.terminal.address for unit in units}) == 3
    assert all(host.book.knows(unit.terminal.address) for unit in units)
    assert sorted(kept) == sorted(unit.made[0] for unit in units)
    for unit in units:
        assert [event for event in unit.got if event[0] == "file"] == [("file", "picks.lst", LIST)]


@pytest.mark.req("P95")
@pytest.mark.parametrize(("baud", "rate"), [(9600, 0.001), (115200, 0.001), (115200, 0.01)])
def test_on_a_bad_line_every_exchange_ends_right_or_says_why(baud, rate):
    async def story():
        async with cradles(3, baud, faults(7, rate), power=6, cycle_ms=500, wait_ms=1500) as (
            _,
            host,
            units,
            events,
            kept,
        ):
            await until(lambda: all(unit.terminal.address for unit in units))
            for n, unit in enumerate(units):
                for number in range(4):
                    unit.record(f"ICU1|{unit.terminal.address}{number:02}|10")
                host.give(unit.terminal.address, [("file", "picks.lst", LIST[: 200 * (n + 1)])])
            await until(lambda: served(host, units))
            return units, events, kept

    units, events, kept = hurried(story())
    assert sorted(kept) == sorted(data for unit in units for data in unit.made)
    for n, unit in enumerate(units):
        assert [event[2] for event in unit.got if event[0] == "file"] == [LIST[: 200 * (n + 1)]]
    assert all(why for _, _, why in (event for event in events if event[0] == "trouble"))


def test_a_unit_pulled_out_in_the_middle_of_a_file_gets_it_next_time():
    async def story():
        async with cradles(1, cycle_ms=500) as (line, host, units, events, _):
            (unit,) = units
            await until(lambda: unit.terminal.address)
            host.give("AA", [("file", "picks.lst", LIST)])
            unit.terminal.queue("L", b"")
            unit.line.poke()
            before = line.down.passed
            await until(lambda: line.down.passed > before + 500)
            line.pull(0)
            unit.terminal.taken_out(unit.line.now_ms())
            unit.line.poke()
            await until(lambda: ("trouble", "AA", "silent") in events)
            line.put(0)
            unit.terminal.cradled(unit.line.now_ms())
            unit.line.poke()
            await until(lambda: served(host, units))
            return unit

    unit = hurried(story())
    assert [event for event in unit.got if event[0] == "file"] == [("file", "picks.lst", LIST)]
