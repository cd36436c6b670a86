# How a unit gets its address (P67, P68): R from 00, R from the address offered, each confirmed; any break ends it.
from firmware.cradle import addresses, frames, records

_BLOCK = 1  # 0 is a file's header (RD-P12b)


class Joining:
    # minutes_seconds: gives the unit's own (minute, second)
    def __init__(self, minutes_seconds):
        self._minutes_seconds = minutes_seconds
        self._offered = None
        self._from = None

    # a New Address POL -> the block that answers it
    def begin(self, frame):
        self._offered = frame.new_address
        return self._accept(addresses.NEW)

    def _accept(self, address):
        self._from = address
        return frames.data(address, "R", _BLOCK, records.acceptance(*self._minutes_seconds()), True)

    # a DataACK -> (the next block or None, the address that is the unit's now or None)
    def confirmed(self, frame):
        offered, first = self._offered, self._from == addresses.NEW
        if (frame.address, frame.block) != (offered, _BLOCK):
            return None, None
        if not first:
            return None, offered
        return self._accept(offered), None
