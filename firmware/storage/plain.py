# What every drawer and door does: one lock, one switch, one latch. Matrix drawer, tower door and fridge do no more.
from firmware import codes
from firmware.chart import (
    AJAR,
    ALARM,
    CLEARED,
    CLOSED,
    DID_CLOSE,
    DID_OPEN,
    DOUBTED,
    EXPIRED,
    FAIL,
    FAILED,
    FOUND_OPEN,
    FOUND_SHUT,
    HOLD,
    KEEP,
    LATCH,
    LATCHED,
    LOCK_OFF,
    LOCKED,
    NOT_OPENED,
    OPEN,
    OPENED,
    REACHED,
    REASON_JAMMED,
    REASON_NOT_OPENED,
    RELEASE,
    RELEASED,
    RELOCK,
    RETRY,
    SETTLING,
    UNKNOWN,
    UNLATCHED,
    UNLOCK,
)

OFF = (LOCK_OFF, 0)
# the alarm first: were power to go between the two, the drawer would be taken for one that was opened rightly
FORCED = ((ALARM, codes.ALARM_FORCED), (DID_OPEN, 0))
AGREE = (CLEARED, codes.ALARM_DISAGREE)
DISAGREE = (ALARM, codes.ALARM_DISAGREE)
JAMMED = (ALARM, codes.ALARM_JAMMED)
FREE = (CLEARED, codes.ALARM_JAMMED)
JAM = (OFF, (NOT_OPENED, REASON_JAMMED), JAMMED)
SHUT = ((CLEARED, codes.ALARM_LEFT_OPEN), (CLEARED, codes.ALARM_FORCED), AGREE)
DID_SHUT = ((DID_CLOSE, 0),) + SHUT
LEFT_OPEN = ((ALARM, codes.ALARM_LEFT_OPEN),)
COME_OUT = (OFF, (DID_OPEN, 1), (REACHED, 0), FREE)

# (from, event, guard, to, time, facts). Locked and doubted drawers are latched: else they settle or are open.
CHART = (
    (UNKNOWN, FOUND_SHUT, "latched, was open", LOCKED, None, DID_SHUT),
    (UNKNOWN, FOUND_SHUT, "was open", SETTLING, LATCH, DID_SHUT),
    (UNKNOWN, FOUND_SHUT, "latched", LOCKED, None, SHUT),
    (UNKNOWN, FOUND_SHUT, "", SETTLING, LATCH, SHUT),
    (UNKNOWN, FOUND_OPEN, "was open", OPEN, AJAR, ()),
    (UNKNOWN, FOUND_OPEN, "", OPEN, AJAR, FORCED),
    (UNKNOWN, OPENED, "", OPEN, AJAR, FORCED),
    (UNKNOWN, FAIL, "", FAILED, RETRY, ()),
    (LOCKED, RELEASE, "", RELEASED, LATCH, ((UNLOCK, 0),)),
    (LOCKED, OPENED, "", DOUBTED, LATCH, FORCED),
    (LOCKED, UNLATCHED, "", SETTLING, LATCH, ()),
    (LOCKED, FAIL, "", FAILED, RETRY, ()),
    (RELEASED, OPENED, "latched", DOUBTED, LATCH, COME_OUT),
    (RELEASED, OPENED, "", OPEN, AJAR, COME_OUT),
    (RELEASED, UNLATCHED, "", RELEASED, HOLD, (FREE,)),
    (RELEASED, EXPIRED, "latched", LOCKED, None, JAM),
    (RELEASED, EXPIRED, "", SETTLING, LATCH, (OFF, (NOT_OPENED, REASON_NOT_OPENED))),
    (RELEASED, RELOCK, "latched", LOCKED, None, (OFF,)),
    (RELEASED, RELOCK, "", SETTLING, LATCH, (OFF,)),
    (RELEASED, FAIL, "", FAILED, RETRY, ()),
    (OPEN, CLOSED, "latched", LOCKED, None, DID_SHUT),
    (OPEN, CLOSED, "", SETTLING, LATCH, DID_SHUT),
    (OPEN, LATCHED, "", DOUBTED, LATCH, ()),
    (OPEN, EXPIRED, "", OPEN, None, LEFT_OPEN),
    (DOUBTED, CLOSED, "", LOCKED, None, DID_SHUT),
    (DOUBTED, UNLATCHED, "", OPEN, AJAR, (AGREE,)),
    (DOUBTED, EXPIRED, "", DOUBTED, None, (DISAGREE,)),
    (SETTLING, LATCHED, "", LOCKED, None, (FREE,)),
    (SETTLING, OPENED, "", OPEN, AJAR, FORCED),
    (SETTLING, EXPIRED, "", SETTLING, None, (JAMMED,)),
    (SETTLING, FAIL, "", FAILED, RETRY, ()),
    (FAILED, OPENED, "", OPEN, AJAR, (OFF,) + FORCED),
    (FAILED, EXPIRED, "latched", LOCKED, None, (OFF,)),
    (FAILED, EXPIRED, "", SETTLING, LATCH, (OFF,)),
    (FAILED, FAIL, "", FAILED, RETRY, ()),
)


# the same reaction in several states, none of which is left
def staying(states, event, guard, facts):
    return tuple((state, event, guard, state, KEEP, facts) for state in states)
