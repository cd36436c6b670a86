# Columns of the packed tables: docs/wire.md section 3, the one place that knows widths and limits.
import struct

ID_MAX = 16
QUANTITY_MAX = 0x7FFFFFFF

# a column is (kind, low, high): TEXT and RAW count bytes, the others are packed unsigned integers
TEXT = "t"
RAW = "r"

_ID = (TEXT, 1, ID_MAX)
_PLACE = (TEXT, 7, 8)
_QUANTITY = ("I", 0, QUANTITY_MAX)
_MINUTES = ("I", 0, 0xFFFFFFFF)


class Schema:
    def __init__(self, name, limit, columns):
        self.name = name
        self.limit = limit
        self.columns = columns
        self.format = "<" + "".join(_code(column) for column in columns)
        self.width = struct.calcsize(self.format)
        self.key_width = columns[0][2] + 1

    # Same order as the CBOR of the key: shorter first, then by bytes. So a table in key order is in digest order.
    def pack_key(self, key):
        return self.pack_text(0, key)

    def pack_text(self, column, text):
        return struct.pack(_code(self.columns[column]), _packed(self.columns[column], text))

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
    if column[0] == TEXT:
        return "%ds" % (column[2] + 1)
    return "%ds" % column[2] if column[0] == RAW else column[0]


def _packed(column, value):
    if column[0] != TEXT:
        return value
    raw = value.encode()
    return bytes((len(raw),)) + raw


def _unpacked(column, value):
    return value[1 : 1 + value[0]].decode() if column[0] == TEXT else value


def _fits(column, value):
    kind, low, high = column
    if kind == TEXT:
        return is_id(value, low, high)
    if kind == RAW:
        return isinstance(value, bytes) and low <= len(value) <= high
    return is_uint(value) and low <= value <= high


def is_uint(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


# printable ASCII only: an id is shown, typed and compared
def is_id(value, low=1, high=ID_MAX):
    return isinstance(value, str) and low <= len(value) <= high and all("!" <= c <= "~" for c in value)


def place_name(drawer, pocket):
    return "D%02d-P%02d" % (drawer, pocket)


ITEMS = Schema("items", 300, (_ID, ("B", 0, 5), ("I", 1, QUANTITY_MAX), ("H", 0, 0xFFFF)))
POCKETS = Schema(
    "pockets", 500, (_PLACE, ("B", 1, 16), ("B", 1, 255), _ID, _QUANTITY, _QUANTITY, ("I", 1, QUANTITY_MAX))
)
USERS = Schema("users", 300, (_ID, _ID, (RAW, 8, 8), (RAW, 16, 16), ("H", 1, 0xFFFF), ("B", 0, 31)))
PATIENTS = Schema("patients", 60, (_ID, ("B", 1, 2)))
ORDERS = Schema("orders", 720, (_ID, _ID, _ID, _QUANTITY, _MINUTES, _MINUTES))
# what is in the pockets; not a reference table, part of the folded state
STOCK = Schema("stock", 500, (_PLACE, _QUANTITY, ("B", 0, 1)))

REFERENCE = (ITEMS, POCKETS, USERS, PATIENTS, ORDERS)
