"""Handhelds that only take what comes and send what they are told, on the jacks of a `CradleLine`."""

import asyncio
from dataclasses import dataclass, field

from agent.cradle.line import Line, some_block
from firmware.cradle.terminal import Terminal


@dataclass
class Unit:
    """A unit with its line; `files` is what it holds, `times` each TIME it was told."""

    terminal: Terminal
    line: Line
    files: dict = field(default_factory=dict)
    times: list = field(default_factory=list)
    task: asyncio.Task | None = None

    @property
    def address(self):
        return self.terminal.address

    @property
    def served(self):
        """Has it nothing left that its host does not have?"""
        return not self.terminal.uploads.items

    def send(self, flag, data):
        self.terminal.queue(flag, data)
        self.line.poke()


def plugged(jack, baud, address=None):
    """A unit in a cradle, with a task of its own."""
    terminal = Terminal(address, lambda: (30, 5), first_block=some_block())

    async def told(event):
        if event[0] == "file":
            unit.files[event[1]] = event[2]
        elif event[0] == "time":
            unit.times.append(event[1])

    unit = Unit(terminal, Line(jack.path, terminal, told, baud=baud))
    unit.task = asyncio.create_task(unit.line.run())
    return unit


async def unplugged(units):
    """End their tasks."""
    for unit in units:
        unit.task.cancel()
    await asyncio.gather(*(unit.task for unit in units), return_exceptions=True)


async def until(ready, seconds=3600):
    async with asyncio.timeout(seconds):
        while not ready():
            await asyncio.sleep(0.02)
