# A small cabinet in RAM, on both interpreters: drawers 1-3, flash whose power can be cut, a nurse's view of the link.
# ruff: noqa: E402, I001 - the flash is made before the other imports fill the heap
import gc
import io

from firmware.journal.ram import Power, RamFlash, RamStore

if not hasattr(gc, "freeze"):
    gc.threshold(4096)  # MicroPython: as unix_main does, the heap stays dense
SECTORS = 6
_FLASH = RamFlash(SECTORS)  # made before all else: a board's heap has no such piece left later
gc.collect()

from firmware.build import build
from firmware.compat import derive
from firmware.config import Config
from firmware.issue import keys_of, ring_start
from firmware.journal import chain, entry, kinds
from firmware.journal.flash import begin
from firmware.session import pin_hash
from firmware.tables import Tables
from firmware.wire import messages, sealed

STATION = "ICU1"
LOG = 1
KEY = bytes(range(32))
KEYS, START = keys_of(KEY), ring_start(KEY)
UTC = 1800000000000
BIN = 4  # the drawer that is a return bin
RELEASE_MS, AJAR_MS, CONFIRM_MS, IDLE_MS, LATCH_MS = TIMINGS = (10000, 60000, 60000, 120000, 500)
ROUNDS = 3
ALL_ROLES = 0x7FFF

ITEMS = [["morphine", 2, 1000, 0, 0, 0], ["saline", 0, 1, 0, 0, 0]]
POCKETS = [
    ["D01-P01", 1, 1, "morphine", 2000, 10000, 12000],
    ["D01-P02", 1, 2, "saline", 1, 10, 12],
    ["D02-P01", 2, 1, "morphine", 2000, 20000, 24000],
    ["D03-P01", 3, 1, "saline", 1, 10, 12],
]
PATIENTS = [["pat1", 1], ["pat2", 2]]
ORDERS = [["ord1", "pat1", "morphine", 2000, 30000000, 30009999, 0, 0]]


def user(badge, name, pin, roles, classes=0xFFFFFFFF):
    salt = b"salt" + badge.encode()[:4]
    salt = salt + bytes(8 - len(salt))
    return [badge, name, salt, pin_hash(salt, pin, ROUNDS), ROUNDS, roles, classes]


USERS = [user("b1", "anna", "1234", ALL_ROLES), user("b2", "ben", "4321", ALL_ROLES), user("b3", "cleo", "0000", 0)]
TABLES = (("items", ITEMS), ("pockets", POCKETS), ("users", USERS), ("patients", PATIENTS), ("orders", ORDERS))


# files in RAM; what a power cut leaves is what was committed
class RamFiles:
    def __init__(self):
        self.held = {}

    def exists(self, name):
        return name in self.held

    def reader(self, name):
        if name not in self.held:
            raise OSError(2)
        return io.BytesIO(self.held[name])

    def writer(self, name, append):
        file = io.BytesIO()
        file.write(self.held.get(name, b"") if append else b"")
        self._writing = name
        return file

    def commit(self, file):
        self.held[self._writing] = file.getvalue()

    def rename(self, source, target):
        self.held[target] = self.held.pop(source)


def entropy(n):
    return bytes(n)


# What does not lose its content without power.
class Chips:
    def __init__(self):
        self.power = _FLASH.power = Power()
        self.flash = _FLASH
        begin(_FLASH, START)
        self.snapshots = RamStore(self.power)
        self.files = RamFiles()
        self.element = None  # what counts seals: only where seals are what is tested


class Cabinet:
    # kinds: storage type of a drawer, if it is no matrix drawer
    def __init__(self, chips=None, mono_ms=1000, kinds=None):
        self.chips = chips or Chips()
        self.storage = kinds or {}
        drawers = [[n, n - 1, n - 1, n - 1, self.storage.get(n, 1), 0x24, 0x25, 0] for n in (1, 2, 3)]
        drawers.append([BIN, BIN - 1, BIN - 1, BIN - 1, 8, 0, 0, 0])
        config = Config(STATION, LOG, KEYS, "0.1.0", SECTORS, drawers, TIMINGS)
        self.station, self.adopted, self.damage = build(
            config, Tables(24), self.chips.flash, self.chips.snapshots, self.chips.files, entropy, self.chips.element
        )
        self.journal = self.station.journal
        self.state = self.station.state
        self.mono_ms = mono_ms
        self.tq = 2
        self.rid = 0
        self.closed = {n: True for n in (1, 2, 3, BIN)}
        self.flap = ()  # what of the bin's is open: its pocket 1
        self.energised = set()
        self.ever_energised = 0
        self.jammed = set()
        self.light = None
        self.moved = []  # the actions that move something, as they came
        self.sent = []
        self.fail = None  # name of the action that fails
        self.after_action = None  # called with each action once it is done

    def now(self):
        return UTC + self.mono_ms, self.mono_ms, self.tq

    def boot(self):
        readings = {n: (self.closed[n], self.closed[n]) for n in self.closed}
        readings[BIN] += (self.flap,)
        return self.event("boot", self.adopted, self.damage is not None, readings)

    # Handles one event and does the actions, as a shell would; edges that follow from them are handled too.
    def event(self, *event):
        self.sent = []
        edges = self._do(self.station.handle(event, self.now()))
        while edges:
            edges += self._do(self.station.handle(edges.pop(0), self.now()))
        return self.sent

    def _do(self, actions):
        edges = []
        for action in actions:
            if action[0] == self.fail:
                self.fail = None
                return edges + self._do(self.station.handle(("failed", action), self.now()))
            edges += self._act(action)
            if self.after_action:
                self.after_action(action)
        return edges

    def _act(self, action):
        what = action[0]
        if what in ("release", "lid", "dispense"):
            self.moved.append(action)
        if what == "send":
            self.sent.append(action[1])
        elif what == "release":
            self.energised.add(action[1])
            self.ever_energised += 1
            return [] if action[1] in self.jammed else [("latch", action[1], False)]
        elif what == "lock" and action[1] in self.energised:
            self.energised.discard(action[1])
            return [("latch", action[1], True)] if self.closed[action[1]] else []
        elif what in ("light", "dark"):
            self.light = action[1:] or None
        return []

    def ask(self, request, *args):
        self.rid += 1
        return self.ask_again(self.rid, request, *args)

    # -> (code, params)
    def ask_again(self, rid, request, *args):
        sent = self.event("message", [messages.REQUEST, rid, request, list(args)])
        replies = [m for m in sent if m[0] == messages.REPLY]
        assert len(replies) == 1 and replies[0][1] == rid, sent
        return replies[0][2], replies[0][3]

    def pull(self, drawer):
        self.closed[drawer] = False
        self.event("latch", drawer, False)
        return self.event("switch", drawer, False)

    def push(self, drawer):
        self.closed[drawer] = True
        self.event("latch", drawer, True)
        return self.event("switch", drawer, True)

    # the flap of the return bin
    def turn(self):
        self.flap = (1,)
        return self.event("lid", BIN, 1, False)

    def let_go(self):
        self.flap = ()
        return self.event("lid", BIN, 1, True)

    # time passes, with a tick at every deadline on the way
    def wait(self, ms):
        end = self.mono_ms + ms
        while True:
            due = self.station.deadline()
            if due is None or due > end:
                break
            self.mono_ms = max(self.mono_ms, due)
            self.event("tick")
        self.mono_ms = end

    def said(self):
        return [m for m in self.event("message", [messages.HELLO, 1]) if m[0] == messages.STATE][-1]

    def phase(self):
        return self.said()[1]

    def entries(self, since=0):
        return [entry.decode(chain.parse_page(self.journal.page(n))[0]) for n in range(since + 1, self.journal.seq + 1)]

    def kinds(self, since=0):
        return [fields[entry.F_KIND] for fields in self.entries(since)]

    def reference(self, table, version, rows, base=0, part=1, parts=1, key=KEY, station=STATION):
        payload = sealed.seal([1, station, table, version, base, part, parts, rows], derive(key, "reference"))
        results = [m for m in self.event("message", [messages.REFERENCE, payload]) if m[0] == messages.RESULT]
        return results[0][2] if results else None

    def command(self, number, kind=1, body=None, expires=UTC + 10**9, key=KEY, log=LOG):
        payload = sealed.seal([1, STATION, log, number, expires, kind, body or []], derive(key, "command"))
        return [m for m in self.event("message", [messages.COMMAND, payload]) if m[0] == messages.RESULT][0][2]

    def answer(self, seq, verdict=messages.ACCEPT, key=KEY, log=LOG):
        payload = sealed.seal([1, STATION, log, verdict, seq, bytes(32), UTC], derive(key, "answer"))
        return [m for m in self.event("message", [messages.ANSWER, payload]) if m[0] == messages.RESULT][0][2]

    def sign_on(self, badge="b1", pin="1234"):
        return self.ask(messages.SIGN_ON, badge, pin)

    # a stock that nobody had to open a drawer for
    def stock(self, place, quantity):
        item = self.station.tables.pockets.get(place)[3]
        self.journal.append(kinds.COUNT, "setup", None, item, place, 0, quantity, quantity, 0, None, (0,))

    def remove(self, item="morphine", quantity=2000, patient="pat1", order="ord1", code=None, why=0, kit="", answer=0):
        return self.ask(messages.REMOVE, patient, order, item, quantity, None, code, why, kit, answer)

    def confirm(self, quantity, counted=None, label=None):
        return self.ask(messages.CONFIRM, quantity, counted, label)


# booted, tables loaded, stocked, anna signed on
def ready(kinds=None, chips=None):
    gc.collect()
    cabinet = Cabinet(chips, kinds=kinds)
    cabinet.boot()
    for table, rows in TABLES:
        assert cabinet.reference(table, 1, rows) == 0, table
    cabinet.stock("D01-P01", 8000)
    cabinet.stock("D02-P01", 20000)
    cabinet.stock("D01-P02", 5)
    assert cabinet.sign_on()[0] == 0
    return cabinet


# power has been away: same chips, nothing else
def reboot(cabinet):
    chips, closed, flap, kinds_then = cabinet.chips, cabinet.closed, cabinet.flap, cabinet.storage
    chips.power.restore()
    cabinet.station = cabinet.journal = cabinet.state = None  # a board's heap holds one station
    gc.collect()
    after = Cabinet(chips, 0, kinds_then)
    after.closed, after.flap = closed, flap
    after.boot()
    return after
