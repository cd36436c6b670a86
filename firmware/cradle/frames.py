# The codec of POL/SELECT: frames to bytes, and any pieces of a stream to frames. docs/polselect.md.
from firmware.compat import const
from firmware.cradle import addresses
from firmware.cradle.blocks import (
    ALL_FIELDS,
    FIELDS,
    LARGEST,
    LEAST_POWER,
    MOST_POWER,
    POWERS,
    Frame,
    bcc,
    bcc_field,
    fault,
    sound,
    stuff,
    stuffed_size,
)
from firmware.cradle.reading import CUT_SHORT, NO_START, WHY, measure, read

# no answer, POL or header is longer
_SHORT = const(22)

__all__ = ("LARGEST", "LEAST_POWER", "MOST_POWER", "Frame", "Parser", "bcc", "sound")


def pol_new(time, new_address):
    return Frame("new_address_pol", addresses.NEW, time, new_address=new_address)


# power: of 2, the largest block that the answer may have
def pol_general(time, power):
    return Frame("general_pol", addresses.GENERAL, time, 1 << power)


def pol_specific(address, time, power):
    return Frame("specific_pol", address, time, 1 << power)


def sel(address, time, power):
    return Frame("sel", address, time, 1 << power)


def ack(address):
    return Frame("ack", address)


def data_ack(address, block):
    return Frame("data_ack", address, block=block)


# without an address the single byte that answers a wrong check
def nak(address=None):
    frame = Frame("nak", address)
    frame.framed = address is not None
    return frame


# data: raw bytes, before stuffing
def data(address, flag, block, data, last):
    return Frame("data", address, block=block).carry(flag, stuffed_size(flag, data), data, last)


# ValueError, in words, for what no frame can have.
def encode(frame):
    _refuse(fault(frame))
    _refuse(_foreign(frame))
    if frame.kind == "nak" and frame.address is None:
        return b"\x15"
    body = frame.address.encode() + _BODIES[frame.kind](frame)
    lead = b"\x04" if frame.time else b"\x01"
    return lead + body + bcc_field(body)


def _refuse(words):
    if words:
        raise ValueError(words)


def _foreign(frame):
    if frame.bcc_ok is False:
        return "a frame with a wrong check is not made"
    for name in ALL_FIELDS:
        if getattr(frame, name) is not None and name not in FIELDS[frame.kind]:
            return "a frame of this kind has no " + name
    return None


def _pol_body(frame):
    mark = "q" if frame.kind == "sel" else "p"
    last = frame.new_address or "%02d" % POWERS[frame.max_block_size]
    return (mark + frame.time + last).encode() + b"\x05"


def _ack_body(frame):
    return b"\x06\x04"


def _nak_body(frame):
    return b"\x15\x04"


def _data_ack_body(frame):
    return b"\x06\x02" + ("%05d" % frame.block).encode() + b"\x04"


def _data_body(frame):
    wire = stuff(bytes(frame.data)) if frame.flag == "B" else frame.data
    header = "%s%05d|%05d\x02" % (frame.flag, frame.block, len(wire))
    return header.encode() + wire + (b"\x04" if frame.last else b"\x03")


_BODIES = {
    "new_address_pol": _pol_body,
    "general_pol": _pol_body,
    "specific_pol": _pol_body,
    "sel": _pol_body,
    "ack": _ack_body,
    "nak": _nak_body,
    "data_ack": _data_ack_body,
    "data": _data_body,
}


def fits(flag, data, power):
    return stuffed_size(flag, data) <= 1 << power


# How many bytes of data go into one block of 2^power, counted as they are on the line (RD-P6c).
def cut(flag, data, power):
    room = 1 << power
    if flag != "B":
        return min(len(data), room)
    for n in range(min(len(data), room)):
        room -= 2 if data[n] in b"\x1b\x03\x04" else 1
        if room < 0:
            return n
    return min(len(data), 1 << power)


# The frame that these bytes are, no more and no less; a frame of kind invalid if they are none.
def one(raw):
    if not raw:
        return _invalid("no bytes")
    length = measure(raw, 0, True)
    if length < 0:
        return _invalid(WHY[length])
    if length > len(raw):
        return _invalid("%s: %d of at least %d bytes" % (WHY[CUT_SHORT], len(raw), length))
    frame = read(bytes(raw[:length]))
    if length < len(raw):
        frame.kind = "invalid"
        frame.reason = "%d bytes after the frame" % (len(raw) - length)
    return frame


def _invalid(reason):
    return Frame("invalid", reason=reason)


# Takes bytes as they come, gives frames: the same for any split of the same stream. It holds at most one frame. What
# lies between frames and is none comes as one invalid frame, when the next one is whole or the line has been silent.
class Parser:
    def __init__(self, idle=True):
        # a unit in idle-receive, or a listener: takes a POL or SEL that has no EOT before it
        self.idle = idle
        self._held = bytearray()
        self._wanted = 1
        self._lost = 0
        self._why = NO_START

    # True while bytes wait for more
    @property
    def pending(self):
        return bool(self._held) or self._lost > 0

    def feed(self, data):
        self._held.extend(data)
        return self._taken(False) if len(self._held) >= self._wanted else []

    # The line has been silent for longer than a frame allows: what was held is no frame, what lies in it may be.
    def timeout(self):
        return self._taken(True)

    def _taken(self, silent):
        frames, held, at = [], self._held, 0
        self._wanted = 1
        while at < len(held):
            length = self._length(held, at)
            if length > len(held) - at:
                if not silent:
                    # a long block is not looked at again for each of its bytes
                    self._wanted = length if length > _SHORT else 1
                    break
                length = CUT_SHORT
            if length < 0:
                self._lose(length)
                at += 1
            else:
                self._flush(frames)
                frames.append(read(bytes(held[at : at + length])))
                at += length
        if silent:
            self._flush(frames)
        if at:
            self._held = held[at:]
        return frames

    # a single NAK means something only where a frame could begin: not among bytes that are none
    def _length(self, held, at):
        length = measure(held, at, self.idle)
        return NO_START if length == 1 and self._lost else length

    def _lose(self, why):
        if not self._lost:
            self._why = why
        self._lost += 1

    def _flush(self, frames):
        if self._lost:
            frames.append(_invalid("%d bytes that are no frame: %s" % (self._lost, WHY[self._why])))
            self._lost = 0
