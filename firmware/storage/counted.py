# Storage that counts what is taken: single doses behind a notch, coils that let fall, shelves with buttons. Sensors
# that tell another number than the one asked for, or of another pocket, disagree (alarm 4) until the next closing.
from firmware.chart import (
    AJAR,
    BUTTON,
    CLOSED,
    DID_OPEN,
    DISPENSE,
    DISPENSING,
    DOUBTED,
    DROP,
    EXPIRED,
    FAIL,
    FAILED,
    KEEP,
    LATCH,
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
    TURN,
    UNKNOWN,
    UNLATCHED,
    UNLOCK,
)
from firmware.storage import plain
from firmware.storage.plain import DID_SHUT, DISAGREE, FORCED, FREE, JAM, JAMMED, OFF, staying

_RESTING = (UNKNOWN, LOCKED, RELEASED, SETTLING, FAILED, DOUBTED)
_STARTED = (LOCKED, RELEASE, "counted", DISPENSING, TURN, ((DISPENSE, 0),))
_NOT_TAKEN = (OFF, (NOT_OPENED, REASON_NOT_OPENED))

# A take or put button beside each place; only those of the place that was opened count.
SHELF = ((OPEN, BUTTON, "asked", OPEN, KEEP, ()),) + staying((OPEN,) + _RESTING, BUTTON, "", (DISAGREE,)) + plain.CHART

# The front comes out by one notch a dose, so that one compartment after the other shows; filled with it wholly open.
_SHOWN = (OFF, (REACHED, 0), FREE)
SINGLE = (
    (
        _STARTED,
        (DISPENSING, OPENED, "all came", OPEN, AJAR, (OFF, (DID_OPEN, 1), (REACHED, 0), FREE)),
        (DISPENSING, OPENED, "", DISPENSING, TURN, ((DID_OPEN, 1),)),
        (DISPENSING, DROP, "all came, open", OPEN, AJAR, _SHOWN),
        (DISPENSING, DROP, "asked", DISPENSING, TURN, ()),
        (DISPENSING, DROP, "", DISPENSING, KEEP, (DISAGREE,)),
        (DISPENSING, EXPIRED, "some came, open", OPEN, AJAR, (OFF, (REACHED, 0), DISAGREE)),
        (DISPENSING, EXPIRED, "open", OPEN, AJAR, JAM),
        (DISPENSING, EXPIRED, "latched", LOCKED, None, JAM),
        (DISPENSING, EXPIRED, "", SETTLING, LATCH, JAM),
        (DISPENSING, CLOSED, "some came, latched", LOCKED, None, (OFF, (REACHED, 0)) + DID_SHUT + (DISAGREE,)),
        (DISPENSING, CLOSED, "some came", SETTLING, LATCH, (OFF, (REACHED, 0)) + DID_SHUT + (DISAGREE,)),
        (DISPENSING, CLOSED, "latched", LOCKED, None, _NOT_TAKEN + DID_SHUT),
        (DISPENSING, CLOSED, "", SETTLING, LATCH, _NOT_TAKEN + DID_SHUT),
        (DISPENSING, RELOCK, "open", OPEN, AJAR, (OFF,)),
        (DISPENSING, RELOCK, "latched", LOCKED, None, (OFF,)),
        (DISPENSING, RELOCK, "", SETTLING, LATCH, (OFF,)),
        (DISPENSING, FAIL, "open", OPEN, AJAR, (OFF,)),
        (DISPENSING, FAIL, "", FAILED, RETRY, ()),
    )
    + staying((OPEN,) + _RESTING, DROP, "", (DISAGREE,))
    + plain.CHART
)

# First the doses fall, then the door of the tray opens. Fewer than asked for are given out as well, none is a jam.
_GIVE = (OFF, (UNLOCK, 0))
COIL = (
    (
        _STARTED,
        (DISPENSING, DROP, "all came", RELEASED, LATCH, _GIVE),
        (DISPENSING, DROP, "asked", DISPENSING, TURN, ()),
        (DISPENSING, DROP, "", DISPENSING, KEEP, (DISAGREE,)),
        (DISPENSING, EXPIRED, "some came", RELEASED, LATCH, _GIVE + (DISAGREE,)),
        (DISPENSING, EXPIRED, "", LOCKED, None, JAM),
        (DISPENSING, RELOCK, "some came", LOCKED, None, (OFF, DISAGREE)),
        (DISPENSING, RELOCK, "", LOCKED, None, (OFF,)),
        (DISPENSING, OPENED, "", OPEN, AJAR, (OFF, (NOT_OPENED, REASON_JAMMED), JAMMED) + FORCED),
        (DISPENSING, UNLATCHED, "", SETTLING, LATCH, JAM),
        (DISPENSING, FAIL, "", FAILED, RETRY, ()),
    )
    + staying((OPEN,) + _RESTING, DROP, "", (DISAGREE,))
    + plain.CHART
)
