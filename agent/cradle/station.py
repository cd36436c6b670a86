"""The cradle port of a station: the unit there is a remote display and keyboard of the cabinet (P41, P73).

The machines decide; here the unit's messages, the panel's answers and the cabinet's news are carried between them.
"""

import asyncio
import logging
from datetime import datetime
from pathlib import Path

from agent.cradle.line import BAUD, Event, Line, some_block, time12
from agent.cradle.session import Session
from agent.cradle.steps import OVER
from agent.cradle.talk import Ask, Give, Show, Steps
from agent.panel import Desk, Panel
from firmware.cradle.book import AddressBook
from firmware.cradle.host import STATION, Host

log = logging.getLogger("agent.cradle")


class StationCradle:
    """One port. `panel` is the screen's; each unit gets one of its own over the same desk."""

    def __init__(self, station: str, desk: Desk, panel: Panel, path: Path, baud: int = BAUD) -> None:
        self._station, self._desk, self._screen = station, desk, panel
        book = AddressBook(first_block=some_block())
        self._host = Host(STATION, book, {"baud": baud}, self._time12)
        self._line = Line(path, self._host, self._told, baud=baud)
        self._unit, self._panel = "", panel
        self._flow = Session(panel.view, station, panel.clock.utc_ms)
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Serve the port until cancelled."""
        view = self._screen.view
        view.listeners.add(self._news)
        try:
            async with asyncio.TaskGroup() as self._tasks:
                await self._line.run()
        finally:
            view.listeners.discard(self._news)

    def _time12(self) -> str:
        return time12(datetime.fromtimestamp(self._screen.clock.utc_ms() / 1000))

    # the line

    async def _told(self, event: Event) -> bool:
        """An event of the host; True when what came with it is taken. Records are for the pharmacy: they stay with the
        unit."""
        name, unit, *more = event
        if name == "present":
            self._present(unit)
        elif name == "gone":
            self._gone()
        elif name == "trouble":
            log.info("%s: unit %s: %s", self._station, unit or "?", *more)
        elif name == "record" and more[0] == "D":
            self._do(self._flow.heard(more[1]))
            return True
        return bool(name == "asks")

    def _present(self, unit: str) -> None:
        floor = self._screen.view.floor
        if unit == self._unit and not floor.unit and self._flow.back():
            floor.unit = unit
            self._screen.view.changed()
            return self._do(self._flow.shown())
        self._unit, self._panel = unit, Panel(self._desk, self._screen.clock, unit)
        self._flow = Session(self._screen.view, self._station, self._screen.clock.utc_ms)
        return None

    def _gone(self) -> None:
        self._host.take_back(self._unit)
        self._do(self._flow.gone())

    def _leave(self) -> None:
        """A unit that is away or done, with nothing asked any more: what is open now is the screen's to finish."""
        view, there = self._screen.view, self._host.there == self._unit and self._flow.step != OVER
        if view.floor.unit and view.floor.unit == self._unit and not there and not self._flow.asking:
            view.floor.leave(self._unit)
            view.changed()

    # steps of the flow

    def _do(self, steps: Steps) -> None:
        self._show(steps)
        for step in steps:
            if isinstance(step, Ask) and self._tasks:
                self._tasks.create_task(self._ask(self._flow, self._panel, step))
        self._leave()

    def _show(self, steps: Steps) -> None:
        items = [item(step) for step in steps if isinstance(step, Show | Give)]
        if not items or self._host.there != self._unit:
            return
        if self._host.give(self._unit, items):
            self._line.poke()
        else:
            self._host.take_back(self._unit)
            self._show(self._flow.shown())

    async def _ask(self, flow: Session, panel: Panel, step: Ask) -> None:
        outcome = await panel.do(step.name, step.args)
        if flow is self._flow:
            self._do(flow.answered(outcome))

    def _news(self) -> None:
        """The view has changed: look at it once the agent has finished what it is doing."""
        asyncio.get_running_loop().call_soon(self._follow)

    def _follow(self) -> None:
        self._do(self._flow.changed())


def item(step: Show | Give) -> tuple[str, str, bytes]:
    """What a host gives its unit for a step (firmware/cradle/host.py)."""
    return ("file", step.name, step.data) if isinstance(step, Give) else ("block", "S", step.data)
