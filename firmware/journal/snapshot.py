# Snapshots, docs/journal.md section 5: two areas written in turn, so that one is whole at any moment.
import os
from struct import pack, unpack_from

from firmware.compat import const, derive, hmac_sha256, same
from firmware.wire import cbor

S_STATION = const(1)
S_LOG = const(2)
S_SEQ = const(3)
S_HEAD = const(4)
S_BOOT = const(5)
S_RELEASED = const(6)
S_STATE = const(7)

_VERSION = const(1)
_MAC = const(16)


class FileStore:
    def __init__(self, path_a, path_b):
        self._paths = (path_a, path_b)

    def read(self, which):
        try:
            with open(self._paths[which], "rb") as file:
                return file.read()
        except OSError:
            return b""

    # In parts: joined they may not find room on a controller's heap.
    def write(self, which, *parts):
        with open(self._paths[which], "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            if hasattr(os, "fsync"):
                os.fsync(file.fileno())


# Two areas in RAM that lose power together with a RamFlash.
class RamStore:
    def __init__(self, power):
        self._power = power
        self.areas = [b"", b""]

    def read(self, which):
        return self.areas[which]

    def write(self, which, *parts):
        data = b"".join([bytes(part) for part in parts])
        self.areas[which] = bytes(data[: self._power.spend(len(data))])
        self._power.check()


# The CBOR of a value, an item a piece, bytes as they are: a copy of a large state may not find room.
def _pieces(value):
    if isinstance(value, (list, tuple)):
        yield cbor.array_header(len(value))
        for member in value:
            yield from _pieces(member)
    elif isinstance(value, (bytes, memoryview)):
        yield cbor.bytes_header(len(value))
        yield value
    else:
        yield cbor.encode(value)


class Snapshots:
    def __init__(self, store, key):
        self._store = store
        self._key = derive(key, "snapshot")
        self._seqs = [0, 0]

    # The fields of the newest valid snapshot of this log, or None. A torn or foreign one is as good as none.
    # One is read at a time, the newest again: with two in RAM there may be no room for what is in them.
    def load(self, station, log):
        for which in (0, 1):
            body = self._body(which)
            self._seqs[which] = _seq(body, station, log) if body else 0
        if not self.newest:
            return None
        body = None
        return cbor.decode(self._body(self._seqs.index(self.newest)), views=True)

    # Never over the newest one.
    def save(self, station, log, seq, head, boot, released, state):
        body = list(_pieces([_VERSION, station, log, seq, head, boot, released] + state))
        size = sum(len(piece) for piece in body)
        which = 0 if self._seqs[0] <= self._seqs[1] else 1
        self._seqs[which] = 0
        self._store.write(which, pack("<I", size), *body, hmac_sha256(self._key, *body)[:_MAC])
        self._seqs[which] = seq

    @property
    def newest(self):
        return max(self._seqs)

    # Entries after this one may still be needed, should the newest snapshot be lost.
    @property
    def older(self):
        return min(self._seqs)

    # None if it is not whole and ours
    def _body(self, which):
        data = memoryview(self._store.read(which))
        if len(data) < 4:
            return None
        end = 4 + unpack_from("<I", data)[0]
        body, mac = data[4:end], data[end : end + _MAC]
        return body if same(hmac_sha256(self._key, body)[:_MAC], mac) else None


# 0 for that of another log
def _seq(body, station, log):
    _, at = cbor.open_array(body, 0)
    fields = []
    for _ in range(S_SEQ + 1):
        value, at = cbor.item(body, at)
        fields.append(value)
    return fields[S_SEQ] if fields[:S_SEQ] == [_VERSION, station, log] else 0
