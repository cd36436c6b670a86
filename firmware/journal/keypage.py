# Key pages of the ring, docs/journal.md section 4: page 0 of each sector, twice the same record.
from struct import pack, unpack_from

from firmware.compat import const, crc32
from firmware.journal.evolve import PageKey
from firmware.journal.flash import PAGE

RECORD = const(128)
FIRST_OPENED = const(1)

_MAGIC = b"AKEY"
_CRC_AT = const(124)
_PAD = b"\xff" * 48


# `key` is that of the first entry that will lie in the sector
def encode(opened, key):
    body = _MAGIC + pack("<II", opened, key.seq) + key.next_epoch + key.key + _PAD
    return (body + pack("<I", crc32(body))) * 2


# (opened, PageKey) of the better record, None if neither is one
def decode(page):
    for at in range(0, PAGE, RECORD):
        body = bytes(page[at : at + _CRC_AT])
        if body[:4] == _MAGIC and unpack_from("<I", page, at + _CRC_AT)[0] == crc32(body):
            opened, seq = unpack_from("<II", body, 4)
            return opened, PageKey(seq, body[12:44], body[44:76])
    return None
