# Packed tables: fixed-width records kept in key order, in blocks that are all made beforehand.
from struct import pack

from firmware import schema
from firmware.names import Names, each

BLOCK = 16  # records; a heap in use still has room for pieces of this size


class Table:
    def __init__(self, table_schema, limit=None, names=None):
        self.schema = table_schema
        self._names = names
        self.limit = limit or table_schema.limit
        self.count = 0
        size = BLOCK * table_schema.width
        self._blocks = [bytearray(size) for _ in range((self.limit + BLOCK - 1) // BLOCK)]

    def _at(self, index):
        return self._blocks[index // BLOCK], index % BLOCK * self.schema.width

    # position of the key, or ~position where it belongs
    def _find(self, key):
        packed, width, key_width = self.schema.pack_key(key), self.schema.width, self.schema.key_width
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            start = middle % BLOCK * width
            at = self._blocks[middle // BLOCK][start : start + key_width]
            if at == packed:
                return middle
            if at < packed:
                low = middle + 1
            else:
                high = middle
        return ~low

    def row(self, index):
        row = self.schema.unpack(*self._at(index))
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
        for first in range(0, self.count, BLOCK):
            block = self._blocks[first // BLOCK]
            for at in each(block, packed, offset, self.schema.width) if packed in block else ():
                if first + at < self.count:
                    yield self.row(first + at)

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
        block, start = self._at(index)
        block[start : start + self.schema.width] = self.schema.pack(row)

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
            packed = self.schema.unpack(*self._at(index))
            for column in self.schema.names:
                self._names.drop(packed[column])

    # each block moves up by one record, from the last; its first place takes the last record of the block before
    def _open_gap(self, index):
        if self.count >= self.limit:
            raise ValueError("table full")
        width, first = self.schema.width, index // BLOCK
        for at in range(self.count // BLOCK, first, -1):
            block = self._blocks[at]
            block[width:] = bytes(block[:-width])
            block[:width] = bytes(self._blocks[at - 1][-width:])
        block, start = self._at(index)
        block[start + width :] = bytes(block[start:-width])
        self.count += 1

    def _close_gap(self, index):
        width = self.schema.width
        block, start = self._at(index)
        self.count -= 1
        block[start:-width] = bytes(block[start + width :])
        for at in range(index // BLOCK + 1, self.count // BLOCK + 1):
            self._blocks[at - 1][-width:] = bytes(self._blocks[at][:width])
            self._blocks[at][:-width] = bytes(self._blocks[at][width:])

    # the blocks as they are, the last one cut: a copy may not find room
    def dump(self):
        full, rest = self.count // BLOCK, self.count % BLOCK
        cut = [memoryview(self._blocks[full])[: rest * self.schema.width]] if rest else []
        return self._blocks[:full] + cut

    # a part may be in a file still: it is read by a slice of it
    def load(self, parts):
        for block, part in zip(self._blocks, parts):
            block[: len(part)] = part[:]
        self.count = sum(len(part) for part in parts) // self.schema.width


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
