# Rows of a table on file: u16 length | CBOR of the row, one after the other. Read and written a row at a time.
import hashlib
from struct import pack, unpack

from firmware.wire import cbor


def write(file, rows):
    for row in rows:
        data = cbor.encode(row)
        file.write(pack("<H", len(data)))
        file.write(data)


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


# SHA-256 of the concatenated CBOR rows; a Table gives them in the order docs/wire.md asks for.
def digest(rows):
    h = hashlib.sha256()
    for row in rows:
        h.update(cbor.encode(row))
    return h.digest()
