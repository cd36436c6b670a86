# One drawer: lock, switch and latch. One function per from-state; time comes in with the event. Pure: facts come out.
from firmware import codes

# from-states; UNKNOWN at boot until the sensors have been read
UNKNOWN = 0
LOCKED = 1
RELEASED = 2
OPEN = 3
SETTLING = 4  # closed, waiting for the latch
FAILED = 5  # the lock did not answer

# events
RELEASE = "release"
OPENED = "opened"
CLOSED = "closed"
LATCHED = "latched"
UNLATCHED = "unlatched"
TICK = "tick"
FAIL = "fail"

# facts: (what, value)
LOCK_OFF = "lock_off"
DID_OPEN = "did_open"  # value: 1 if it was released
DID_CLOSE = "did_close"  # value: milliseconds it was open
NOT_OPENED = "not_opened"  # value: reason of the cancelled entry
ALARM = "alarm"
CLEARED = "cleared"

REASON_NOT_OPENED = 2
REASON_JAMMED = 3
RETRY_MS = 5000

_NEVER = None


class Drawer:
    def __init__(self, number, release_ms, ajar_ms, latch_ms):
        self.number = number
        self.release_ms = release_ms
        self.ajar_ms = ajar_ms
        self.latch_ms = latch_ms
        self.state = UNKNOWN
        self.latched = False
        self.since_ms = 0
        self.deadline_ms = _NEVER
        self.alarms = set()

    def handle(self, event, now_ms):
        if event in (LATCHED, UNLATCHED):
            self.latched = event == LATCHED
        if event == FAIL and self.state == OPEN:
            return []  # it is open: the switch goes on telling; the driver tries the safe value again
        if event == FAIL:
            return _enter(self, FAILED, now_ms, RETRY_MS)
        return _FROM[self.state](self, event, now_ms)

    # released, open, or on its way back to the latch
    def moving(self):
        return self.state in (RELEASED, OPEN) or (self.state == SETTLING and self.deadline_ms is not None)

    # false while it is unknown, failed, not latched, or open without or beyond its release
    def usable(self):
        return self.state in (LOCKED, RELEASED) or (self.state == OPEN and not self.alarms)

    # sensors read at boot; `was_open` is what the journal last said, `alarms` those still standing
    def start(self, closed, latched, was_open, alarms, now_ms):
        self.latched = latched
        self.alarms = set(alarms)
        if closed:
            facts = [(DID_CLOSE, 0)] if was_open else []
            return facts + _cleared(self, codes.ALARM_LEFT_OPEN, codes.ALARM_FORCED) + _shut(self, now_ms)
        _enter(self, OPEN, now_ms, self.ajar_ms)
        return [] if was_open else [(DID_OPEN, 0)] + _raised(self, codes.ALARM_FORCED)


def _enter(d, state, now_ms, within_ms):
    d.state = state
    d.since_ms = now_ms
    d.deadline_ms = _NEVER if within_ms is None else now_ms + within_ms
    return []


def _raised(d, alarm):
    if alarm in d.alarms:
        return []
    d.alarms.add(alarm)
    return [(ALARM, alarm)]


def _cleared(d, *alarms):
    gone = [alarm for alarm in alarms if alarm in d.alarms]
    d.alarms.difference_update(gone)
    return [(CLEARED, alarm) for alarm in gone]


def _due(d, event, now_ms):
    return event == TICK and d.deadline_ms is not None and now_ms >= d.deadline_ms


def _shut(d, now_ms):
    if not d.latched:
        return _enter(d, SETTLING, now_ms, d.latch_ms)
    _enter(d, LOCKED, now_ms, None)
    return []


def _forced(d, now_ms):
    _enter(d, OPEN, now_ms, d.ajar_ms)
    return [(DID_OPEN, 0)] + _raised(d, codes.ALARM_FORCED)


# nothing is known, so nothing is done but to name an open drawer
def _unknown(d, event, now_ms):
    return _forced(d, now_ms) if event == OPENED else []


def _locked(d, event, now_ms):
    if event == RELEASE:
        return _enter(d, RELEASED, now_ms, d.latch_ms)
    if event == OPENED:
        return _forced(d, now_ms)
    if event == UNLATCHED:
        return _enter(d, SETTLING, now_ms, d.latch_ms)
    return []


def _released(d, event, now_ms):
    if event == OPENED:
        _enter(d, OPEN, now_ms, d.ajar_ms)
        return [(LOCK_OFF, 0), (DID_OPEN, 1)] + _cleared(d, codes.ALARM_JAMMED)
    if event == UNLATCHED:
        d.deadline_ms = d.since_ms + d.release_ms
        return _cleared(d, codes.ALARM_JAMMED)
    if not _due(d, event, now_ms):
        return []
    if d.latched:
        return [(LOCK_OFF, 0), (NOT_OPENED, REASON_JAMMED)] + _raised(d, codes.ALARM_JAMMED) + _shut(d, now_ms)
    return [(LOCK_OFF, 0), (NOT_OPENED, REASON_NOT_OPENED)] + _shut(d, now_ms)


def _open(d, event, now_ms):
    if event == CLOSED:
        facts = [(DID_CLOSE, now_ms - d.since_ms)] + _cleared(d, codes.ALARM_LEFT_OPEN, codes.ALARM_FORCED)
        return facts + _shut(d, now_ms)
    if _due(d, event, now_ms):
        d.deadline_ms = _NEVER
        return _raised(d, codes.ALARM_LEFT_OPEN)
    return []


def _settling(d, event, now_ms):
    if event == LATCHED:
        return _enter(d, LOCKED, now_ms, None) + _cleared(d, codes.ALARM_JAMMED)
    if event == OPENED:
        return _forced(d, now_ms)
    if _due(d, event, now_ms):
        d.deadline_ms = _NEVER
        return _raised(d, codes.ALARM_JAMMED)
    return []


# the safe value is tried again until the lock answers; then the sensors decide
def _failed(d, event, now_ms):
    if event == OPENED:
        return _forced(d, now_ms)
    return [(LOCK_OFF, 0)] + _shut(d, now_ms) if _due(d, event, now_ms) else []


# asked back by the user before it opened: the lock goes off at once
def relock(d, now_ms):
    return [(LOCK_OFF, 0)] + _shut(d, now_ms) if d.state == RELEASED else []


_FROM = (_unknown, _locked, _released, _open, _settling, _failed)
