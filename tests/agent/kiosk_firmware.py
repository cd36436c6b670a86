"""The kiosk's flow over the real firmware, in one process: each request goes through the station itself."""

import asyncio

import cbor2
from fakes import UTC, ready

from agent.actions import Reply
from agent.clock import SteppedClock
from agent.kiosk import lists
from agent.kiosk.flow import Flow
from agent.panel import Panel
from agent.view import View
from firmware import flags
from firmware.journal import kinds
from firmware.wire import messages

ITEMS = [
    ["morphine", 2, 1000, flags.BLIND_COUNT | flags.WITNESS_AT_WASTE, 0, 0],
    ["saline", 0, 1, 0, 0, 0],
    ["rocuronium", 0, 1, flags.HIGH_ALERT, 0, 7],
]
NAMES = {"morphine": "Morphine 10 mg ampoule", "saline": "Saline 10 mL flush", "rocuronium": "Rocuronium 50 mg vial"}


class Desk:
    """The agent's desk over a station."""

    def __init__(self, cabinet):
        self.cabinet, self.view = cabinet, View(link=True)

    async def ask(self, kind, args, rid):
        self.cabinet.rid += 1
        for message in self.cabinet.event("message", [messages.REQUEST, self.cabinet.rid, kind, list(args)]):
            if message[0] == messages.STATE:
                self.view.set_state(message[1:], 1)
            elif message[0] == messages.REPLY:
                reply = Reply(message[1], message[2], message[3])
        self.look()
        return reply

    async def fresh_inventory(self):
        self.look()
        return self.view.link

    def look(self):
        """State and inventory as they are now."""
        self.view.set_state(self.cabinet.said()[1:], 1)
        part = self.cabinet.event("message", [messages.GET_INVENTORY, 0])
        self.view.set_inventory([list(row) for row in part[0][3]])


class Kiosk:
    """Hands at the drawers and at the screen of one cabinet."""

    def __init__(self):
        self.cabinet = ready()
        assert self.cabinet.reference("items", 2, ITEMS, base=1) == 0
        assert self.cabinet.reference("pockets", 2, [["D03-P02", 3, 2, "rocuronium", 1, 10, 12]], base=1) == 0
        self.cabinet.stock("D03-P02", 8)
        self.desk = Desk(self.cabinet)
        self.view = self.desk.view
        self.flow = Flow(Panel(self.desk, SteppedClock(UTC)), self.newest, "ICU1")
        self.view.listeners.add(self.flow.follow)
        self.view.directory = {
            "item_names": {item: [item, name, ""] for item, name in NAMES.items()},
            "items": {row[0]: row for row in ITEMS},
            "patients": {"pat1": ["pat1", 1]},
            "orders": {"ord1": ["ord1", "pat1", "morphine", 2000, 30000000, 30009999, 0, 0]},
            "prompts": {"7": [7, "Is the patient intubated, or about to be?"]},
        }
        self.do(self.flow.people.sign_off())

    def newest(self, count, wanted=()):
        pages = [self.cabinet.journal.page(n) for n in range(self.cabinet.journal.seq, 0, -1)]
        read = [(cbor2.loads(cbor2.loads(page)[0])[8], page) for page in pages if page]
        return [page for kind, page in read if not wanted or kind in wanted][:count]

    def do(self, work):
        asyncio.run(work)

    def type(self, keys):
        for key in keys:
            self.flow.press(key)

    def scan(self, text):
        work = self.flow.scanned(text)
        if work is not None:
            self.do(work)

    def sign_on(self, badge="b1", pin="1234"):
        self.scan(badge)
        self.type(pin)
        self.do(self.flow.enter())

    def witnessed(self):
        self.scan("b2")
        self.type("4321")
        self.do(self.flow.enter())

    def item(self, item):
        self.flow.removal.choose_item(lists.item(self.view, item))

    def pull(self):
        self.cabinet.pull(self.drawer)
        self.desk.look()

    def push(self):
        self.cabinet.push(self.drawer)
        self.desk.look()

    @property
    def drawer(self):
        return int(self.view.state["place"][1:3])

    def finish(self):
        """Pulled (or the return bin's flap lifted), confirmed with the main button, shut."""
        drawer, flap = self.drawer, self.view.state["purpose"] == kinds.PURPOSE_RETURN_BIN
        if flap:
            self.cabinet.turn()
        else:
            self.cabinet.pull(drawer)
        self.desk.look()
        self.do(self.flow.enter())
        if flap:
            self.cabinet.let_go()
        else:
            self.cabinet.push(drawer)
        self.desk.look()

    @property
    def step(self):
        return self.flow.visit.step

    @property
    def message(self):
        return self.flow.core.message
