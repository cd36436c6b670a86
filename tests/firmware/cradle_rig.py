# A host and units on one line in virtual time. The cradles let one unit through: it alone hears and is heard.
from firmware.cradle import frames
from firmware.cradle.book import AddressBook
from firmware.cradle.ear import Ear
from firmware.cradle.host import STARRED, Host
from firmware.cradle.terminal import Terminal

TIME = "120997143005"


def clock():
    return 30, 5


# A frame as docs/polselect.md shows it.
def said(raw):
    frame = frames.one(raw)
    word = _WORDS[frame.kind](frame)
    return word + (" " + frame.address if frame.address else "") + _rest(frame)


_WORDS = {
    "new_address_pol": lambda frame: "POL",
    "general_pol": lambda frame: "POL",
    "specific_pol": lambda frame: "POL",
    "sel": lambda frame: "SEL",
    "ack": lambda frame: "ACK",
    "data_ack": lambda frame: "DataACK",
    "nak": lambda frame: "NAK",
    "data": lambda frame: frame.flag,
    "invalid": lambda frame: "damaged",
}


def _rest(frame):
    if frame.kind == "new_address_pol":
        return " offers " + frame.new_address
    if frame.kind == "data_ack":
        return " %d" % frame.block
    if frame.kind == "data":
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in frame.data)
        return " %d '%s' %s" % (frame.block, text, "EOT" if frame.last else "ETX")
    return ""


class Unit:
    def __init__(self, terminal):
        self.terminal = terminal
        self.ear = Ear(terminal)
        self.bids = False
        self.events = []

    def got(self, kind):
        return [event[1:] for event in self.events if event[0] == kind]


class Rig:
    # fault: (to_host, bytes) -> [(more ms on the way, bytes)]; app: what is answered to an event with a star
    def __init__(self, port="cradle", book=None, fault=None, app=None, **settings):
        self.book = book or AddressBook()
        self.host = Host(port, self.book, settings, lambda: TIME)
        self.units = []
        self.owner = None
        self.now_ms = 0
        self.events = []
        self.log = []
        self._fault = fault or (lambda to_host, data: [(0, data)])
        self._app = app or (lambda event: True)
        self._ear = Ear(self.host)
        self._flying = []
        self._count = 0
        self._free_ms = {True: 0, False: 0}

    def unit(self, address=None, **kept):
        if address and self.host.port == "cradle" and not self.book.knows(address):
            self.book.assign(address)
        unit = Unit(Terminal(address, clock, port=self.host.port, **kept))
        self.units.append(unit)
        self._serve_unit(unit)
        return unit

    def got(self, kind):
        return [event[1:] for event in self.events if event[0] == kind]

    def pull(self, unit):
        unit.terminal.taken_out(self.now_ms)
        self._serve_unit(unit)

    def put(self, unit):
        unit.terminal.cradled(self.now_ms)
        self._serve_unit(unit)

    def cycle(self):
        self.host.start_cycle(self.now_ms)
        self._settle()

    # Lets time pass: until nothing more is due before that, or `done()`.
    def run(self, ms, done=None):
        end = self.now_ms + ms
        while not (done and done()):
            due = self._next()
            if due is None or due > end:
                self.now_ms = end
                return done is None
            self.now_ms = max(self.now_ms, due)
            self._step()
        return True

    def _next(self):
        due = [self._ear.deadline(), self._flying[0][0] if self._flying else None]
        due += [unit.ear.deadline() for unit in self.units]
        due = [at for at in due if at is not None]
        return min(due) if due else None

    def _step(self):
        while self._flying and self._flying[0][0] <= self.now_ms:
            _, _, to_host, unit, data = self._flying.pop(0)
            if to_host:
                self._ear.heard(data, self.now_ms)
            elif unit and unit is self.owner:
                unit.ear.heard(data, self.now_ms)
            self._settle()
        for unit in self.units:
            unit.ear.tick(self.now_ms)
        self._ear.tick(self.now_ms)
        self._settle()

    def _settle(self):
        busy = True
        while busy:
            busy = self._serve_host()
            for unit in self.units:
                busy = self._serve_unit(unit) or busy

    def _serve_host(self):
        busy = False
        while self.host.events:
            busy = True
            event = self.host.events.pop(0)
            self.events.append(event)
            if event[0] in STARRED:
                self._reply(self._app(event))
        # the answer counts from the next tick on
        if self.host.deadline() == 0:
            self._ear.tick(self.now_ms)
        for _, data in self.host.actions():
            busy = True
            self.log.append("host: " + said(data))
            self._fly(False, data)
        return busy

    def _reply(self, answer):
        if answer is not None:
            self.host.accept() if answer else self.host.refuse()

    def _serve_unit(self, unit):
        busy = False
        unit.events += unit.terminal.events
        unit.terminal.events.clear()
        for action in unit.terminal.actions():
            busy = True
            if action[0] == "send":
                self.log.append("unit: " + said(action[1]))
                if unit is self.owner:
                    self._fly(True, action[1])
            else:
                unit.bids = action[0] == "bid"
        self._guard()
        return busy

    # The line passes on along the chain of cradles.
    def _guard(self):
        if self.owner and self.owner.bids:
            return
        at = self.units.index(self.owner) + 1 if self.owner else 0
        self.owner = None
        for unit in self.units[at:] + self.units[:at]:
            if unit.bids:
                self.owner = unit
                return unit.terminal.granted(self.now_ms)

    def _fly(self, to_host, data):
        start = max(self.now_ms, self._free_ms[to_host])
        for late, piece in self._fault(to_host, data):
            start = max(start, self._free_ms[to_host]) + late + len(piece) * 10000 // self.host.baud
            self._free_ms[to_host] = start
            self._count += 1
            self._flying.append((start, self._count, to_host, self.owner, piece))
        self._flying.sort(key=lambda flight: flight[:2])


# A line that spoils the first frame that said() begins like this, once for each: "lose", "damage", "cut", or ms late.
class Spoilt:
    def __init__(self, *faults):
        self._faults = list(faults)

    def __call__(self, to_host, data):
        for fault in self._faults:
            if said(data).startswith(fault[0]):
                self._faults.remove(fault)
                return spoilt(data, fault[1])
        return [(0, data)]


def spoilt(data, how):
    if how == "lose":
        return []
    if how == "damage":
        return [(0, data[:-5] + bytes([data[-5] ^ 1]) + data[-4:])]
    if how == "cut":
        return [(0, data[:-6])]
    return [(how, data)]


# A host alone: what it sends, and what it says of what it hears.
class Alone:
    def __init__(self, port="cradle", known=("AB", "HK"), **settings):
        self.book = AddressBook()
        for address in known:
            self.book.assign(address)
        self.host = Host(port, self.book, settings, lambda: TIME)
        self.now_ms = 0
        self.host.start_cycle(0)

    def sent(self):
        return [said(raw) for _, raw in self.host.actions()]

    def hears(self, frame):
        self.now_ms += 100
        self.host.received(frame, self.now_ms)
        return self.answers()

    # the application says yes at once
    def answers(self, yes=True):
        while self.host.deadline() is None:
            self.host.accept() if yes else self.host.refuse()
            self.host.tick(self.now_ms)
        return self.sent()

    def silence(self):
        self.now_ms = max(self.now_ms, self.host.deadline())
        self.host.tick(self.now_ms)
        return self.sent()

    def of(self, kind):
        return [event[1:] for event in self.host.events if event[0] == kind]

    def events(self):
        taken = list(self.host.events)
        self.host.events.clear()
        return taken


def asked(**settings):
    alone = Alone(**settings)
    assert alone.sent() == ["POL 00 offers AA"]
    assert alone.silence() == ["POL 11"]
    return alone


def damaged(frame):
    frame.bcc_ok = False
    return frame
