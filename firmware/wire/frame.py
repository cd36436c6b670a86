# Frames of the link, docs/wire.md section 2: COBS(payload | CRC-32) | 0x00.
from struct import pack, unpack

from firmware.compat import crc32
from firmware.wire.messages import MAX_PAYLOAD

_END = b"\0"
_RUN = 254


def encode(payload):
    out = _stuff(bytes(payload) + pack("<I", crc32(payload)))
    out.append(0)
    return bytes(out)


# Takes bytes as they come, gives whole payloads. Holds at most one frame; what can not be one is dropped and counted.
class Decoder:
    def __init__(self, max_payload=MAX_PAYLOAD):
        self.dropped = 0
        stuffed = max_payload + 4
        self._limit = stuffed + stuffed // _RUN + 1
        self._held = bytearray()
        self._overlong = False

    def feed(self, data):
        payloads = []
        data = bytes(data)
        at = 0
        while at < len(data):
            end = data.find(_END, at)
            self._hold(data[at : end if end >= 0 else len(data)])
            if end < 0:
                break
            self._close(payloads)
            at = end + 1
        return payloads

    def _hold(self, piece):
        if self._overlong or len(self._held) + len(piece) > self._limit:
            self._overlong = True
            self._held = bytearray()
        else:
            self._held.extend(piece)

    def _close(self, payloads):
        held, overlong = self._held, self._overlong
        self._held = bytearray()
        self._overlong = False
        if not held and not overlong:
            return
        payload = _payload(held)
        if payload is None:
            self.dropped += 1
        else:
            payloads.append(payload)


# None for what is none, else the same bytes without their CRC: what is large is there once.
def _payload(data):
    size = _unstuff(data) - 4
    if size < 0 or unpack("<I", data[size : size + 4])[0] != crc32(memoryview(data)[:size]):
        return None
    data[size:] = b""
    return data


def _stuff(data):
    # find, not split: a payload of zeros would split into more objects than the heap holds
    out = bytearray()
    at = 0
    while at <= len(data):
        end = data.find(_END, at, at + _RUN)
        full = end < 0 and len(data) - at >= _RUN
        if full:
            end = at + _RUN
        elif end < 0:
            end = len(data)
        out.append(end - at + 1)
        out.extend(data[at:end])
        at = end if full else end + 1
    return out


# In place, as it never grows. -> the size, -1 if a run goes beyond the end
def _unstuff(data):
    at = size = 0
    while at < len(data):
        code = data[at]
        end = at + code
        if end > len(data):
            return -1
        data[size : size + code - 1] = data[at + 1 : end]
        at, size = end, size + code - 1
        if code != 255 and at < len(data):
            data[size] = 0
            size += 1
    return size
