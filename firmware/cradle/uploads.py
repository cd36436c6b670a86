# What a unit has for the host: items in order, each kept until the host has it.
from firmware.compat import const
from firmware.cradle import frames
from firmware.cradle.transfer import UP, Outgoing, check_item, following

# how often the same block goes out: once, and again three times (P95)
TRIES = const(4)
QUEUED = const(1024)


class Uploads:
    def __init__(self, first_block, hashed):
        self.items = []
        # the number of the next single block
        self.next_block = first_block
        self._hashed = hashed
        self._out = None
        self.begin()

    # ValueError: no block can be like this. False: too many wait.
    def add(self, item):
        check_item(item, frames.MOST_POWER, UP)
        if len(self.items) >= QUEUED:
            return False
        self.items.append(item)
        return True

    # A session begins: a file that broke off starts again, what was too long may fit.
    def begin(self):
        if self._out and self._out.item[0] == "file":
            self._out = None
        self._tries = 0
        self._power = None
        self._too_long = []

    # Is there something for a host that takes blocks of 2^power? Gives the items found too long for that.
    def look(self, power):
        if power != self._power:
            self._power, self._too_long = power, []
        known = len(self._too_long)
        if self._out and self._out.power > power:
            self._out = None
        if self._out is None:
            item = self._first(None)
            self._out = Outgoing(item, self.next_block, power, self._hashed) if item else None
        return self._too_long[known:]

    @property
    def due(self):
        return self._out is not None

    # The first item behind `out` that fits.
    def _first(self, out):
        for item in self.items:
            if item is not out and item not in self._too_long:
                if self._fits(item):
                    return item
                self._too_long.append(item)
        return None

    def _fits(self, item):
        try:
            check_item(item, self._power, UP)
        except ValueError:
            return False
        return True

    # A number for a block that is no item. It is not used again: a late DataACK would pass for that of a record.
    def spend_number(self):
        number = self.next_block
        self.next_block = following(number)
        return number

    # The block that is due; None when it has gone out often enough.
    def block(self, address):
        self._tries += 1
        if self._tries > TRIES:
            return None
        out = self._out
        return frames.data(address, out.flag, out.number, out.data, out.last and not self._goes_on())

    # Does another single block follow in the same upload? A file ends its own.
    def _goes_on(self):
        if self._out.item[0] == "file":
            return False
        behind = self._first(self._out.item)
        return behind is not None and behind[0] == "block"

    # The host has the block. Gives the item if that was all of it.
    def advance(self):
        out = self._out
        self._tries = 0
        if not out.last:
            out.advance()
            return None
        self._out = None
        self.items.remove(out.item)
        if out.item[0] == "block":
            self.spend_number()
        return out.item
