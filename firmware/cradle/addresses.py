# Addresses of handhelds (two letters, docs/polselect.md section 2) and what is counted in base 62: pick serials.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

NEW = "00"
GENERAL = "11"
# how many units can have one, and how many serials a unit has before they come round
ADDRESSES = len(_LETTERS) * len(_LETTERS)
SEQUENCES = len(_DIGITS) * len(_DIGITS)


def is_address(text):
    return isinstance(text, str) and len(text) == 2 and text[0] in _LETTERS and text[1] in _LETTERS


# The address that is given as the index-th, from 0; ValueError beyond the last.
def address(index):
    if not 0 <= index < ADDRESSES:
        raise ValueError("there are %d addresses" % ADDRESSES)
    return _LETTERS[index // 52] + _LETTERS[index % 52]


# "Rv" -> 931
def index(text):
    if not is_address(text):
        raise ValueError("an address is two letters")
    return _LETTERS.find(text[0]) * 52 + _LETTERS.find(text[1])


def base62(number, width):
    text = ""
    for _ in range(width):
        text = _DIGITS[number % 62] + text
        number //= 62
    if number:
        raise ValueError("more than %d digits of base 62" % width)
    return text


def from_base62(text):
    number = 0
    for char in text:
        digit = _DIGITS.find(char)
        if digit < 0:
            raise ValueError("not base 62")
        number = number * 62 + digit
    return number


# Four characters: the unit's address, then its own count (RD-P9).
def serial(unit, sequence):
    index(unit)
    return unit + base62(sequence, 2)


# -> (address, count)
def read_serial(text):
    if len(text) != 4 or not is_address(text[:2]):
        raise ValueError("a serial is an address and two digits of base 62")
    return text[:2], from_base62(text[2:])
