# Packed tables: fixed-width records kept in key order, all room for them made beforehand.
from struct import pack

from firmware import schema
from firmware.names import Names, each

PIECE = 512  # bytes moved at a time; a heap in use still has room for pieces of this size


class Table:
    def __init__(self, table_schema, limit=None, names=None):
        self.schema = table_schema
        self._names = names
        self.limit = limit or table_schema.limit
        self.count = 0
        self._records = bytearray(self.limit * table_schema.width)

    # position of the key, or ~position where it belongs
    def _find(self, key):
        packed, width, key_width = self.schema.pack_key(key), self.schema.width, self.schema.key_width
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            start = middle * width
            at = bytes(self._records[start : start + key_width])
            if at == packed:
                return middle
            if at < packed:
                low = middle + 1
            else:
                high = middle
        return ~low

    def row(self, index):
        row = self.schema.unpack(self._records, index * self.schema.width)
        for column in self.schema.names:
            row[column] = self._names.text(row[column])
        return row

    def rows(self):
        for index in range(self.count):
            yield self.row(index)

    # rows whose column `column`, a name, is this id; the others are not unpacked
    def where(self, column, key):
        number = self._names.find(key)
        if number is None:
            return
        packed, offset = pack("<H", number), self.schema.offset(column)
        for at in each(self._records, packed, offset, self.schema.width):
            if at < self.count:
                yield self.row(at)

    # negative for anything that is not a key of this table
    def index(self, key):
        return self._find(key) if self.schema.is_key(key) else -1

    def has(self, key):
        return self.index(key) >= 0

    def get(self, key):
        index = self.index(key)
        return self.row(index) if index >= 0 else None

    # the caller has checked the row (schema.valid) and the limit
    def put(self, row):
        row = list(row)
        for column in self.schema.names:
            row[column] = self._names.take(row[column])
        index = self._find(row[0])
        if index < 0:
            index = ~index
            self._open_gap(index)
        else:
            self._drop_names(index)
        start = index * self.schema.width
        self._records[start : start + self.schema.width] = self.schema.pack(row)

    def remove(self, key):
        index = self._find(key)
        if index >= 0:
            self._drop_names(index)
            self._close_gap(index)

    def clear(self):
        for index in range(self.count):
            self._drop_names(index)
        self.count = 0

    def _drop_names(self, index):
        if self.schema.names:
            packed = self.schema.unpack(self._records, index * self.schema.width)
            for column in self.schema.names:
                self._names.drop(packed[column])

    # records behind it move up by one, from the last
    def _open_gap(self, index):
        if self.count >= self.limit:
            raise ValueError("table full")
        width, end = self.schema.width, self.count * self.schema.width
        while end > index * width:
            start = max(index * width, end - PIECE)
            self._records[start + width : end + width] = self._records[start:end]
            end = start
        self.count += 1

    def _close_gap(self, index):
        self.count -= 1
        width, end = self.schema.width, self.count * self.schema.width
        for start in range(index * width, end, PIECE):
            stop = min(start + PIECE, end)
            self._records[start:stop] = self._records[start + width : stop + width]

    # as it is: a copy may not find room
    def dump(self):
        return memoryview(self._records)[: self.count * self.schema.width]

    # what is still in a file is read by slices of it
    def load(self, dumped):
        for start in range(0, len(dumped), PIECE):
            piece = dumped[start : start + PIECE]
            self._records[start : start + len(piece)] = piece
        self.count = len(dumped) // self.schema.width


# The reference tables of a station. `limit` is for smaller ones.
class Tables:
    def __init__(self, limit=None):
        self.limit = limit
        self.names = Names(min(NAMES_LIMIT, 3 * limit) if limit else NAMES_LIMIT)
        for table_schema in schema.REFERENCE:
            room = min(limit or table_schema.limit, table_schema.limit)
            setattr(self, table_schema.name, Table(table_schema, room, self.names))

    def by_name(self, name):
        return getattr(self, name) if name in NAMES else None


NAMES = tuple(s.name for s in schema.REFERENCE)
# items and patients of the present version, and as many patients again while their old orders are still here
NAMES_LIMIT = 420
