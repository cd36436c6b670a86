# Ids that many records name, kept once: a record holds the number of the place where the id is.
from array import array

from firmware.schema import ID_BYTES, pack_id, unpack_id


# Numbers of the records of `width` bytes that hold `packed` at `offset`. No slice is made for those that do not.
def each(records, packed, offset, width):
    at = records.find(packed, offset)
    while at >= 0:
        number, beside = divmod(at - offset, width)
        if not beside:
            yield number
        at = records.find(packed, at - beside + width)


class Names:
    def __init__(self, limit):
        self.limit = limit
        self._ids = bytearray(limit * ID_BYTES)
        self._uses = array("H", bytes(2 * limit))

    def text(self, number):
        return unpack_id(bytes(self._ids[number * ID_BYTES : (number + 1) * ID_BYTES]))

    # None if no record names it
    def find(self, text):
        for at in each(self._ids, pack_id(text), 0, ID_BYTES):
            if self._uses[at]:
                return at
        return None

    def take(self, text):
        number = self.find(text)
        if number is None:
            number = self._unused()
            self._ids[number * ID_BYTES : (number + 1) * ID_BYTES] = pack_id(text)
        self._uses[number] += 1
        return number

    def drop(self, number):
        self._uses[number] -= 1

    def used(self):
        for number, uses in enumerate(self._uses):
            if uses:
                yield self.text(number)

    def free(self):
        return sum(1 for uses in self._uses if uses == 0)

    def _unused(self):
        for number, uses in enumerate(self._uses):
            if uses == 0:
                return number
        raise ValueError("no room for another id")
