# Texts in the bar codes of our own labels (P19, P59-P62), docs/labels.md: an identifier and fields, parted by pipes.
# A field of another form is refused with words, so that nobody prints or scans what another end reads otherwise.
from firmware.schema import QUANTITY_MAX, is_id, is_place, is_uint, place_name

BAG = "Z1"
SHELF = "Z2"
USER = "Z3"
POCKET = "Z4"
TOTE = "Z5"

SERIAL_LENGTH = 4
STATION_MAX = 32
# in the order in which serials count
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


# Z1|item|quantity|serial
def bag(item, quantity, serial):
    return _made(BAG, (item, quantity, serial))


# Z2|item
def shelf(item):
    return _made(SHELF, (item,))


# Z3|user
def user(user_id):
    return _made(USER, (user_id,))


# Z4|station|drawer|pocket
def pocket(station, drawer, number):
    return _made(POCKET, (station, drawer, number))


# Z5|station|tote: a tote is for one station
def tote(station, tote_id):
    return _made(TOTE, (station, tote_id))


# (identifier, field, ...) as given to the function that made it; ValueError for everything that none of them makes
def read(text):
    parts = text.split("|")
    if parts[0] not in _FIELDS:
        raise ValueError("no label of ours: it starts with none of Z1 to Z5")
    forms = _FIELDS[parts[0]]
    if len(parts) != len(forms) + 1:
        raise ValueError("a %s label has %d parts, not %d" % (parts[0], len(forms) + 1, len(parts)))
    fields = tuple([_number(part) if form in _NUMBERS else part for form, part in zip(forms, parts[1:])])
    _check(parts[0], fields)
    return (parts[0],) + fields


def is_serial(value):
    return isinstance(value, str) and len(value) == SERIAL_LENGTH and all(c in BASE62 for c in value)


def _made(kind, fields):
    _check(kind, fields)
    return "|".join([kind] + [str(field) for field in fields])


def _check(kind, fields):
    for form, field in zip(_FIELDS[kind], fields):
        fits, words = form
        if not fits(field):
            raise ValueError(words)
    if kind == POCKET and not is_place(place_name(fields[1], fields[2])):
        raise ValueError("a pocket is 1 to 255 of drawer 1 to 16")


# None for what str() of a number would not have written: a sign, a leading zero, digits of other scripts
def _number(text):
    if not 1 <= len(text) <= 10 or not all(c in "0123456789" for c in text) or text != str(int(text)):
        return None
    return int(text)


def _is_station(value):
    return is_id(value, STATION_MAX)


def _is_quantity(value):
    return is_uint(value) and 1 <= value <= QUANTITY_MAX


_ITEM = (is_id, "an item's id is 1 to 16 of A-Z a-z 0-9 _ -")
_USER = (is_id, "a user's id is 1 to 16 of A-Z a-z 0-9 _ -")
_TOTE = (is_id, "a tote's id is 1 to 16 of A-Z a-z 0-9 _ -")
_STATION = (_is_station, "a station's id is 1 to 32 of A-Z a-z 0-9 _ -")
_SERIAL = (is_serial, "a serial is 4 of 0-9 A-Z a-z")
_QUANTITY = (_is_quantity, "a quantity is a whole number from 1 to 2147483647")
_DRAWER = (is_uint, "a drawer is a whole number from 1 to 16")
_POCKET = (is_uint, "a pocket is a whole number from 1 to 255")
_NUMBERS = (_QUANTITY, _DRAWER, _POCKET)
_FIELDS = {
    BAG: (_ITEM, _QUANTITY, _SERIAL),
    SHELF: (_ITEM,),
    USER: (_USER,),
    POCKET: (_STATION, _DRAWER, _POCKET),
    TOTE: (_STATION, _TOTE),
}
