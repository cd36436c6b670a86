# Rows of a table on file: u16 length | CBOR of the row, one after the other. Read and written a row at a time.
import hashlib
from struct import pack, unpack

from firmware.wire import cbor


# -> SHA-256 of the concatenated CBOR rows: a Table gives its rows in the order docs/wire.md asks for
def write(file, rows):
    h = hashlib.sha256()
    for row in rows:
        data = cbor.encode(row)
        h.update(data)
        file.write(pack("<H", len(data)) + data)
    return h.digest()


def write_raw(file, rows):
    for data in rows:
        file.write(pack("<H", len(data)) + data)


def read(file):
    while True:
        head = file.read(2)
        if not head:
            return
        size = unpack("<H", head)[0]
        data = file.read(size)
        if len(data) != size:
            raise ValueError("rows cut short")
        yield cbor.decode(data)


# a row of a delta that takes its key away
def is_removal(row):
    return len(row) == 2 and row[1] is None


def digest(rows):
    h = hashlib.sha256()
    for row in rows:
        h.update(cbor.encode(row))
    return h.digest()
