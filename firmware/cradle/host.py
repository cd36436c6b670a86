# The host's end of POL/SELECT: of the pharmacy's interface computer (port "cradle") and of a station ("station").
# docs/polselect.md sections 12 to 14. Free of I/O: frames and time in, actions and events out.
#
# actions: ("send", bytes).
# events: ("assigned", adr)*, ("record", adr, flag, bytes)*, ("file", adr, name, bytes)*, ("asks", adr)*,
# ("given", adr), ("present", adr), ("gone", adr), ("trouble", adr or None, reason). After one with a star the host
# waits for accept() or refuse(): the unit is told only when the application has it for good.
from firmware.compat import const
from firmware.cradle import frames
from firmware.cradle.asking import ANSWER, SILENT
from firmware.cradle.cycles import cradle_cycle, station_cycle
from firmware.cradle.transfer import DOWN, check_item

CRADLE = "cradle"
STATION = "station"

# the host waits for what the application says to these
STARRED = ("assigned", "record", "file", "asks")
# an address whose giving broke off is not offered for so long: longer than a unit waits for a DataACK
DOUBTFUL_MS = const(30000)
# items that wait for one unit
WAITING = const(64)


# What may be set, and what it is if it is not.
class Settings:
    wait_ms = 3000  # SEC_WAIT_FOR_ACK of PROCAR.INI
    settle_ms = 300  # what comes so late after a repeated question is not heard
    baud = 9600  # what is sent takes its time on the line
    tries = 4  # a question, and three repeats (P95)
    power = 12  # MaxBlkSz
    cycle_ms = 5000  # from the end of a cycle to the next
    poll_ms = 250  # station: from one Specific POL to the next, while a unit is there
    turns = 64  # General POLs in one cycle
    silent_polls = 2  # so many without an answer, and the line is empty
    searched = 16  # addresses asked one by one when somebody does not give its own
    hashed = True  # files carry a hash, and must


class Host(Settings):
    # settings: a dict of those that differ. time12: gives MMDDYYHHMMSS.
    def __init__(self, port, book, settings, time12):
        self.port = port
        self.book = book
        self.time12 = time12
        self.events = []
        self.there = None  # station: the unit in its cradle
        self.why = SILENT
        self.sending = None
        for name, value in settings.items():
            if not hasattr(Settings, name):
                raise ValueError("no setting is called " + name)
            setattr(self, name, value)
        self._actions = []
        self._run = None
        self._wants = None
        self._said = None
        self._now_ms = 0
        self._due_ms = None
        self._sent_ms = 0
        self._doubtful = {}  # address -> when it may be offered again

    # a host is not polled
    listening = False

    # -- the application

    # Begin now, if no cycle is on. Later ones begin by themselves.
    def start_cycle(self, now_ms):
        if self._run is None:
            self._now_ms = now_ms
            self._run = cradle_cycle(self) if self.port == CRADLE else station_cycle(self)
            self._go_on(None)

    # Items for a unit: ("file", name, bytes) or ("block", flag, bytes), in this order; a file takes the place of one of
    # its name that still waits. False, and none is taken: too many wait. ValueError: no block can be like this.
    def give(self, address, items):
        for item in items:
            check_item(item, self.power, DOWN)
        waiting = self.book.status(address).waiting
        kept = [old for old in waiting if old is self.sending or not any(_replaces(new, old) for new in items)]
        if len(kept) + len(items) > WAITING:
            return False
        waiting[:] = kept + list(items)
        if self._run is None and self.there == address:
            self._due_ms = 0
        return True

    # What waits for a unit and is not wanted any more.
    def take_back(self, address):
        waiting = self.book.status(address).waiting
        back = [item for item in waiting if item is not self.sending]
        waiting[:] = [item for item in waiting if item is self.sending]
        return back

    # To the last event with a star; any other time it means nothing.
    def accept(self):
        self._said = True

    def refuse(self):
        self._said = False

    def actions(self):
        taken = self._actions
        self._actions = []
        return taken

    # -- time and frames

    # When tick() is due; None: when the application has answered.
    def deadline(self):
        if self._wants == ANSWER:
            return None if self._said is None else 0
        return self._due_ms

    def tick(self, now_ms):
        due = self.deadline()
        if due is None or now_ms < due:
            return
        if self._run is None:
            return self.start_cycle(now_ms)
        self._now_ms = now_ms
        self._go_on(self._said if self._wants == ANSWER else None)

    # While the application thinks, nothing new is heard: the unit waits for its DataACK.
    def received(self, frame, now_ms):
        if self._run is not None and self._wants != ANSWER:
            self._now_ms = now_ms
            self._go_on(frame)

    def _go_on(self, value):
        self._said = None
        try:
            self._wants = self._run.send(value)
        except StopIteration:
            self._run = self._wants = None
            self._due_ms = self._now_ms + (self.poll_ms if self.there else self.cycle_ms)

    # -- for the exchanges

    def send(self, frame):
        raw = frames.encode(frame)
        self._actions.append(("send", raw))
        self._sent_ms = max(self._sent_ms, self._now_ms) + len(raw) * 10000 // self.baud
        self._due_ms = self._sent_ms + self.wait_ms

    def pause(self):
        self._due_ms = self._now_ms + self.settle_ms

    def doubt(self, address):
        self._doubtful[address] = self._now_ms + DOUBTFUL_MS

    def doubtful(self):
        self._doubtful = {a: until for a, until in self._doubtful.items() if until > self._now_ms}
        return self._doubtful

    def trouble(self, address, why):
        self.events.append(("trouble", address, why))


def _replaces(new, old):
    return new[0] == old[0] == "file" and new[1] == old[1]
