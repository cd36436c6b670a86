"""One package delivered through everything there is: a unit, its line, the agent, MicroPython's controller, drawers."""

import asyncio
import contextlib
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from agent.clock import SystemClock
from agent.cradle.station import StationCradle
from agent.keys import Signer, Verifier
from agent.link import SerialLink
from agent.outbox import Outbox
from agent.panel import Outcome, Panel
from agent.settings import Settings
from agent.station import Agent
from firmware import codes
from firmware.cradle import display
from firmware.journal import entry, kinds
from simulator.cradle_line import CradleLine
from simulator.wire import End
from tests.agent.linked_unit import Unit, until
from tests.hurried import hurrying
from tests.scenarios import language, runner
from tests.scenarios.panel import HAND_MS, LOG, STATION
from tests.scenarios.world import World

hurried = hurrying(20)
PLACE, PACKAGE = "D03-P01", "Z1|heparin|6|HK01"
GIVEN = ("the ward cabinet", "label HK01 is on 6 of heparin", "the rule ask_beginning is 1", "1 of heparin in D03-P01")


class NoBroker:
    def publish(self, *_):
        raise AssertionError("nobody is connected")


class Station:
    """Controller and drawers of a scenario, with the agent in this process."""

    def __init__(self, folder: Path):
        self.world = World(folder / "controller")
        self.world.folder.mkdir()
        for text in GIVEN:
            known, filled = language.understand(language.Line(folder, 0, "Given", text))
            known.step(self.world, **filled)
            if self.world.started:
                self.world.send_tables()
        self.controller = self.world.running
        key = ec.generate_private_key(ec.SECP256R1())
        self.outbox = Outbox(folder / "outbox.db", STATION, LOG)
        settings = Settings(folder, STATION, "demo", "s0", LOG, ("W",), "", 0, 50, folder / "panel.sock")
        self.agent = Agent(
            settings, self.outbox, SystemClock(), Signer(key, STATION), Verifier(key.public_key(), "centre")
        )
        self.screen = Panel(self.agent.desk, SystemClock())

    @contextlib.asynccontextmanager
    async def running(self):
        """The agent on its cable to the controller, a unit in the cradle."""
        loop, master, cable = asyncio.get_running_loop(), self.controller._master, End()
        link = SerialLink(Path(cable.path), self.agent)
        self.agent.attach(link.write, NoBroker())
        loop.add_reader(master, lambda: cable.give(os.read(master, 4096)))
        loop.add_reader(cable.master, lambda: os.write(master, cable.take()))
        async with CradleLine(1) as line:
            unit = Unit(line.units[0])
            cradle = StationCradle(STATION, self.agent.desk, self.screen, line.host.path)
            self.agent.view.directory["policy"] = {"ask_beginning": ["ask_beginning", 1]}
            link.start()
            tasks = [asyncio.create_task(work) for work in (cradle.run(), unit.line.run())]
            await until(lambda: self.agent.view.link and self.agent.view.inventory)
            yield unit, line
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        loop.remove_reader(master)
        link.close()
        cable.close()

    def hand(self, do):
        """A hand at drawer 3; the time that it takes passes."""
        self.controller.bus.act(do, 3)
        self.controller.bus.advance(HAND_MS)

    def pull(self):
        self.hand(self.world.cabinet.pull)

    def push(self):
        self.hand(self.world.cabinet.push)

    async def held(self):
        assert await self.agent.desk.fresh_inventory()
        return self.agent.view.inventory[PLACE][2]

    def written(self):
        return [fields for fields, _ in self.world.written()]

    def close(self):
        self.world.close()
        self.outbox.close()


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert runner.SENTENCES
    made = Station(tmp_path)
    yield made
    made.close()


async def sign_on(unit):
    await unit.say(display.asks(), "badge")
    await unit.enter("badge-tess", "pin")
    await unit.enter("1234", "package")


@pytest.mark.req("P41", "P42", "P43", "P44", "P47")
def test_counts_change_once_the_pocket_was_scanned_and_it_was_confirmed(station):
    async def story():
        async with station.running() as (unit, _):
            await sign_on(unit)
            await unit.enter(PACKAGE, "pocket")
            assert unit.lines[0] == ("R", "heparin")
            station.pull()
            await unit.enter("Z4|ICU1|2|1", "pocket")
            assert unit.results == [codes.WRONG_POCKET] and await station.held() == 1
            await unit.enter("Z4|ICU1|3|1", "found")
            await unit.enter("1", "quantity")
            await unit.enter("5", "confirm")
            assert await station.held() == 1
            await unit.say(display.key("ENTER"), None)
            await until(lambda: unit.results[-1] == 0)
            assert await station.held() == 6
            station.push()
            await until(lambda: unit.field == "package")
            await unit.say(display.key("CLEAR"), "over")

    station.world.written()
    hurried(story())
    entries = station.written()
    assert [fields[entry.F_KIND] for fields in entries] == [
        kinds.SIGN_ON,
        kinds.ACCESS,
        kinds.OPENED,
        kinds.DENIED,
        kinds.DELIVERED,
        kinds.REFILL,
        kinds.CLOSED,
        kinds.SIGN_OFF,
    ]
    delivered, refill = entries[4:6]
    assert delivered[entry.F_EXT][:2] == ["HK01", 1] and delivered[entry.F_CHANGE] == refill[entry.F_CHANGE] == 5
    assert delivered[entry.F_TXN] == refill[entry.F_TXN] and refill[entry.F_EXT][-1] == 1


@pytest.mark.req("P29")
def test_a_pocket_is_emptied_and_the_contents_taken_along(station):
    async def story():
        async with station.running() as (unit, _):
            await sign_on(unit)
            await unit.say(display.key("F1"), "place")
            await unit.enter("Z4|ICU1|3|1", "pocket")
            station.pull()
            await unit.enter("Z4|ICU1|3|1", "quantity")
            await unit.enter("1", "confirm")
            await unit.say(display.key("ENTER"), None)
            await until(lambda: unit.results == [0])
            station.push()
            await until(lambda: unit.field == "place")
            await unit.say(display.key("CLEAR"), "package")
            await unit.say(display.key("F2"), "package")
            await until(lambda: unit.files)
            await unit.say(display.key("CLEAR"), "over")
            return unit.files["contents.lst"].decode().splitlines()

    station.world.written()
    head, *pockets = hurried(story())
    assert head.startswith("H|ICU1|") and f"C|{PLACE}|heparin|heparin|0||3" in pockets
    told = [fields[entry.F_KIND] for fields in station.written()]
    assert told == [kinds.SIGN_ON, kinds.ACCESS, kinds.OPENED, kinds.UNLOAD, kinds.CLOSED, kinds.SIGN_OFF]


@pytest.mark.req("P41")
def test_a_unit_that_is_done_while_the_cabinet_is_not_leaves_it_to_the_screen(station):
    async def story():
        async with station.running() as (unit, _):
            await sign_on(unit)
            with pytest.MonkeyPatch.context() as lost:
                # the drawer opens, and the answer that says so is lost
                lost.setattr(Panel, "_answer", unheard(Panel._answer))
                await unit.say(display.scanned("package", PACKAGE), "package")
                assert unit.results == [codes.LINK_DOWN]
            await unit.say(display.key("CLEAR"), "over")
            await until(lambda: station.agent.view.floor.unit == "")
            station.pull()
            args = {"quantity": 6, "counted": 1, "label": PLACE}
            assert (await station.screen.do("confirm", args)).code == codes.NONE

    hurried(story())


def unheard(answer):
    async def asked(panel, number, args, rid):
        await answer(panel, number, args, rid)
        return Outcome(codes.LINK_DOWN, [])

    return asked


@pytest.mark.req("P41")
def test_screen_and_unit_take_turns_and_a_pulled_cable_leaves_the_drawer_to_the_screen(station):
    async def story():
        async with station.running() as (unit, line):
            await station.screen.do("sign_on", {"badge": "badge-mira", "pin": "1234"})
            await unit.say(display.asks(), None)
            await until(lambda: any("mira" in text for _, text in unit.lines))
            await station.screen.do("sign_off")
            await until(lambda: unit.field == "badge")
            await unit.enter("badge-tess", "pin")
            await unit.enter("1234", "package")
            waits = await station.screen.do("sign_on", {"badge": "badge-mira", "pin": "1234"})
            assert (waits.code, waits.params) == (codes.BUSY, ["handheld HK"])
            await unit.enter(PACKAGE, "pocket")
            station.pull()
            line.pull(0)
            await until(lambda: station.agent.view.floor.unit == "")
            args = {"quantity": 6, "counted": 1, "label": PLACE}
            assert (await station.screen.do("confirm", args)).code == codes.NONE
            assert await station.held() == 7

    hurried(story())
