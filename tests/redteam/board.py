"""A cabinet with a controller board: the firmware itself, with the identity of its enrolment, in flash of its own.

What stands before its link (`event`) is the attacker's where he has the agent's computer; its keys and flash are not.
"""

import fakes

from firmware import config
from firmware.build import build
from firmware.compat import derive
from firmware.journal.flash import begin
from firmware.journal.ram import Power, RamFlash, RamStore
from firmware.keys import PURPOSES
from firmware.tables import Tables
from firmware.wire import messages, sealed

SECTORS = 8


class _Chips:
    def __init__(self, start):
        self.power = Power()
        self.flash = RamFlash(SECTORS, self.power)
        begin(self.flash, start)
        self.snapshots, self.files, self.element = RamStore(self.power), fakes.RamFiles(), None


class Board(fakes.Cabinet):
    """Provisioned for `station` of `home`; what was written there for its flash is taken away, as on a board."""

    def __init__(self, home, station):
        folder = home.controller(station)
        given = config.read((folder / "controller.cbor").read_bytes())
        self.chips = _Chips((folder / "ring.bin").read_bytes())
        for file in ("controller.cbor", "ring.bin"):
            (folder / file).unlink()
        self.id, self.log, self._master = station, given.log, home.mac_key(station).read_bytes()
        drawers = [[n, n - 1, n - 1, n - 1, 1, 0x24, 0x25, 0] for n in (1, 2, 3)]
        drawers.append([fakes.BIN, 3, 3, 3, 8, 0, 0, 0])
        keys = [given.keys.key_id, *(derive(self._master, purpose) for purpose in PURPOSES)]
        built = config.Config(station, given.log, keys, "0.1.0", SECTORS, drawers, fakes.TIMINGS)
        self.station, self.adopted, self.damage = build(
            built, Tables(24), self.chips.flash, self.chips.snapshots, self.chips.files, fakes.entropy, None
        )
        self.genesis = built.genesis
        self.journal, self.state = self.station.journal, self.station.state
        self.mono_ms, self.tq, self.rid = 1000, 2, 0
        self.closed = {n: True for n in (1, 2, 3, fakes.BIN)}
        self.flap, self.energised, self.ever_energised, self.jammed = (), set(), 0, set()
        self.light, self.moved, self.sent, self.fail, self.after_action = None, [], [], None, None
        self.storage = {}
        self.boot()

    def load(self):
        """Its first tables from the centre, and stock."""
        for table, rows in fakes.TABLES:
            assert self.told(messages.REFERENCE, self.sealed("reference", [self.id, table, 1, 0, 1, 1, rows])) == 0
        self.stock("D01-P01", 8000)

    def sealed(self, purpose, fields):
        """What only the centre can make: a payload with the right MAC."""
        return sealed.seal([1, *fields], derive(self._master, purpose))

    def told(self, what, payload):
        """The code with which the controller answers a payload of the centre's."""
        sent = self.event("message", [what, payload])
        return next(m[2] for m in sent if m[0] == messages.RESULT)

    def a_removal(self):
        """Somebody takes something, as it should be."""
        assert self.sign_on()[0] == 0
        code, params = self.remove()
        assert code == 0, code
        drawer = params[2]
        self.pull(drawer)
        assert self.confirm(2000)[0] == 0
        self.push(drawer)

    def pages(self, first=1):
        """What it gives to whoever asks at the link, from entry `first` on."""
        self.event("message", [messages.STREAM, first])
        self.event("message", [messages.PAGES_KEPT, first - 1])
        out = []
        while more := self.station.pages(16):
            out += [bytes(page) for _, _, page in more]
            self.event("message", [messages.PAGES_KEPT, first + len(out) - 1])
        return out

    @property
    def released(self):
        return self.journal.released

    def a_count(self, quantity):
        """The stock is made up, without an entry of its own to open anything."""
        self.stock("D01-P01", quantity)
