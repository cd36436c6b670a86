# What a frame of POL/SELECT is made of, and the rules for what stands in it: one list for who writes and who reads.
# docs/polselect.md sections 1 to 4.
from firmware.compat import const
from firmware.cradle import addresses

SOH = const(0x01)
STX = const(0x02)
ETX = const(0x03)
EOT = const(0x04)
ENQ = const(0x05)
ACK = const(0x06)
NAK = const(0x15)
ESC = const(0x1B)
PIPE = const(0x7C)
POL = const(0x70)
SEL = const(0x71)

FLAGS = "ABCDILPRS"
LEAST_POWER = const(5)
MOST_POWER = const(12)
# what the largest block can hold after stuffing
LARGEST = const(4096)
BLOCKS = const(100000)

_ESCAPED = (b"\x1b", b"\x03", b"\x04")

# kind -> the fields that it has besides the address, bcc_ok and reason
FIELDS = {
    "new_address_pol": ("time", "new_address"),
    "general_pol": ("time", "max_block_size"),
    "specific_pol": ("time", "max_block_size"),
    "sel": ("time", "max_block_size"),
    "ack": (),
    "data_ack": ("block",),
    "nak": (),
    "data": ("flag", "block", "size", "data", "last"),
}
ALL_FIELDS = ("time", "new_address", "max_block_size", "flag", "block", "size", "data", "last")


# A field that a frame does not have is None. bcc_ok is None where there was no check field: a bare NAK, or a frame so
# damaged that nobody knows where it would be. Only sound() frames may be believed.
class Frame:
    framed = True

    def __init__(self, kind, address=None, time=None, max_block_size=None, new_address=None, block=None, reason=None):
        self.kind = kind
        self.address = address
        self.time = time
        self.max_block_size = max_block_size
        self.new_address = new_address
        self.block = block
        self.reason = reason
        self.bcc_ok = None
        self.carry()

    # what a data block has besides
    def carry(self, flag=None, size=None, data=None, last=None):
        self.flag = flag
        self.size = size
        self.data = data
        self.last = last
        return self


# May what this frame says be believed?
def sound(frame):
    return frame.kind != "invalid" and frame.bcc_ok is not False


# The block check: over everything between SOH or EOT and the check itself (RD-P1).
def bcc(data):
    check = 0
    for byte in data:
        check ^= byte
    return check


def bcc_field(data):
    return ("%03d" % bcc(data)).encode()


def stuff(data):
    for byte in _ESCAPED:
        data = data.replace(byte, b"\x1b" + byte)
    return data


def stuffed_size(flag, data):
    return len(data) + (sum(data.count(byte) for byte in _ESCAPED) if flag == "B" else 0)


# ValueError for what stuff() never gives.
def unstuff(data):
    out = bytearray()
    at = 0
    while True:
        end = data.find(b"\x1b", at)
        piece = data[at : end if end >= 0 else len(data)]
        if b"\x03" in piece or b"\x04" in piece:
            raise ValueError("a bare ETX or EOT in binary data")
        out.extend(piece)
        if end < 0:
            return bytes(out)
        escaped = data[end + 1 : end + 2]
        if escaped not in _ESCAPED:
            raise ValueError("ESC before a byte that needs none")
        out.extend(escaped)
        at = end + 2


# Why no frame can be like this, in words; None if it can.
def fault(frame):
    rules = _RULES.get(frame.kind)
    if rules is None:
        return "no frame is of this kind"
    for rule in rules:
        words = rule(frame)
        if words:
            return words
    return None


def _to_all(frame):
    wanted = addresses.NEW if frame.kind == "new_address_pol" else addresses.GENERAL
    return None if frame.address == wanted else "the address of this POL is " + wanted


def _to_one(frame):
    # a unit without an address accepts one from 00 (RD-P12b)
    if addresses.is_address(frame.address) or (frame.flag == "R" and frame.address == addresses.NEW):
        return None
    return "the address is not two letters"


def _bare_or_to_one(frame):
    return None if frame.address is None else _to_one(frame)


def _time(frame):
    return None if _digits(frame.time, 12) else "time is not 12 digits"


def _offer(frame):
    return None if addresses.is_address(frame.new_address) else "new_address is not two letters"


def _power(frame):
    size = frame.max_block_size
    return None if _whole(size) and size in POWERS else "max_block_size is not a power of 2 from 32 to 4096"


def _block(frame):
    return None if _whole(frame.block) and 0 <= frame.block < BLOCKS else "block is not a number of five digits"


def _flag(frame):
    flag = frame.flag
    known = isinstance(flag, str) and len(flag) == 1 and flag in FLAGS
    return None if known else "flag is none of " + " ".join(FLAGS)


def _last(frame):
    return None if frame.last is True or frame.last is False else "last is neither true nor false"


def _data(frame):
    data = frame.data
    if not isinstance(data, (bytes, bytearray)):
        return "there is no data"
    size = stuffed_size(frame.flag, data)
    if size > LARGEST:
        return "more than %d bytes of data" % LARGEST
    if frame.size is not None and (not _whole(frame.size) or frame.size != size):
        return "size is not the %d bytes that the data has on the line" % size
    return None if frame.flag == "B" else _text(data)


# An ETX or EOT in text could not be told from the end of the block (RD-P7c).
def _text(data):
    for byte in data:
        if byte < 0x20 and byte not in b"\t\r\n":
            return "a control character in text"
        if byte > 0x7F:
            return "text that is not ASCII"
    return None


def _whole(value):
    return isinstance(value, int) and value is not True and value is not False


def _digits(text, count):
    return isinstance(text, str) and len(text) == count and all(char in "0123456789" for char in text)


POWERS = {1 << power: power for power in range(LEAST_POWER, MOST_POWER + 1)}
_RULES = {
    "new_address_pol": (_to_all, _time, _offer),
    "general_pol": (_to_all, _time, _power),
    "specific_pol": (_to_one, _time, _power),
    "sel": (_to_one, _time, _power),
    "ack": (_to_one,),
    "data_ack": (_to_one, _block),
    "nak": (_bare_or_to_one,),
    "data": (_flag, _to_one, _block, _last, _data),
}
