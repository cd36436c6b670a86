# The permanent list of addresses (P64, P94): 2,704 of them, given one after the other and kept for good, with a status
# for each unit. Clearing one (P56) is for a unit that has left the site; it is given again when no new one is left.
from firmware.cradle import addresses
from firmware.cradle.transfer import UP, Incoming, Outgoing, following

FREE = 0
ASSIGNED = 1
CLEARED = 2


# Of one unit: what it brought last, the number of the next single block for it, and how it went so far.
class Status:
    def __init__(self, hashed, taken, next_block, seen):
        self.incoming = Incoming(UP, hashed, taken)
        self.next_block = next_block
        self.seen = seen  # MMDDYYHHMMSS of its last answer
        self.sessions = 0
        self.trouble = ""  # why its last session broke
        self.waiting = []  # items for it, oldest first
        self._out = None

    # What waits first, cut into blocks. A file goes on where it broke off, but not with its last block, which could be
    # taken for that of another file; without a hash it begins anew.
    def outgoing(self, power, hashed):
        out = self._out
        if out is None or out.item is not self.waiting[0] or out.power != power or out.last or not hashed:
            self._out = Outgoing(self.waiting[0], self.next_block, power, hashed)
        return self._out

    # the unit did not take it: it begins anew
    def restart(self):
        self._out = None

    # the unit has it
    def given(self):
        item = self.waiting.pop(0)
        self._out = None
        if item[0] == "block":
            self.next_block = following(self.next_block)


class AddressBook:
    # rows: as rows() gives them. skip: addresses not to be given, such as those that look like others (RD-P6).
    # first_block: where the numbers of single blocks begin: not the same for two hosts that one unit meets.
    def __init__(self, rows=(), skip=(), first_block=1, hashed=True):
        self._states = bytearray(addresses.ADDRESSES)
        self._cleared = []
        self._skip = skip
        self._first_block = first_block
        self._hashed = hashed
        self._status = {}
        self._next = 0
        for address, state, *kept in rows:
            self._set(address, state)
            if kept != self._unheard():
                self._status[address] = Status(hashed, *kept)

    def state(self, address):
        return self._states[addresses.index(address)]

    def knows(self, address):
        return self.state(address) == ASSIGNED

    # The address that is next in line, but none of `held`; None when all are taken.
    def next_free(self, held=()):
        while self._next < addresses.ADDRESSES and not self._is_free(self._next, ()):
            self._next += 1
        for n in range(self._next, addresses.ADDRESSES):
            if self._is_free(n, held):
                return addresses.address(n)
        left = [address for address in self._cleared if address not in held]
        return left[0] if left else None

    def _is_free(self, n, held):
        address = addresses.address(n)
        return self._states[n] == FREE and address not in self._skip and address not in held

    def assign(self, address):
        self._set(address, ASSIGNED)
        self._status.pop(address, None)

    # ValueError if nobody has it.
    def clear(self, address):
        if not self.knows(address):
            raise ValueError("no unit has the address " + address)
        self._set(address, CLEARED)

    def _set(self, address, state):
        if address in self._cleared:
            self._cleared.remove(address)
        if state == CLEARED:
            self._cleared.append(address)
        self._states[addresses.index(address)] = state

    def status(self, address):
        if address not in self._status:
            self._status[address] = Status(self._hashed, *self._unheard())
        return self._status[address]

    # what is kept of a unit: the block it brought last, the number of the next one for it, when it was heard
    def _unheard(self):
        return [None, self._first_block, ""]

    # Those that have been heard, the last first.
    def recent(self, limit):
        heard = [(_order(status.seen), address) for address, status in self._status.items() if status.seen]
        return [address for _, address in sorted(heard, reverse=True)[:limit]]

    # What must outlast a restart, as lists of texts and numbers, in the order in which it is to be read back.
    def rows(self):
        given = [addresses.address(n) for n, state in enumerate(self._states) if state == ASSIGNED]
        return [self._row(address) for address in given + self._cleared]

    def _row(self, address):
        status = self._status.get(address)
        kept = [status.incoming.taken, status.next_block, status.seen] if status else self._unheard()
        return [address, self.state(address)] + kept


# MMDDYYHHMMSS in the order of time (pivot 70, RD-P18)
def _order(seen):
    return ("0" if seen[4:6] >= "70" else "1") + seen[4:6] + seen[:4] + seen[6:]
