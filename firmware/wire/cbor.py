# Deterministic CBOR, the subset of docs/journal.md section 1: integers, bytes, text, arrays, null.
from struct import pack

MAX_DEPTH = 6

BYTES = 0x40
_TEXT = 0x60
ARRAY = 0x80
_NULL = 0xF6


# Already encoded items, spliced as they are: stored bytes are never encoded again.
class raw:
    def __init__(self, data):
        self.data = data


def encode(value):
    out = bytearray()
    _put(out, value, 0)
    return bytes(out)


def array_header(count):
    out = bytearray()
    _head(out, ARRAY, count)
    return bytes(out)


def bytes_header(size):
    out = bytearray()
    _head(out, BYTES, size)
    return bytes(out)


def decode(buf):
    value, end = item(buf, 0)
    if end != len(buf):
        raise ValueError("bytes after the end")
    return value


# One item at `at`; gives it and where the next begins. For readers that walk a structure by hand (COSE).
def item(buf, at, depth=0):
    major, argument, at = head(buf, at)
    if major == 0:
        return argument, at
    if major == 0x20:
        return -1 - argument, at
    if major == ARRAY:
        return _read_array(buf, at, argument, depth)
    if major == _NULL:
        return None, at
    end = at + argument
    if end > len(buf):
        raise ValueError("cut short")
    data = bytes(buf[at:end])
    return (data if major == BYTES else _text(data)), end


# (how many members, where the first begins): for readers that take an array member by member.
def open_array(buf, at):
    major, count, at = head(buf, at)
    if major != ARRAY:
        raise ValueError("not an array")
    return count, at


def _put(out, value, depth):
    kind = type(value)
    if value is None:
        out.append(_NULL)
    elif kind is int:
        if value < 0:
            _head(out, 0x20, -1 - value)
        else:
            _head(out, 0, value)
    elif kind is str:
        data = value.encode()
        _head(out, _TEXT, len(data))
        out.extend(data)
    elif kind is bytes or kind is bytearray or kind is memoryview:
        _head(out, BYTES, len(value))
        out.extend(value)
    elif kind is raw:
        out.extend(value.data)
    else:
        _put_array(out, value, depth)


def _put_array(out, value, depth):
    if not isinstance(value, (list, tuple)):
        raise ValueError("no place in the subset: " + str(type(value)))
    if depth == MAX_DEPTH:
        raise ValueError("too deep")
    _head(out, ARRAY, len(value))
    for member in value:
        _put(out, member, depth + 1)


def _head(out, major, n):
    if n < 24:
        out.append(major | n)
    elif n < 0x100:
        out.extend(pack(">BB", major | 24, n))
    elif n < 0x10000:
        out.extend(pack(">BH", major | 25, n))
    elif n < 0x100000000:
        out.extend(pack(">BI", major | 26, n))
    elif n < 0x10000000000000000:
        out.extend(pack(">BQ", major | 27, n))
    else:
        raise ValueError("integer over 64 bits")


# (major type, argument, where the rest begins)
def head(buf, at):
    if at >= len(buf):
        raise ValueError("cut short")
    first = buf[at]
    at += 1
    if first == _NULL:
        return _NULL, 0, at
    major, low = first & 0xE0, first & 0x1F
    if major > ARRAY or low > 27:
        raise ValueError("outside the subset")
    if low < 24:
        return major, low, at
    size = 1 << (low - 24)
    if at + size > len(buf):
        raise ValueError("cut short")
    argument = int.from_bytes(bytes(buf[at : at + size]), "big")
    if argument < (24 if size == 1 else 1 << (size * 4)):
        raise ValueError("not the shortest form")
    return major, argument, at + size


def _read_array(buf, at, count, depth):
    if depth == MAX_DEPTH:
        raise ValueError("too deep")
    if count > len(buf) - at:
        raise ValueError("cut short")
    members = []
    for _ in range(count):
        member, at = item(buf, at, depth + 1)
        members.append(member)
    return members, at


# MicroPython's decoder lets overlong forms and surrogates pass: the code points must need exactly these bytes.
def _text(data):
    text = data.decode()
    if len(text) != len(data) and sum(_width(ord(c)) for c in text) != len(data):
        raise ValueError("not UTF-8")
    return text


def _width(code):
    if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        raise ValueError("not UTF-8")
    return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)
