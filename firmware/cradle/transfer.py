# What goes over in blocks, for both ends: an item cut into blocks, and blocks put together again. docs/polselect.md
# section 13. An item is ("file", name, bytes) or ("block", flag, bytes).
from binascii import hexlify

from firmware.compat import const, sha256
from firmware.cradle import frames
from firmware.cradle.blocks import BLOCKS, fault

FILE_LIMIT = const(1 << 20)
# what a host may bring, and what a unit: the flag is one of the bytes that only the check field guards
DOWN = "ABDS"
UP = "ABCDILP"
_NAMES_KEPT = const(16)
_TEXT = b"\t\r\n"
_NAME_SIZE = const(32)


# The number after `number`: those of single blocks run on and on, 0 is a file's header.
def following(number):
    return number + 1 if number + 1 < BLOCKS else 1


# A for text that a block may hold as it is, B for all else (RD-P7c).
def file_flag(data):
    return "A" if all(0x20 <= byte <= 0x7F or byte in _TEXT for byte in data) else "B"


# ValueError, in words, for an item that no blocks of 2^power can carry, or that this end does not send.
def check_item(item, power, flags):
    kind, name, data = item
    if kind == "file":
        if len(data) > FILE_LIMIT:
            raise ValueError("a file of more than %d bytes" % FILE_LIMIT)
        _check_name(name)
        name, data = file_flag(data), _header(item, file_flag(data), power, True)
    elif name in "AB":
        raise ValueError("a file needs a name")
    elif name not in flags:
        raise ValueError("this end sends " + " ".join(flags))
    words = fault(frames.data("AA", name, 0, data, True))
    if words:
        raise ValueError(words)
    if not frames.fits(name, data, power):
        raise ValueError("%d bytes, and blocks have %d" % (len(data), 1 << power))


def _check_name(name):
    if not 0 < len(name) <= _NAME_SIZE or any(char == "|" or not " " < char <= "~" for char in name):
        raise ValueError("a file's name is up to %d visible characters without a pipe" % _NAME_SIZE)


def _file_hash(name, data):
    return hexlify(sha256(name.encode(), b"|", data)).decode()[:8]


# Block 0 (P89, RD-P7b); the hash at its end is ours, as that of a record (RD-P1b).
def _header(item, flag, power, hashed):
    _, name, data = item
    text = "%s|%d" % (name, len(data))
    if flag == "B":
        text += "|%d" % (1 << power)
    return (text + "|#" + _file_hash(name, data) if hashed else text).encode()


# -> (name, size, hash or "")
def _read_header(data):
    # MicroPython decodes anything
    if any(not 0x20 < byte < 0x7F for byte in data):
        raise ValueError("block 0 is not plain text")
    fields = bytes(data).decode().split("|")
    found = fields.pop()[1:] if fields[-1].startswith("#") else ""
    if len(fields) not in (2, 3) or not all(field.isdigit() for field in fields[1:]):
        raise ValueError("block 0 is no name and size")
    _check_name(fields[0])
    return fields[0], int(fields[1]), found


# One item on its way: the block that is due, until the other end has it.
class Outgoing:
    def __init__(self, item, number, power, hashed):
        self.item = item
        self.power = power
        self._at = 0
        self._held = item[2]
        self._is_file = item[0] == "file"
        self.flag = file_flag(self._held) if self._is_file else item[1]
        self.number = 0 if self._is_file else number
        self._header = _header(item, self.flag, power, hashed) if self._is_file else None

    @property
    def data(self):
        if self._is_file and self.number == 0:
            return self._header
        return self._held[self._at : self._at + self._size()]

    # Is this the item's last block?
    @property
    def last(self):
        return self._at + self._size() == len(self._held)

    def _size(self):
        if not self._is_file:
            return len(self._held)
        ahead = self._held[self._at : self._at + (1 << self.power)]
        return frames.cut(self.flag, ahead, self.power) if self.number else 0

    # the other end has the block
    def advance(self):
        self._at += self._size()
        self.number += 1


# A file that is coming in.
class _Coming:
    def __init__(self, flag, header):
        self.flag = flag
        self.name, self.size, self._hash = _read_header(header)
        self._parts = []
        self._have = 0

    # Can the file be taken at all?
    def check(self, hashed):
        if self.size > FILE_LIMIT or (hashed and not self._hash):
            raise ValueError("a file that is too long, or has no hash")

    def follows(self, frame):
        if frame.flag != self.flag or frame.block != len(self._parts) + 1:
            raise ValueError("a block of a file that did not come before")
        if self._have + len(frame.data) > self.size:
            raise ValueError("a file that is longer than its block 0 says")

    def add(self, data):
        self._parts.append(bytes(data))
        self._have += len(data)

    # The file, with these bytes as its end.
    def whole(self, data):
        data = b"".join(self._parts + [bytes(data)])
        if len(data) != self.size or (self._hash and self._hash != _file_hash(self.name, data)):
            raise ValueError("the file is not what its block 0 says")
        return data


# What came from one other end: which block was the last, the file that is coming, which files are already here.
class Incoming:
    def __init__(self, flags, hashed, taken=None):
        self._flags = flags
        self._hashed = hashed
        # of a file that was coming before a restart nothing is left
        self.taken = None if taken and taken[0] in "AB" else taken
        self._coming = None
        self._files = {}
        self._next = None

    # A session begins: its first single block has any number, the others follow it. A file may go on where it broke
    # off, if its hash shows in the end that all of it belongs together.
    def begin(self):
        self._next = None
        if self._coming and not self._hashed:
            self._coming = self.taken = None

    # The block that was taken last, once more: its DataACK was lost (RD-P12c). The check field has 8 bits and would
    # take one for another, so the data is compared; ETX or EOT is not, as more may have been queued in between.
    def again(self, frame):
        return self.taken == _key(frame)

    # The item that is complete with this block, None if it is none yet or no news. ValueError: it does not belong here.
    def offered(self, frame):
        if frame.flag not in self._flags or (frame.flag == "L" and frame.data):
            raise ValueError("this end does not send such a block")
        if frame.flag in "AB":
            return self._offered_file(frame)
        if self._next not in (None, frame.block) and frame.flag != "I":
            raise ValueError("a block whose number does not follow")
        return ("block", frame.flag, bytes(frame.data))

    def _offered_file(self, frame):
        coming = self._file_of(frame)
        if frame.block:
            coming.follows(frame)
        else:
            coming.check(self._hashed)
        if not frame.last:
            return None
        data = coming.whole(frame.data if frame.block else b"")
        return None if self._files.get(coming.name) == sha256(data) else ("file", coming.name, data)

    def _file_of(self, frame):
        if frame.block == 0:
            return _Coming(frame.flag, frame.data)
        if self._coming is None:
            raise ValueError("a block of a file that did not come before")
        return self._coming

    # The block is taken, and what was offered with it: it counts from here.
    def keep(self, frame, item=None):
        self.taken = _key(frame)
        if item and item[0] == "file":
            self._remember(item[1], item[2])
        if frame.flag not in "ABI":
            self._next = following(frame.block)
        coming = self._file_of(frame) if frame.flag in "AB" and not frame.last else None
        if coming and frame.block:
            coming.add(frame.data)
        self._coming = coming

    # the same file again is no news: its last DataACK was lost, or nothing changed
    def _remember(self, name, data):
        if name not in self._files and len(self._files) >= _NAMES_KEPT:
            self._files.clear()
        self._files[name] = sha256(data)


def _key(frame):
    return "%s%05d%s" % (frame.flag, frame.block, hexlify(sha256(frame.data)).decode()[:16])
