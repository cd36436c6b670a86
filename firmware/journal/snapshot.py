# Snapshots, docs/journal.md section 5: two areas written in turn, so that one is whole at any moment.
import os
from struct import pack, unpack_from

from firmware.compat import Hmac, const, same
from firmware.wire import cbor

S_STATION = const(1)
S_LOG = const(2)
S_SEQ = const(3)
S_HEAD = const(4)
S_BOOT = const(5)
S_RELEASED = const(6)
S_STATE = const(7)

_VERSION = const(2)
_MAC = const(16)
_PIECE = const(512)
_LONG = const(64)  # bytes that stay in the file until they are asked for


# Part of a file, read where it is looked at: a whole snapshot may not find room beside the state it goes into.
class View:
    def __init__(self, file, start, end):
        self._file = file
        self._start = start
        self._end = end

    def __len__(self):
        return self._end - self._start

    def __getitem__(self, at):
        if isinstance(at, slice):
            first, last = at.start or 0, len(self) if at.stop is None else min(at.stop, len(self))
            self._file.seek(self._start + first)
            return self._file.read(max(0, last - first))
        self._file.seek(self._start + at)
        return self._file.read(1)[0]

    def part(self, start, end):
        return View(self._file, self._start + start, self._start + end)

    def pieces(self):
        for at in range(0, len(self), _PIECE):
            yield self[at : at + _PIECE]


# The CBOR item at `at`, long byte strings as views, and where the next begins.
def _item(view, at):
    major, argument, begin = cbor.head(view, at)
    if major == cbor.ARRAY:
        return _members(view, begin, argument)
    if major == cbor.BYTES and argument > _LONG:
        if begin + argument > len(view):
            raise ValueError("cut short")
        return view.part(begin, begin + argument), begin + argument
    return cbor.item(view, at)


def _members(view, at, count):
    members = []
    for _ in range(count):
        member, at = _item(view, at)
        members.append(member)
    return members, at


class FileStore:
    def __init__(self, path_a, path_b):
        self._paths = (path_a, path_b)

    # a file to read and close, None if there is none
    def open(self, which):
        try:
            return open(self._paths[which], "rb")
        except OSError:
            return None

    # In parts, made one by one: together they may not find room on a controller's heap.
    def write(self, which, parts):
        with open(self._paths[which], "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            if hasattr(os, "fsync"):
                os.fsync(file.fileno())


# The CBOR of a value, an item a piece, bytes as they are: a copy of a large state may not find room.
def _pieces(value):
    if isinstance(value, (list, tuple)):
        yield cbor.array_header(len(value))
        for member in value:
            yield from _pieces(member)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        yield cbor.bytes_header(len(value))
        yield value
    else:
        yield cbor.encode(value)


# its length, the CBOR, its MAC
def _file(fields, mac):
    yield pack("<I", sum(len(piece) for piece in _pieces(fields)))
    yield from _pieces(fields)
    yield mac


class Snapshots:
    def __init__(self, store, key):
        self._store = store
        self._mac = Hmac(key)
        self._seqs = [0, 0]

    # `take` gets the fields of the newest valid snapshot of this log, if there is one, long bytes as slices of a file.
    # A torn or foreign one is as good as none.
    def load(self, station, log, take):
        for which in (0, 1):
            fields = self._read(which, station, log, _nothing)
            self._seqs[which] = fields[S_SEQ] if fields else 0
        if self.newest:
            self._read(0 if self._seqs[0] > self._seqs[1] else 1, station, log, take)

    # Never over the newest one.
    def save(self, station, log, seq, head, boot, released, state):
        fields = [_VERSION, station, log, seq, head, boot, released] + state
        mac = self._mac.mac_over(_pieces(fields))[:_MAC]
        which = 0 if self._seqs[0] <= self._seqs[1] else 1
        self._seqs[which] = 0
        self._store.write(which, _file(fields, mac))
        self._seqs[which] = seq

    @property
    def newest(self):
        return max(self._seqs)

    # Entries after this one may still be needed, should the newest snapshot be lost.
    @property
    def older(self):
        return min(self._seqs)

    # the fields, once `take` has had them
    def _read(self, which, station, log, take):
        file = self._store.open(which)
        if file is None:
            return None
        try:
            fields = self._open(file, station, log)
            if fields:
                take(fields)
            return fields
        finally:
            file.close()

    def _open(self, file, station, log):
        start = file.read(4)
        if len(start) < 4:
            return None
        end = 4 + unpack_from("<I", start)[0]
        body, size = View(file, 4, end), file.seek(0, 2)
        if size < end or not same(self._mac.mac_over(body.pieces())[:_MAC], View(file, end, end + _MAC)[:]):
            return None
        fields, _ = _item(body, 0)
        return fields if fields[:S_SEQ] == [_VERSION, station, log] else None


def _nothing(_fields):
    pass
