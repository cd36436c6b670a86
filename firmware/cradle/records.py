# What blocks of pick, check, acceptance and identification hold: docs/polselect.md section 5. Pipes between (RD-P11).
# Writers and readers use the same names: pick(**read_pick(data)) == data. ValueError, in words, for what is none.
from binascii import hexlify

from firmware.compat import sha256
from firmware.cradle import addresses

_PICK = ("station", "serial", "quantity", "time", "user", "purpose", "item")
_CHECK = ("item", "serial", "quantity", "time", "user", "purpose", "status", "new_serial")
# which may be empty: a check that gives no new label
_NEW_SERIAL = 7
_HASH_DIGITS = 8
# the results of a check (P37)
STATUSES = ("OK", "QTY", "WRONG_ITEM", "WRONG_STRENGTH", "WRONG_DOSE_FORM", "PACKAGING", "EXPIRED", "UNFIT", "LABEL")


class BadHash(ValueError):
    pass


# The eight bits of the block check can miss an error; these 32 do not. Our own ends require it.
def record_hash(record):
    return hexlify(sha256(record)).decode()[:_HASH_DIGITS]


# station: its name. time: when it was picked, MMDDYYHHMMSS. purpose: R refill, L load. item: None leaves it out.
def pick(station, serial, quantity, time, user, purpose, item=None, hashed=True):
    fields = [station, serial, quantity, time, user, purpose]
    return _record(fields if item is None else fields + [item], hashed)


# new_serial: of the corrected label (RD-P14), "" if there is none; None leaves it out.
def check(item, serial, quantity, time, user, purpose, status, new_serial=None, hashed=True):
    fields = [item, serial, quantity, time, user, purpose, status]
    return _record(fields if new_serial is None else fields + [new_serial], hashed)


# hashed: True requires the hash at the end; None takes a record without it, but none with a wrong one. The hash does
# not cover the block's flag: where it is required, a pick taken for a check is told by its last field.
def read_pick(data, hashed=None):
    fields, found = _split(data, hashed)
    if len(fields) not in (6, 7) or (hashed and fields[-1] in STATUSES):
        raise ValueError("a pick record has 6 or 7 fields, and no status")
    return _named(_PICK, fields, found)


def read_check(data, hashed=None):
    fields, found = _split(data, hashed)
    if len(fields) not in (7, 8) or (hashed and fields[6] not in STATUSES):
        raise ValueError("a check record has 7 or 8 fields, the seventh of them a status")
    return _named(_CHECK, fields, found)


def _record(fields, hashed):
    record = "|".join(_checked(fields)).encode()
    return record + b"|#" + record_hash(record).encode() if hashed else record


def _checked(fields):
    fields = [_written(field) if field or at != _NEW_SERIAL else "" for at, field in enumerate(fields)]
    quantity, time = fields[2], fields[3]
    if not _all_digits(quantity) or not _all_digits(time) or len(time) != 12:
        raise ValueError("a quantity is a number, a time 12 digits")
    return fields


def _written(field):
    text = str(field)
    # a field that starts with # could be taken for the hash
    if not text or text[0] == "#" or any(char == "|" or not " " <= char <= "~" for char in text):
        raise ValueError("a field is text without a pipe that does not start with #")
    return text


def _split(data, hashed):
    try:
        text = bytes(data).decode()
    except UnicodeError:
        raise ValueError("a record is text")
    record, mark, given = text.rpartition("|#")
    found = bool(mark) and len(given) == _HASH_DIGITS
    if found and given != record_hash(record.encode()):
        raise BadHash("the record hash is wrong")
    if hashed and not found:
        raise BadHash("the record hash is missing")
    return (record if found else text).split("|"), found


def _named(names, fields, found):
    record = dict(zip(names, _checked(fields)))
    record["quantity"] = int(record["quantity"])
    record["hashed"] = found
    return record


def _all_digits(text):
    return all(char in "0123456789" for char in text)


# R: the unit's minutes and seconds
def acceptance(minute, second):
    return ("%02d:%02d" % (minute, second)).encode()


# -> (minute, second), from mm:ss or mmss (RD-P12)
def read_acceptance(data):
    text = bytes(data)
    if len(text) == 5 and text[2:3] == b":":
        text = text[:2] + text[3:]
    if len(text) != 4 or not text.isdigit() or int(text[:2]) > 59 or int(text[2:]) > 59:
        raise ValueError("an acceptance is mm:ss")
    return int(text[:2]), int(text[2:])


# I: the unit's address (RD-P5)
def identification(address):
    addresses.index(address)
    return address.encode()


def read_identification(data):
    text = bytes(data).decode()
    addresses.index(text)
    return text
