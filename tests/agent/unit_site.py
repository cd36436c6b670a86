"""A unit at the station of the real firmware, in one process: each answer has come when a touch of a key returns."""

import asyncio

from fakes import UTC, ready

from agent.clock import SteppedClock
from agent.cradle.session import Session
from agent.cradle.talk import Ask, Give
from agent.panel import Panel
from firmware.cradle import display
from firmware.cradle.addresses import from_base62
from tests.agent.kiosk_firmware import Desk

UNTIL = UTC // 60_000 + 4320
STATION, PLACE, POCKET = "ICU1", "D03-P01", "Z4|ICU1|3|1"
PACKAGE = "Z1|saline|6|HK01"
NAMES = {"saline": "Saline 0.9 % 10 mL flush syringe", "morphine": "Morphine 10 mg ampoule"}


def label(serial="HK01", item="saline", quantity=6, state=1, until=UNTIL):
    return [from_base62(serial), item, quantity, state, until]


class Unit:
    """What the person at the unit does and sees; `cabinet` is behind it."""

    def __init__(self, *rows, policy=()):
        self.cabinet = ready()
        assert self.cabinet.reference("labels", 1, [list(row) for row in rows or (label(),)]) == 0
        self.desk = Desk(self.cabinet)
        self.view = self.desk.view
        self.view.directory = {
            "item_names": {item: [item, name, ""] for item, name in NAMES.items()},
            "items": {"saline": ["saline", 0, 1, 0], "morphine": ["morphine", 2, 1000, 0]},
            "policy": {name: [name, value] for name, value in policy},
        }
        self.screen_panel = Panel(self.desk, SteppedClock(UTC))
        self.panel = Panel(self.desk, SteppedClock(UTC), "HK")
        self.flow = Session(self.view, STATION, lambda: UTC)
        self.lines, self.field, self.results, self.over = [], None, [], False
        self.asked, self.files = [], {}
        self.at_screen("sign_off")

    def at_screen(self, name, **args):
        """Somebody at the kiosk asks this."""
        outcome = asyncio.run(self.screen_panel.do(name, args))
        self.look()
        return outcome

    def look(self):
        """The cabinet says how it is."""
        self.desk.look()
        self.take(self.flow.changed())

    def take(self, steps):
        for step in steps:
            if isinstance(step, Give):
                self.files[step.name] = step.data
            elif isinstance(step, Ask):
                self.asked.append((step.name, step.args))
                self.take(self.flow.answered(asyncio.run(self.panel.do(step.name, step.args))))
            else:
                self.see(step.data)

    def see(self, data):
        number, *fields = display.read(data)
        if number == display.SCREEN:
            self.lines, self.field, self.over = fields[0], None, False
        elif number == display.FIELD:
            self.field = fields[0]
        elif number == display.RESULT:
            self.results.append(tuple(fields))
        else:
            self.over = True

    def begin(self):
        self.take(self.flow.heard(display.asks()))

    def type(self, text):
        self.take(self.flow.heard(display.typed(self.field, text)))

    def scan(self, text):
        self.take(self.flow.heard(display.scanned(self.field, text)))

    def key(self, name):
        self.take(self.flow.heard(display.key(name)))

    def sign_on(self, badge="b1", pin="1234"):
        self.begin()
        self.type(badge)
        self.type(pin)

    def pull(self, drawer=3):
        self.cabinet.pull(drawer)
        self.look()

    def push(self, drawer=3):
        self.cabinet.push(drawer)
        self.look()

    def wait(self, ms):
        self.cabinet.wait(ms)
        self.look()

    def text(self):
        return " ".join(text for _, text in self.lines)

    def told(self):
        """Codes of the results shown since this was asked last."""
        told, self.results = [code for code, _ in self.results], []
        return told
