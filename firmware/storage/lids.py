# Lids inside a drawer, one a pocket, and the return bin's flap. A lid that nobody released is forced (alarm 7).
from firmware import codes
from firmware.chart import (
    AJAR,
    ALARM,
    CLEARED,
    CLOSED,
    DID_OPEN,
    DOUBTED,
    EXPIRED,
    FAIL,
    FAILED,
    FOUND_SHUT,
    HOLD,
    LATCH,
    LID,
    LID_CLOSED,
    LID_OPEN,
    LID_OPENED,
    LID_RELEASED,
    LOCKED,
    NOT_OPENED,
    OPEN,
    OPENED,
    REACHED,
    REASON_NOT_OPENED,
    RELEASE,
    RELEASED,
    RELOCK,
    RETRY,
    SETTLING,
    UNKNOWN,
    UNLATCHED,
)
from firmware.storage import plain
from firmware.storage.plain import DID_SHUT, FORCED, FREE, JAM, LEFT_OPEN, OFF, SHUT, staying

_LID_FORCED = (ALARM, codes.ALARM_LID_FORCED)
_LIDS_SHUT = (CLEARED, codes.ALARM_LID_FORCED)
_UNASKED = (UNKNOWN, LOCKED, RELEASED, OPEN, DOUBTED, SETTLING, FAILED)
_NOT_TAKEN = (OFF, (NOT_OPENED, REASON_NOT_OPENED))

_WATCHED = (
    staying(_UNASKED, LID_OPENED, "", (_LID_FORCED,))
    + staying((LID_RELEASED, LID_OPEN), LID_OPENED, "", (_LID_FORCED,))
    + staying(_UNASKED + (LID_RELEASED,), LID_CLOSED, "lids shut", (_LIDS_SHUT,))
    + (
        (UNKNOWN, FOUND_SHUT, "lid up, latched", LOCKED, None, SHUT + (_LID_FORCED,)),
        (UNKNOWN, FOUND_SHUT, "lid up", SETTLING, LATCH, SHUT + (_LID_FORCED,)),
        (OPEN, CLOSED, "lid up, latched", LOCKED, None, DID_SHUT + (_LID_FORCED,)),
        (OPEN, CLOSED, "lid up", SETTLING, LATCH, DID_SHUT + (_LID_FORCED,)),
        (DOUBTED, CLOSED, "lid up", LOCKED, None, DID_SHUT + (_LID_FORCED,)),
    )
)

# The drawer first, then the one lid; with that lid shut again the drawer is as any open one.
LIDDED = (
    (
        (UNKNOWN, FOUND_SHUT, "lid up, latched, was open", LOCKED, None, DID_SHUT + (_LID_FORCED,)),
        (UNKNOWN, FOUND_SHUT, "lid up, was open", SETTLING, LATCH, DID_SHUT + (_LID_FORCED,)),
        (RELEASED, OPENED, "", LID_RELEASED, HOLD, (OFF, (DID_OPEN, 1), FREE, (LID, 0))),
        (LID_RELEASED, LID_OPENED, "asked", LID_OPEN, AJAR, (OFF, (REACHED, 0))),
        (LID_RELEASED, EXPIRED, "", OPEN, AJAR, JAM),
        (LID_RELEASED, CLOSED, "latched", LOCKED, None, _NOT_TAKEN + DID_SHUT),
        (LID_RELEASED, CLOSED, "", SETTLING, LATCH, _NOT_TAKEN + DID_SHUT),
        (LID_RELEASED, RELOCK, "", OPEN, AJAR, (OFF,)),
        (LID_RELEASED, FAIL, "", OPEN, AJAR, (OFF,)),
        (LID_OPEN, LID_OPENED, "asked", LID_OPEN, AJAR, ()),
        (LID_OPEN, LID_CLOSED, "lids shut", OPEN, AJAR, (_LIDS_SHUT,)),
        (LID_OPEN, LID_CLOSED, "asked", OPEN, AJAR, ()),
        (LID_OPEN, CLOSED, "lid up, latched", LOCKED, None, DID_SHUT + (_LID_FORCED,)),
        (LID_OPEN, CLOSED, "lid up", SETTLING, LATCH, DID_SHUT + (_LID_FORCED,)),
        (LID_OPEN, EXPIRED, "", LID_OPEN, None, LEFT_OPEN),
    )
    + _WATCHED
    + tuple(row for row in plain.CHART if row[:2] != (RELEASED, OPENED))
)

# What is brought back goes through the flap and is out of reach; the door is for emptying. A flap that was open when
# the power went is still the one that was released.
BIN = (
    (
        (UNKNOWN, FOUND_SHUT, "lid up, was open", LID_OPEN, AJAR, ()),
        (LOCKED, RELEASE, "counted", LID_RELEASED, HOLD, ((LID, 0),)),
        (LID_RELEASED, LID_OPENED, "asked", LID_OPEN, AJAR, (OFF, (DID_OPEN, 1), (REACHED, 0))),
        (LID_RELEASED, EXPIRED, "", LOCKED, None, _NOT_TAKEN),
        (LID_RELEASED, RELOCK, "", LOCKED, None, (OFF,)),
        (LID_RELEASED, FAIL, "", FAILED, RETRY, ()),
        (LID_RELEASED, OPENED, "", OPEN, AJAR, _NOT_TAKEN + FORCED),
        (LID_RELEASED, UNLATCHED, "", SETTLING, LATCH, _NOT_TAKEN),
        (LID_OPEN, LID_OPENED, "asked", LID_OPEN, AJAR, ()),
        (LID_OPEN, LID_CLOSED, "lids shut, latched", LOCKED, None, DID_SHUT + (_LIDS_SHUT,)),
        (LID_OPEN, LID_CLOSED, "lids shut", SETTLING, LATCH, DID_SHUT + (_LIDS_SHUT,)),
        (LID_OPEN, EXPIRED, "", LID_OPEN, None, LEFT_OPEN),
        (LID_OPEN, OPENED, "", OPEN, AJAR, FORCED[:1]),
    )
    + _WATCHED
    + plain.CHART
)
