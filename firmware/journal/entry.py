# Entries, byte by byte: docs/journal.md section 2.
from firmware.compat import const, sha256
from firmware.schema import is_id
from firmware.wire import cbor

VERSION = const(1)

F_VERSION = const(0)
F_STATION = const(1)
F_LOG = const(2)
F_BOOT = const(3)
F_SEQ = const(4)
F_UTC_MS = const(5)
F_MONO_MS = const(6)
F_TQ = const(7)
F_KIND = const(8)
F_ACTOR = const(9)
F_WITNESS = const(10)
F_ITEM = const(11)
F_PLACE = const(12)
F_BEFORE = const(13)
F_CHANGE = const(14)
F_AFTER = const(15)
F_TXN = const(16)
F_REF = const(17)
F_EXT = const(18)
FIELDS = const(19)

REF_BYTES = const(16)
_STATION_MAX = const(32)

# one letter a field: u uint, t text, T text or null, i int or null, r ref or null, a array
_TYPES = "utuuuuuuutTTTiiiura"


def encode(fields):
    _check(fields)
    return cbor.encode(fields)


def decode(data):
    fields = cbor.decode(data)
    _check(fields)
    return fields


# What stands for patient and order in the entry, and the disclosure that opens it; drop that and all still verifies.
def ref_of(salt, patient, order):
    disclosure = [salt, patient, order]
    return sha256(cbor.encode(disclosure))[:REF_BYTES], disclosure


def key_id(key):
    return sha256(b"apotheca/1/key-id", key)[:16]


# `firmware` is the version at provisioning; the genesis of a log never changes.
def genesis(station, log, key, firmware):
    return genesis_of(station, log, key_id(key), firmware)


def genesis_of(station, log, its_key_id, firmware):
    return cbor.encode([VERSION, station, log, its_key_id, firmware])


def _check(fields):
    if not isinstance(fields, (list, tuple)) or len(fields) != FIELDS:
        raise ValueError("an entry is an array of 19")
    for at in range(FIELDS):
        if not _fits(_TYPES[at], fields[at]):
            raise ValueError("entry field " + str(at))
    if (
        fields[F_VERSION] != VERSION
        or fields[F_TQ] > 3
        or fields[F_SEQ] == 0
        or not is_id(fields[F_STATION], _STATION_MAX)
    ):
        raise ValueError("entry version, time quality, seq or station")


def _fits(letter, value):
    if letter == "u":
        return type(value) is int and value >= 0
    if letter == "a":
        return isinstance(value, (list, tuple))
    if value is None:
        return letter in "Tir"
    if letter == "i":
        return type(value) is int
    if letter == "r":
        return type(value) is bytes and len(value) == REF_BYTES
    return type(value) is str
