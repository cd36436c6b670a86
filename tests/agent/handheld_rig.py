"""A handheld on a good line in virtual time, with a pharmacy's host that gives files and keeps records."""

from datetime import UTC, datetime

from agent.handheld.clock import Age
from agent.handheld.memory import Memory, from_text
from agent.handheld.unit import Unit
from firmware.cradle import records
from firmware.cradle.book import AddressBook
from firmware.cradle.host import CRADLE, Host
from simulator.cradles import Clock, Line, Seat, World
from simulator.units import Hands

START = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
AS_OF = "010526070000"
HOUR_MS = 3_600_000
FILES = {
    "users.lst": "U|anna|1|0\nU|ben|1|1\nU|cleo|0|1\n",
    "stations.lst": "T|ICU1|North|1|0\nT|ICU2|North|0|0\nT|ER1|South|0|1\n",
    "items.lst": "I|07605|Heparin 5000 units per mL vial|\nI|07606|Saline flush|\nI|07607|Ondansetron|\n",
    "picks.lst": f"H|S1|{AS_OF}|4\n"
    "N|ICU1|North|07606|Saline flush|B1|6|R\n"
    "N|ICU1|North|07605|Heparin 5000 units per mL vial|A1|10|L|D03-P07\n"
    "N|ICU2|North|07605|Heparin 5000 units per mL vial|A1|4|R\n"
    "N|ER1|South|07607|Ondansetron|A2|8|R\n",
    "serials.lst": "",
    "labels.lst": "",
    "config.lst": "K|CHECKER_MAY_BE_PICKER|0\n",
}


class Bench(Hands):
    """Somebody's hands at one unit; `line` is the pharmacy's cradle, `taken` the records that it has."""

    def __init__(self, memory=None, age=None, files=FILES):
        self.clock = Clock(START)
        self.taken = []
        self.files = dict(files)
        self.accepts = True
        self.book = AddressBook()
        self.host = Host(CRADLE, self.book, {}, self.clock.time12)
        super().__init__(World(self.clock), Seat(Unit(memory or Memory(), age or Age(), lambda: 1)), "anna")
        self.line = Line(self.world, self.host, self.told, bytes)
        self.world.lines.append(self.line)
        if memory and memory.address:
            self.book.assign(memory.address)

    @property
    def unit(self):
        return self.seat.unit

    def told(self, event):
        name, address, *rest = event
        if name in ("present", "asks"):
            self.give(address)
        elif name == "record":
            if self.accepts:
                self.taken.append((rest[0], rest[1]))
            return self.accepts
        return True

    def give(self, address):
        self.host.give(address, [("file", name, text.encode()) for name, text in self.files.items()])
        self.files.clear()

    def do(self, *deeds):
        """These deeds, to their end."""
        for one in deeds:
            self.world.begin(one)
            assert self.world.run(2 * HOUR_MS)

    def loaded(self, user="anna"):
        """Address, time and lists are there, and somebody is logged on."""
        self.host.start_cycle(self.clock.now_ms)
        self.cradled()
        return self.logged_on(user)

    def logged_on(self, user):
        self.user = user
        self.do(self.log_on())
        return self

    def cradled(self):
        """Once in the cradle, and out again."""
        self.do(self.cradle(self.line, self.served))

    def served(self):
        memory = self.unit.memory
        if memory.address is None or (self.accepts and memory.records) or self.files:
            return False
        return not self.book.status(memory.address).waiting and self.unit.last_session is not None

    def wait(self, ms):
        """Time passes, the unit in nobody's hands."""
        self.clock.now_ms += ms
        self.unit.tick(self.clock.now_ms)
        self.seat.serve()

    def choices(self, *words):
        for one in words:
            self.do(self.choose(one))

    def lines(self):
        return [(line.text, line.reverse) for line in self.unit.screen()]

    def told_off(self):
        """The words that stand there to be read; they are read."""
        assert self.text()[-1] == "ENTER: go on", self.text()
        words = " ".join(line for line in self.text()[:-1] if line)
        self.do(self.press("ENTER"))
        return words

    def records(self):
        """What waits to be uploaded, read."""
        read = {"P": records.read_pick, "C": records.read_check}
        return [read[flag](text.encode(), hashed=True) for flag, text in self.unit.memory.records]

    def restarted(self, off_ms):
        """The same unit after a power loss: only what was saved is left."""
        memory, age = from_text(self.seat.saved, 0, off_ms)
        again = Bench(memory, age, {})
        again.clock.now_ms = self.clock.now_ms + (off_ms or 0)
        return again
