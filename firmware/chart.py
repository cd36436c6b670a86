# The interpreter of the drawers' charts. What a drawer does is data: a chart per storage type (firmware/storage), rows
# of (from-state, event, guard, to-state, time, facts); the first row that fits is taken, without one nothing happens.
# Pure: time comes in with the event, facts come out. docs/drawers.md is drawn from the very same rows.

# states; UNKNOWN at boot until the sensors have been read. Only LOCKED may be released.
UNKNOWN = 0
LOCKED = 1
RELEASED = 2
OPEN = 3
SETTLING = 4  # closed, waiting for the latch
FAILED = 5  # the lock did not answer
DOUBTED = 6  # the switch says open, the latch says latched
LID_RELEASED = 7
LID_OPEN = 8
DISPENSING = 9

# events; FOUND_* are what the sensors say at boot, EXPIRED is a tick at or after the deadline
RELEASE = "release"  # at: pocket, n: doses to be counted out, 0 to open it whole
RELOCK = "relock"  # asked back by the user before it opened
OPENED = "opened"
CLOSED = "closed"
LATCHED = "latched"
UNLATCHED = "unlatched"
LID_OPENED = "lid_opened"  # at: pocket
LID_CLOSED = "lid_closed"
BUTTON = "button"  # at: pocket, n: 1 taken, -1 put
DROP = "drop"  # at: pocket
FAIL = "fail"
FOUND_SHUT = "found_shut"  # n: 1 if it was open when the power went
FOUND_OPEN = "found_open"
TICK = "tick"
EXPIRED = "expired"

# facts: (what, value). UNLOCK, LID and DISPENSE are all that ever moves something, LOCK_OFF ends them all.
UNLOCK = "unlock"  # value: milliseconds at most
LID = "lid"
DISPENSE = "dispense"  # value: doses
LOCK_OFF = "lock_off"
DID_OPEN = "did_open"  # value: 1 if it was released
REACHED = "reached"  # the pocket asked for can be reached
DID_CLOSE = "did_close"  # value: milliseconds it was open
NOT_OPENED = "not_opened"  # value: reason of the cancelled entry
ALARM = "alarm"
CLEARED = "cleared"

REASON_NOT_OPENED = 2
REASON_JAMMED = 3

# times of a row; AJAR runs from the opening, HOLD from what was last set moving, the others from the event; None: no
# deadline
KEEP = "keep"  # as it was
AJAR = "ajar"
HOLD = "hold"
LATCH = "latch"
RETRY = "retry"
TURN = "turn"
RETRY_MS = 5000
TURN_MS = 5000  # for one dose to come

_INSIDE = (OPEN, DOUBTED, LID_RELEASED, LID_OPEN, DISPENSING)
_VALUES = {UNLOCK: lambda d: d.after[HOLD], LID: lambda d: d.after[HOLD], DISPENSE: lambda d: d.units}

# what a guard may ask for, one after the other
CONDITIONS = {
    "latched": lambda d: d.latched,
    "was open": lambda d: d.n > 0,
    "counted": lambda d: d.n > 0,
    "asked": lambda d: d.at == d.pocket,
    "all came": lambda d: d.seen >= d.units,
    "some came": lambda d: d.seen > 0,
    "open": lambda d: not d.closed,
    "lid up": lambda d: bool(d.up),
    "lids shut": lambda d: not d.up,
}


# `guard`: conditions with commas between, "" none
def allows(guard, d):
    return not guard or all(CONDITIONS[name](d) for name in guard.split(", "))


# how long each of the times of a row is: one for all drawers of a station
def times(release_ms, ajar_ms, latch_ms):
    return {AJAR: ajar_ms, HOLD: release_ms, LATCH: latch_ms, RETRY: RETRY_MS, TURN: TURN_MS}


class Drawer:
    def __init__(self, number, kind, chart, after):
        self.number = number
        self.kind = kind
        self.chart = chart
        self.after = after
        self.state = UNKNOWN
        self.deadline_ms = None
        self.alarms = set()
        self.read = False  # have its sensors been read? then they are followed
        self.closed = False
        self.latched = False
        self.up = set()  # pockets whose lid is not shut
        self.pocket = 0  # the one released, the doses to come out of it, those that came
        self.units = 0
        self.seen = 0
        self.at = 0  # of the event being handled
        self.n = 0
        self._released_ms = 0
        self._opened_ms = 0

    def handle(self, event, now_ms, at=0, n=0):
        if event == TICK:
            if self.deadline_ms is None or now_ms < self.deadline_ms:
                return []
            event = EXPIRED
        sense(self, event, at, n)
        for row in self.chart:
            if row[0] == self.state and row[1] == event and allows(row[2], self):
                return self._take(row, now_ms)
        return []

    # as the sensors are at boot, `up` open lids
    def found(self, closed, latched, up=()):
        self.read, self.closed, self.latched, self.up = True, closed, latched, set(up)

    # sensors as they are; `was_open` is what the journal last said, `alarms` those still standing
    def start(self, closed, latched, was_open, alarms, now_ms, up=()):
        self.state, self.deadline_ms = UNKNOWN, None
        self.latched = latched
        self.alarms, self.up = set(alarms), set(up)
        self._opened_ms = now_ms
        return self.handle(FOUND_SHUT if closed else FOUND_OPEN, now_ms, 0, 1 if was_open else 0)

    # released, open, or on its way back to the latch
    def moving(self):
        return self.state in (RELEASED,) + _INSIDE or (self.state == SETTLING and self.deadline_ms is not None)

    # false while it is unknown, failed, not latched, shut over an open lid, or open without or beyond its release
    def usable(self):
        if self.state in (LOCKED, RELEASED):
            return not self.up
        return self.state in _INSIDE and not self.alarms

    def _take(self, row, now_ms):
        _, event, _, self.state, within, facts = row
        if event == RELEASE:
            self.pocket, self.units, self.seen = self.at, self.n, 0
        told = []
        for what, value in facts:
            told += self._fact(what, value, now_ms)
        if within != KEEP:
            self.deadline_ms = None if within is None else self._since(within, now_ms) + self.after[within]
        return told

    def _since(self, within, now_ms):
        if within == AJAR:
            return self._opened_ms
        return self._released_ms if within == HOLD else now_ms

    # an alarm is raised once, and cleared only if it stands
    def _fact(self, what, value, now_ms):
        if what == ALARM:
            if value in self.alarms:
                return []
            self.alarms.add(value)
        elif what == CLEARED:
            if value not in self.alarms:
                return []
            self.alarms.discard(value)
        elif what == DID_OPEN:
            self._opened_ms = now_ms
        elif what == DID_CLOSE:
            value = now_ms - self._opened_ms
        elif what in _VALUES:
            value, self._released_ms = _VALUES[what](self), now_ms
        return [(what, value)]


# What an event tells, before any row is looked for; d is a Drawer.
def sense(d, event, at, n):
    d.at, d.n = at, n
    if event in (LATCHED, UNLATCHED):
        d.latched = event == LATCHED
    elif event in (OPENED, CLOSED, FOUND_SHUT, FOUND_OPEN):
        d.closed = event in (CLOSED, FOUND_SHUT)
    elif event == LID_OPENED:
        d.up.add(at)
    elif event == LID_CLOSED:
        d.up.discard(at)
    elif at == d.pocket and event == DROP and d.state == DISPENSING:
        d.seen += 1
    elif at == d.pocket and event == BUTTON and d.state == OPEN:
        d.seen += n
