# Packed tables: one preallocated bytearray each, fixed-width records kept in key order.
from firmware import schema

_CHUNK = 32  # records moved at once, so that a shift never copies a whole table on the heap


class Table:
    def __init__(self, table_schema, limit=None):
        self.schema = table_schema
        self.limit = limit or table_schema.limit
        self.count = 0
        self._data = bytearray(self.limit * table_schema.width)

    # position of the key, or ~position where it belongs
    def _find(self, key):
        packed = self.schema.pack_key(key)
        width, length = self.schema.width, self.schema.key_width
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            at = bytes(self._data[middle * width : middle * width + length])
            if at == packed:
                return middle
            if at < packed:
                low = middle + 1
            else:
                high = middle
        return ~low

    def row(self, index):
        return self.schema.unpack(self._data, index * self.schema.width)

    def rows(self):
        for index in range(self.count):
            yield self.row(index)

    # rows whose column `column` is this id; the others are not unpacked
    def where(self, column, key):
        packed = self.schema.pack_column(column, key)
        start, width = self.schema.offset(column), self.schema.width
        for at in range(start, start + self.count * width, width):
            if self._data[at : at + len(packed)] == packed:
                yield self.schema.unpack(self._data, at - start)

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
        index = self._find(row[0])
        if index < 0:
            index = ~index
            self._open_gap(index)
        width = self.schema.width
        self._data[index * width : (index + 1) * width] = self.schema.pack(row)

    def remove(self, key):
        index = self._find(key)
        if index < 0:
            return
        self._move(index + 1, self.count, -1)
        self.count -= 1

    def clear(self):
        self.count = 0

    def _open_gap(self, index):
        if self.count >= self.limit:
            raise ValueError("table full")
        self._move(index, self.count, 1)
        self.count += 1

    # records first..last-1 move by one place up (+1) or down (-1), in chunks from the side they move to
    def _move(self, first, last, by):
        width = self.schema.width
        while first < last:
            size = min(_CHUNK, last - first)
            start = last - size if by > 0 else first
            chunk = bytes(self._data[start * width : (start + size) * width])
            self._data[(start + by) * width : (start + size + by) * width] = chunk
            if by > 0:
                last -= size
            else:
                first += size

    def dump(self):
        return bytes(self._data[: self.count * self.schema.width])

    def load(self, data):
        self.count = len(data) // self.schema.width
        self._data[: len(data)] = data


# Made first of all on a board: the largest needs 37 KB in one piece. `limit` is for smaller stations.
class Tables:
    def __init__(self, limit=None):
        for table_schema in schema.REFERENCE:
            setattr(self, table_schema.name, Table(table_schema, limit))

    def by_name(self, name):
        return getattr(self, name) if name in NAMES else None


NAMES = tuple(s.name for s in schema.REFERENCE)
