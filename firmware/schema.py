# Columns of the packed tables: docs/wire.md section 3, the one place that knows widths and limits.
import struct

ID_MAX = 16
LONGEST_ID = "w" * ID_MAX
QUANTITY_MAX = 0x7FFFFFFF

# a column is (kind, low, high): ID and PLACE are text packed small, NAME an id kept once in the tables' Names, RAW
# counts bytes, SERIAL is a number packed so that it sorts, the others are unsigned integers
ID = "id"
NAME = "name"
PLACE = "place"
RAW = "raw"
SERIAL = "serial"

# six bits a character, in the order of ASCII, so that packed ids sort as texts do
_ALPHABET = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
ID_BYTES = 13
PLACE_BYTES = 3
_WIDTH = {ID: "%ds" % ID_BYTES, PLACE: "%ds" % PLACE_BYTES, NAME: "H", SERIAL: "3s"}

_ID = (ID, 1, ID_MAX)
_NAME = (NAME, 1, ID_MAX)
_PLACE = (PLACE, 7, 8)
_QUANTITY = ("I", 0, QUANTITY_MAX)
_MINUTES = ("I", 0, 0xFFFFFFFF)


class Schema:
    def __init__(self, name, limit, columns):
        self.name = name
        self.limit = limit
        self.columns = columns
        self.format = "<" + "".join(_code(column) for column in columns)
        self.width = struct.calcsize(self.format)
        self.names = tuple([n for n, column in enumerate(columns) if column[0] == NAME])
        self.key_width = struct.calcsize(_code(columns[0]))

    # Same order as the CBOR of the key: shorter first, then by bytes. So a table in key order is in digest order.
    def pack_key(self, key):
        return _packed(self.columns[0], key)

    def is_key(self, key):
        return _fits(self.columns[0], key)

    def offset(self, column):
        return struct.calcsize("<" + "".join(_code(c) for c in self.columns[:column]))

    def pack(self, row):
        return struct.pack(self.format, *(_packed(c, value) for c, value in zip(self.columns, row)))

    def unpack(self, record, offset):
        values = struct.unpack_from(self.format, record, offset)
        return [_unpacked(c, value) for c, value in zip(self.columns, values)]

    def valid(self, row):
        return len(row) == len(self.columns) and all(_fits(c, value) for c, value in zip(self.columns, row))


def _code(column):
    if column[0] == RAW:
        return "%ds" % column[2]
    return _WIDTH.get(column[0], column[0])


def _packed(column, value):
    if column[0] == ID:
        return pack_id(value)
    if column[0] == SERIAL:
        return bytes((value >> 16, value >> 8 & 255, value & 255))
    return pack_place(value) if column[0] == PLACE else value


def _unpacked(column, value):
    if column[0] == ID:
        return unpack_id(value)
    if column[0] == SERIAL:
        return _bits(value, 0)
    return place_name(value[1], value[2]) if column[0] == PLACE else value


# four characters in three bytes, so that no integer is a large one, which would be made anew at every step
def pack_id(text):
    packed = bytearray(ID_BYTES)
    packed[0] = len(text)
    for at in range(len(text)):
        bits, first = _ALPHABET.index(text[at]) << 6 * (3 - at % 4), 1 + at // 4 * 3
        packed[first] |= bits >> 16
        packed[first + 1] |= bits >> 8 & 255
        packed[first + 2] |= bits & 255
    return bytes(packed)


def unpack_id(packed):
    return "".join([_ALPHABET[_bits(packed, 1 + at // 4 * 3) >> 6 * (3 - at % 4) & 63] for at in range(packed[0])])


def _bits(packed, at):
    return packed[at] << 16 | packed[at + 1] << 8 | packed[at + 2]


# the longer name sorts last
def pack_place(text):
    drawer, pocket = int(text[1:3]), int(text[5:])
    return bytes((pocket > 99, drawer, pocket))


def _fits(column, value):
    kind, low, high = column
    if kind in (ID, NAME):
        return is_id(value)
    if kind == PLACE:
        return is_place(value)
    if kind == RAW:
        return isinstance(value, bytes) and low <= len(value) <= high
    return is_uint(value) and low <= value <= high


def is_uint(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


# [A-Za-z0-9_-]{1,16}
def is_id(value, longest=ID_MAX):
    return isinstance(value, str) and 1 <= len(value) <= longest and all(c in _ALPHABET for c in value)


def place_name(drawer, pocket):
    return "D%02d-P%02d" % (drawer, pocket)


def is_place(value):
    if not isinstance(value, str) or not 7 <= len(value) <= 8 or value[0] != "D" or value[3:5] != "-P":
        return False
    if not (value[1:3] + value[5:]).isdigit():
        return False
    drawer, pocket = int(value[1:3]), int(value[5:])
    return 1 <= drawer <= 16 and 1 <= pocket <= 255 and value == place_name(drawer, pocket)


_FLAGS = ("H", 0, 0xFFFF)
_WORD = ("I", 0, 0xFFFFFFFF)

ITEMS = Schema("items", 300, (_ID, ("B", 0, 5), ("I", 1, QUANTITY_MAX), _FLAGS, ("B", 0, 31), ("B", 0, 255)))
POCKETS = Schema(
    "pockets", 500, (_PLACE, ("B", 1, 16), ("B", 1, 255), _NAME, _QUANTITY, _QUANTITY, ("I", 1, QUANTITY_MAX))
)
USERS = Schema("users", 300, (_ID, _ID, (RAW, 8, 8), (RAW, 16, 16), ("H", 1, 0xFFFF), _FLAGS, _WORD))
PATIENTS = Schema("patients", 60, (_ID, ("B", 1, 2)))
ORDERS = Schema("orders", 720, (_ID, _NAME, _NAME, _QUANTITY, _MINUTES, _MINUTES, _MINUTES, ("B", 0, 255)))
OVERRIDES = Schema("overrides", 300, (_ID, ("B", 0, 255)))
KITS = Schema("kits", 120, (_ID, _ID, _NAME, ("I", 1, QUANTITY_MAX)))
POLICY = Schema("policy", 16, (_ID, _WORD))
# labels of packages on their way here (delivery.py): the four characters of the serial as a number
LABELS = Schema("labels", 128, ((SERIAL, 0, 62**4 - 1), _NAME, ("I", 1, QUANTITY_MAX), ("B", 1, 5), _MINUTES))
# users granted at the station: what the journal's fold says of each, and the secret that a file keeps
TEMP_USERS = Schema("temp_users", 16, (_ID, _ID, _FLAGS, _WORD, _MINUTES, ("B", 0, 1), (RAW, 32, 32)))
CREDENTIALS = Schema("credentials", 16, (_ID, (RAW, 8, 8), (RAW, 16, 16), ("H", 1, 0xFFFF)))
# Part of the folded state, no reference tables. What is in the pockets, flags (holdings.py), min and max that a command
# has set (max 0: none), the seq of the last entry of who was there last; beside pockets for 16 return bins.
STOCK = Schema("stock", 516, (_PLACE, _QUANTITY, ("B", 0, 7), _QUANTITY, _QUANTITY, _WORD))
# lots in the pockets: place, expiry and lot are the key (holdings.py)
LAYERS = Schema("layers", 500, ((RAW, PLACE_BYTES + 24, PLACE_BYTES + 24), _QUANTITY))
# what lies in return bins: place and item are the key
BIN = Schema("bin", 48, ((RAW, PLACE_BYTES + ID_BYTES, PLACE_BYTES + ID_BYTES), _QUANTITY))
# labels that were put away: the serial, until when it was good
DELIVERED = Schema("delivered", 128, ((RAW, 4, 4), _MINUTES))

REFERENCE = (ITEMS, POCKETS, USERS, PATIENTS, ORDERS, OVERRIDES, KITS, POLICY, LABELS)
