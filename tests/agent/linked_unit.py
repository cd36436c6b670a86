"""A unit on a line, linked to a station, and the person at it."""

import asyncio

from agent.cradle.line import Line
from firmware.cradle import display
from firmware.cradle.terminal import Terminal

ENOUGH_S = 600  # of a clock that may be hurried


class Unit:
    """What the station shows is in `lines`, `field` and `results`."""

    def __init__(self, jack):
        self.terminal = Terminal("HK", lambda: (30, 5), port="station")
        self.line = Line(jack.path, self.terminal, self.told)
        self.field, self.lines, self.results, self.over = None, [], [], False
        self.files = {}

    async def told(self, event):
        if event[0] == "file":
            self.files[event[1]] = event[2]
        if event[:2] != ("block", "S"):
            return
        number, *fields = display.read(event[2])
        if number == display.SCREEN:
            self.lines, self.field = fields[0], None
        elif number == display.FIELD:
            self.field = fields[0]
        elif number == display.RESULT:
            self.results.append(fields[0])
        else:
            self.over = True

    async def say(self, data, then):
        self.field, self.over = None, False
        self.terminal.queue("D", data)
        self.line.poke()
        await until(lambda: then in (self.field, "over" if self.over else ""))

    async def enter(self, text, then):
        await self.say(display.scanned(self.field, text), then)


async def until(true):
    async with asyncio.timeout(ENOUGH_S):
        while not true():
            await asyncio.sleep(0.2)
