# What is where, packed, as the fold of the journal has it: each pocket's stock, its lots, who was there last; what lies
# in return bins; what is out of order. Changed by firmware.state only.
from struct import pack, unpack_from

from firmware import layers, schema
from firmware.tables import Table

# flags of a pocket
MUST_COUNT = 1
NOT_LOADED = 2
FAILED = 4

_QUANTITY, _FLAGS, _MIN, _MAX, _SEQ = 1, 2, 3, 4, 5
_NEVER = 0xFFFFFFFF


# `limit`: places, for a smaller one.
class Holdings:
    def __init__(self, limit=None):
        self.stock = Table(schema.STOCK, limit)
        self.lots = Lots(2 * limit if limit else None)
        self.bin = Bin()
        self.failed_drawers = 0  # bits
        # places; the flags in stock say the same
        self.must_count = set()
        self.failed = set()

    # [place, quantity, flags, min, max, seq of the last accessor's last entry there]
    def pocket(self, place):
        return self.stock.get(place) or [place, 0, 0, 0, 0, 0]

    def layers(self, place):
        return self.lots.of(place, self.pocket(place)[_QUANTITY])

    def put_stock(self, place, quantity, lots):
        row = self.pocket(place)
        row[_QUANTITY] = quantity
        self._put(row)
        self.lots.put(place, lots)

    def put_levels(self, place, low, high):
        row = self.pocket(place)
        row[_MIN], row[_MAX] = low, high
        self._put(row)

    def put_flag(self, place, flag, on):
        row = self.pocket(place)
        row[_FLAGS] = row[_FLAGS] | flag if on else row[_FLAGS] & ~flag
        self._put(row)

    def put_accessor(self, place, seq):
        row = self.pocket(place)
        row[_SEQ] = seq
        self._put(row)

    # each pocket of the drawer that was ever used
    def must_count_drawer(self, drawer):
        prefix = "D%02d-" % drawer
        for place in [row[0] for row in self.stock.rows() if row[0][:4] == prefix]:
            self.put_flag(place, MUST_COUNT, True)

    def drawer_failed(self, drawer):
        return bool(self.failed_drawers >> (drawer - 1) & 1)

    # a pocket of which there is nothing to say has no record
    def _put(self, row):
        place = row[0]
        if not any(row[1:]):
            self.stock.remove(place)
        else:
            if self.stock.count == self.stock.limit and not self.stock.has(place):
                self._forget()
            self.stock.put(row)
        self._mark(place, row[_FLAGS])

    def _mark(self, place, flags):
        for flag, places in ((MUST_COUNT, self.must_count), (FAILED, self.failed)):
            if flags & flag:
                places.add(place)
            else:
                places.discard(place)

    # A place that was taken off the planogram may have left who was there last. Those that hold stock, owe a count or
    # have levels are never more than there can be pockets.
    def _forget(self):
        least = None
        for row in self.stock.rows():
            if not (row[_QUANTITY] or row[_FLAGS] & MUST_COUNT or row[_MAX]):
                rank = (row[_FLAGS], row[_SEQ], row[0])
                least = rank if least is None else min(least, rank)
        if least:
            self._mark(least[2], 0)
            self.stock.remove(least[2])

    def dump(self):
        return [self.stock.dump(), self.lots.dump(), self.bin.dump(), self.failed_drawers]

    def load(self, dumped):
        stock, lots, held, self.failed_drawers = dumped
        self.stock.load(stock)
        self.lots.load(lots)
        self.bin.load(held)
        self.must_count, self.failed = set(), set()
        for row in self.stock.rows():
            self._mark(row[0], row[_FLAGS])


# Rows of a table whose key begins with a packed place.
def _at(table, place):
    prefix = schema.pack_place(place)
    index = table.index(prefix + bytes(table.schema.key_width - len(prefix)))
    index = index if index >= 0 else ~index
    while index < table.count:
        row = table.row(index)
        if row[0][: schema.PLACE_BYTES] != prefix:
            return
        yield row
        index += 1


# The known layers of all pockets. What a pocket holds beyond them is of unknown lot: so that layers and stock agree.
class Lots:
    def __init__(self, limit):
        self._table = Table(schema.LAYERS, limit)
        self.dump = self._table.dump
        self.load = self._table.load

    def of(self, place, quantity):
        known = [_unpacked(row) for row in _at(self._table, place)]
        return layers.put(known, "", 0, quantity - layers.total(known))

    # those that change only: most accesses change one
    def put(self, place, lots):
        old = {row[0]: row[1] for row in _at(self._table, place)}
        new = {_packed(place, lot, at): quantity for lot, at, quantity in lots if (lot, at) != layers.UNKNOWN}
        for key in old:
            if key not in new:
                self._table.remove(key)
        for key, quantity in new.items():
            if old.get(key) != quantity and (key in old or self.has_room()):
                self._table.put([key, quantity])

    # what a request asks first; without room a lot is not known any more
    def has_room(self):
        return self._table.count < self._table.limit

    @property
    def count(self):
        return self._table.count


# in the order of the key: first to expire first
def _packed(place, lot, expiry_min):
    text = lot.encode()
    return schema.pack_place(place) + pack(">I", expiry_min or _NEVER) + text + bytes(layers.LOT_MAX - len(text))


def _unpacked(row):
    key, quantity = row
    expiry_min = unpack_from(">I", key, schema.PLACE_BYTES)[0]
    lot = key[schema.PLACE_BYTES + 4 :].rstrip(b"\0").decode()
    return lot, expiry_min if expiry_min != _NEVER else 0, quantity


# What lies in the return bins, item by item; 0 of an item is one that was found missing and not yet taken off the list.
class Bin:
    def __init__(self):
        self._table = Table(schema.BIN)
        self.dump = self._table.dump
        self.load = self._table.load

    def _key(self, place, item):
        return schema.pack_place(place) + schema.pack_id(item)

    # [[item, quantity] ...] of one bin
    def of(self, place):
        return [[schema.unpack_id(row[0][schema.PLACE_BYTES :]), row[1]] for row in _at(self._table, place)]

    def quantity(self, place, item):
        row = self._table.get(self._key(place, item))
        return row[1] if row else 0

    def has_room(self, place, item):
        return self._table.has(self._key(place, item)) or self._table.count < self._table.limit

    def put(self, place, item, quantity):
        if self.has_room(place, item):
            self._table.put([self._key(place, item), quantity])

    def remove(self, place, item):
        self._table.remove(self._key(place, item))

    # [place, item, quantity] of all bins
    def rows(self):
        for key, quantity in self._table.rows():
            yield [schema.place_name(key[1], key[2]), schema.unpack_id(key[schema.PLACE_BYTES :]), quantity]

    @property
    def count(self):
        return self._table.count
