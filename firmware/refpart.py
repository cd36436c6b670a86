# One part of a reference message, taken row by row: its rows as objects would be three times its bytes.
from firmware.schema import is_uint
from firmware.tables import NAMES
from firmware.wire import cbor
from firmware.wire.sealed import MAC_ITEM

MAX_PARTS = 64
_FIELDS = 9


# ValueError for anything that is not one
class Part:
    def __init__(self, payload):
        count, at = cbor.open_array(payload, 0)
        fields = []
        for _ in range(7):
            value, at = cbor.item(payload, at)
            fields.append(value)
        version, self.station, self.table, self.version, self.base, self.part, self.parts = fields
        self._payload = payload
        self._count, self._first = cbor.open_array(payload, at)
        numbers = fields[3:]
        if count != _FIELDS or version != 1 or self.table not in NAMES or not all(is_uint(n) for n in numbers):
            raise ValueError("not a part of a reference table")
        if self.base >= self.version or not 1 <= self.part <= self.parts <= MAX_PARTS:
            raise ValueError("not a version or part there can be")

    # the bytes of each row
    def rows(self):
        at = self._first
        for _ in range(self._count):
            _, end = cbor.item(self._payload, at, 2)
            yield self._payload[at:end]
            at = end
        if at != len(self._payload) - MAC_ITEM:
            raise ValueError("bytes between rows and MAC")
