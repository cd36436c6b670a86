# Is a whole new version of a table right? Looks at every row before anything changes.
from firmware import codes
from firmware.rowfile import is_removal
from firmware.schema import place_name


class Check:
    def __init__(self, name, snapshot, tables, drawers, state):
        self._snapshot = snapshot
        self._tables = tables
        self._table = tables.by_name(name)
        self._drawers = drawers
        self._state = state
        self._row = _ROWS.get(name)
        self._removed = _REMOVED.get(name)
        self._new_names = 0  # a name counts as often as it comes
        self._kept = bytearray(self._table.count)  # rows of the present table that a snapshot names again

    # Counts a key twice if a version names it twice: such a version is refused only near the limit.
    def all(self, rows):
        count = 0 if self._snapshot else self._table.count
        for row in rows:
            code, more = self._one(row)
            if code:
                return code
            count += more
        if count > self._table.limit or not self._names_fit():
            return codes.TABLE_FULL
        return self._left_out() if self._snapshot else codes.NONE

    # rows name known items and patients only; beside these there are the names that old rows still hold
    def _names_fit(self):
        names, items, patients = self._tables.names, self._tables.items, self._tables.patients
        if self._new_names <= names.free():
            return True
        old = sum(1 for text in names.used() if not items.has(text) and not patients.has(text))
        return old + items.count + patients.count <= names.limit

    def _one(self, row):
        if not isinstance(row, list) or not row or not self._table.schema.is_key(row[0]):
            return codes.BAD_ROW, 0
        index = self._table.index(row[0])
        if is_removal(row) and not self._snapshot:
            return self._removable(row[0]) if index >= 0 else codes.NONE, -1 if index >= 0 else 0
        if not self._table.schema.valid(row):
            return codes.BAD_ROW, 0
        if index >= 0:
            self._kept[index] = 1
        for column in self._table.schema.names:
            if self._tables.names.find(row[column]) is None:
                self._new_names += 1
        return (self._row(self, row) if self._row else codes.NONE), 1 if self._snapshot or index < 0 else 0

    # what a snapshot does not name is removed
    def _left_out(self):
        for index in range(self._table.count):
            code = codes.NONE if self._kept[index] else self._removable(self._table.row(index)[0])
            if code:
                return code
        return codes.NONE

    def _removable(self, key):
        return self._removed(self, key) if self._removed else codes.NONE

    def pocket(self, row):
        place, drawer, pocket, item, low, high, capacity = row
        if place != place_name(drawer, pocket) or drawer not in self._drawers or not low <= high <= capacity:
            return codes.BAD_ROW
        if not self._tables.items.has(item):
            return codes.BAD_ROW
        before = self._table.get(place)
        return self.pocket_free(place) if before and before[3] != item else codes.NONE

    # A pocket that holds stock, needs a count or stands open keeps its item.
    def pocket_free(self, place):
        held = self._state.held
        used = held.pocket(place)[1] or place in held.must_count
        used = used or any(access[3] == place for access in self._state.open.values())
        return codes.POCKET_IN_USE if used else codes.NONE

    def item_free(self, item):
        for _ in self._tables.pockets.where(3, item):
            return codes.POCKET_IN_USE
        return codes.NONE

    def order(self, row):
        known = self._tables.patients.has(row[1]) and self._tables.items.has(row[2])
        return codes.NONE if known else codes.BAD_ROW

    def override(self, row):
        return codes.NONE if self._tables.items.has(row[0]) else codes.BAD_ROW

    def kit(self, row):
        return codes.NONE if self._tables.items.has(row[2]) else codes.BAD_ROW

    def label(self, row):
        return codes.NONE if self._tables.items.has(row[1]) else codes.BAD_ROW


_ROWS = {
    "pockets": Check.pocket,
    "orders": Check.order,
    "overrides": Check.override,
    "kits": Check.kit,
    "labels": Check.label,
}
_REMOVED = {"pockets": Check.pocket_free, "items": Check.item_free}
