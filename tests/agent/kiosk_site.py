"""A kiosk without a browser: the flow over a panel whose controller is the fake cabinet; answers come at once."""

import asyncio

import cbor2

from agent.actions import Reply
from agent.clock import SteppedClock
from agent.kiosk.flow import Flow
from agent.panel import Panel
from agent.view import View
from firmware.wire import cbor, messages
from tests.agent.fake_cabinet import Cabinet

NOW_MIN = 29_000_000
IBU, MOR, ROC = "IBU", "MOR", "ROC"


class Desk:
    """The agent's desk straight over the cabinet."""

    def __init__(self, cabinet):
        self.cabinet, self.view, self.rid = cabinet, View(link=True), 0

    async def ask(self, kind, args, rid):
        self.rid += 1
        for payload in self.cabinet.handle(cbor.encode([messages.REQUEST, self.rid, kind, args])):
            message = cbor2.loads(payload)
            if message[0] == messages.STATE:
                self.told(message)
            elif message[0] == messages.REPLY:
                reply = Reply(message[1], message[2], message[3])
        self.told(cbor2.loads(self.cabinet.state()))
        return reply

    def told(self, message):
        self.view.set_state(message[1:], 1)


class Screen:
    """Touches at the kiosk; everything asynchronous is over when a touch returns."""

    def __init__(self):
        self.cabinet = Cabinet()
        self.desk = Desk(self.cabinet)
        self.clock = SteppedClock(NOW_MIN * 60_000)
        self.flow = Flow(Panel(self.desk, self.clock), self.newest, "ICU1")
        self.desk.view.listeners.add(self.flow.follow)
        self.view = self.desk.view
        self.view.directory = {
            "item_names": {
                IBU: [IBU, "Ibuprofen 400 mg tablet", "Advil"],
                MOR: [MOR, "Morphine 10 mg/mL ampoule", "MS Contin"],
                ROC: [ROC, "Rocuronium 50 mg vial", "Zemuron"],
            },
            "items": {IBU: [IBU, 0, 1, 0, 0, 0], MOR: [MOR, 2, 10, 0, 0, 0], ROC: [ROC, 0, 1, 1, 0, 7]},
            "patients": {"P1": ["P1", 1], "P2": ["P2", 1]},
            "patient_names": {"P1": ["P1", "Ada", "MICU"], "P2": ["P2", "Bo", "MICU"]},
            "orders": {"O1": ["O1", "P1", MOR, 10, NOW_MIN - 600, NOW_MIN + 600, 240, 0]},
            "item_codes": {"00312345678906": ["00312345678906", IBU]},
            "prompts": {"7": [7, "Is the patient intubated, or about to be?"]},
            "kits": {"K1": ["K1", "RSI", ROC, 1], "K2": ["K2", "RSI", MOR, 10]},
        }  # fmt: skip
        self.view.set_inventory(
            [
                ["D01-P01", IBU, 20, 1, 30, 40, 0, "L1", NOW_MIN + 9000],
                ["D01-P02", MOR, 200, 10, 300, 400, 0, "L2", NOW_MIN + 1000],
                ["D02-P01", ROC, 5, 1, 9, 9, 0, "", 0],
                ["D02-P02", "", 0, 0, 0, 9, 3, "", 0],
                ["D08-P01", IBU, 3, 0, 0, 0, 6, "", 0],
            ]
        )

    def newest(self, count, wanted=()):
        pages = [page for _, page in sorted(self.cabinet.pages.items(), reverse=True)]
        kind = lambda page: cbor2.loads(cbor2.loads(page)[0])[8]  # noqa: E731
        return [page for page in pages if not wanted or kind(page) in wanted][:count]

    def flag(self, item, flags):
        """The cabinet and the directory agree on an item's flags."""
        self.cabinet.flags[item] = flags
        self.view.directory["items"][item][3] = flags

    def do(self, work):
        asyncio.run(work)

    def type(self, digits):
        for digit in digits:
            self.flow.press(digit)

    def sign_on(self, badge="B1"):
        self.scan(badge)
        self.type("1234")
        self.do(self.flow.people.sign_on())

    def scan(self, text):
        work = self.flow.scanned(text)
        if work is not None:
            self.do(work)

    def patient(self, number=0):
        from agent.kiosk import lists

        self.flow.removal.choose_patient(lists.patients(self.view)[number])

    def item(self, item):
        from agent.kiosk import lists

        self.flow.removal.choose_item(lists.item(self.view, item))

    def witnessed_by(self, badge="B2"):
        self.scan(badge)
        self.type("1234")
        self.do(self.flow.core.witness())

    def asked(self, request):
        """Arguments of each request of this kind, in order."""
        return [args for kind, args in self.cabinet.asked if kind == request]

    @property
    def step(self):
        return self.flow.visit.step

    @property
    def message(self):
        return self.flow.core.message
