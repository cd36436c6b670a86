# From bytes to one frame, in two steps: measure() looks at the bytes that hold a frame together, read() takes it apart.
from firmware.compat import const
from firmware.cradle import addresses
from firmware.cradle.blocks import (
    ACK,
    ENQ,
    EOT,
    ETX,
    LARGEST,
    NAK,
    PIPE,
    POL,
    SEL,
    SOH,
    STX,
    Frame,
    bcc_field,
    fault,
    unstuff,
)

CUT_SHORT = const(-1)
NO_START = const(-2)
NO_POL = const(-3)
NO_ENQ = const(-4)
NO_END = const(-5)
NO_HEADER = const(-6)
TOO_LARGE = const(-7)

WHY = {
    CUT_SHORT: "the frame is cut short",
    NO_START: "no frame starts like this",
    NO_POL: "neither p nor q after the address",
    NO_ENQ: "no ENQ at the end of the POL or SEL",
    NO_END: "no ETX or EOT where it ends",
    NO_HEADER: "no block number, size and STX after the flag",
    TOO_LARGE: "a block of more than %d bytes" % LARGEST,
}

# ADR p TIME MaxBlkSz ENQ BCC; an EOT before it
_POL_SIZE = const(21)
_ENQ_AT = const(17)
_ACK_SIZE = const(8)
_DATA_ACK_SIZE = const(14)
_HEADER = const(16)
_TAIL = const(4)


# How many bytes the frame that starts at `at` has; while they are not there, how many to wait for. Negative: none
# starts here, see WHY. `idle`: a POL or SEL may have lost its EOT (RD-P2).
def measure(data, at, idle):
    lead = data[at]
    if lead == SOH:
        return _measure_answer(data, at)
    if lead == EOT:
        return _measure_pol(data, at + 1, 1)
    if lead == NAK:
        return 1
    if idle and _alphanumeric(lead):
        return _measure_pol(data, at, 0)
    return NO_START


def _alphanumeric(byte):
    return 0x30 <= byte <= 0x39 or 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A


def _measure_pol(data, at, lead):
    have = len(data) - at
    if not lead and have > 1 and not _alphanumeric(data[at + 1]):
        return NO_START
    if have > 2 and data[at + 2] != POL and data[at + 2] != SEL:
        return NO_POL if lead else NO_START
    if have > _ENQ_AT and data[at + _ENQ_AT] != ENQ:
        return NO_ENQ
    return _POL_SIZE + lead


def _measure_answer(data, at):
    have = len(data) - at
    if have < 5:
        return 5
    mark, after = data[at + 3], data[at + 4]
    if mark == ACK and after == STX:
        return _measure_data_ack(data, at, have)
    if mark == ACK or mark == NAK:
        return _ACK_SIZE if after == EOT else NO_END
    return _measure_data(data, at, have)


def _measure_data_ack(data, at, have):
    if not bytes(data[at + 5 : at + min(have, 10)] or b"0").isdigit():
        return NO_HEADER
    if have > 10 and data[at + 10] != EOT:
        return NO_END
    return _DATA_ACK_SIZE


def _measure_data(data, at, have):
    if have < _HEADER:
        return _HEADER if _may_be_header(data, at, have) else NO_HEADER
    number, size = bytes(data[at + 4 : at + 9]), bytes(data[at + 10 : at + 15])
    if data[at + 9] != PIPE or data[at + 15] != STX or not number.isdigit() or not size.isdigit():
        return NO_HEADER
    end = _HEADER + int(size)
    if end > _HEADER + LARGEST:
        return TOO_LARGE
    if have > end and data[at + end] != ETX and data[at + end] != EOT:
        return NO_END
    return end + _TAIL


# Seen early, so that an answer behind a stray SOH need not wait until the line is silent.
def _may_be_header(data, at, have):
    for n in range(4, have):
        byte = data[at + n]
        if (byte != PIPE) if n == 9 else not 0x30 <= byte <= 0x39:
            return False
    return True


# The frame in raw, whose length is what measure() said. With a wrong check its fields are given as they were read; with
# the right one they must also be what a frame can have.
def read(raw):
    if raw[0] == NAK:
        frame = Frame("nak")
        frame.framed = False
        return frame
    frame = _answer(raw) if raw[0] == SOH else _pol(raw[raw[0] == EOT :])
    covered = raw[1 if raw[0] in (SOH, EOT) else 0 : -3]
    check = bcc_field(covered)
    frame.bcc_ok = raw[-3:] == check
    if not frame.bcc_ok:
        frame.reason = "wrong check field: the bytes give " + check.decode()
        return frame
    return _judged(frame)


def _judged(frame):
    frame.reason = frame.reason or fault(frame)
    if frame.reason:
        frame.kind = "invalid"
    return frame


# one character a byte, whatever the bytes
def _chars(raw):
    return "".join(chr(byte) for byte in raw)


def _pol(raw):
    address, time, last = _chars(raw[:2]), _chars(raw[3:15]), raw[15:17]
    if raw[2] == POL and address == addresses.NEW:
        return Frame("new_address_pol", address, time, new_address=_chars(last))
    kind = "sel" if raw[2] == SEL else "general_pol" if address == addresses.GENERAL else "specific_pol"
    return Frame(kind, address, time, 1 << int(last) if last.isdigit() else None)


def _answer(raw):
    address = _chars(raw[1:3])
    if raw[3] == NAK:
        return Frame("nak", address)
    if raw[3] != ACK:
        return _data(raw, address)
    return Frame("data_ack", address, block=int(raw[5:10])) if raw[4] == STX else Frame("ack", address)


def _data(raw, address):
    flag, data, reason = chr(raw[3]), raw[_HEADER:-_TAIL], None
    if flag == "B":
        try:
            data = unstuff(data)
        except ValueError as error:
            data, reason = None, str(error)
    frame = Frame("data", address, block=int(raw[4:9]), reason=reason)
    return frame.carry(flag, int(raw[10:15]), data, raw[-_TAIL] == EOT)
