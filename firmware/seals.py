# Seals, docs/journal.md section 6: entries with the number that the element counts. The seal is durable first, then the
# element counts; so at any moment the last seal is what it says, or one more. s is the station.
from firmware import codes
from firmware.journal import kinds
from firmware.journal.entry import F_ITEM, F_KIND

BOOT, MANY, LATE, SCHEDULE_II, ASKED = 1, 2, 3, 4, 5
EVERY = 64  # entries
WITHIN_MS = 60000
NONE = "none"
_SEALED_AT_ONCE = kinds.OUTCOMES + (kinds.WASTE,)
_SCHEDULE = 1  # column of the table `items`


class Seals:
    # element: name, read() and increment() that give the count and raise OSError; None: nothing is sealed
    def __init__(self, element, tables):
        self._element = element
        self._tables = tables
        self.name = element.name if element else NONE
        self._reason = 0
        self._since_ms = None  # of the first entry that is not sealed

    def deadline(self):
        return None if self._since_ms is None else self._since_ms + WITHIN_MS

    # each entry, once it is durable
    def saw(self, fields):
        if fields[F_KIND] in _SEALED_AT_ONCE and fields[F_ITEM]:
            item = self._tables.items.get(fields[F_ITEM])
            if item and item[_SCHEDULE] == 2:
                self._reason = SCHEDULE_II

    # after the next entry, not at the minute
    def ask(self):
        self._reason = self._reason or ASKED

    # after the entries of a boot
    def boot(self, s):
        self._reason = BOOT
        self.settle(s)

    # the last thing an event writes
    def settle(self, s):
        unsealed = s.journal.seq - s.state.sealed[1]
        if not self._element or not unsealed:
            self._since_ms, self._reason = None, 0
            return
        if self._since_ms is None:
            self._since_ms = s.now_ms
        due = self._reason or (MANY if unsealed >= EVERY else 0)
        if due or s.now_ms >= self._since_ms + WITHIN_MS:
            self._seal(s, due or LATE)

    # One that can not be written now is tried again a minute later.
    def _seal(self, s, reason):
        self._since_ms, self._reason = s.now_ms, 0
        if not s.journal.opening_allowed:
            return
        try:
            count = self._look(s)
            s.note(kinds.SEAL, ext=(count + 1, reason))
            self._since_ms = None
            self._element.increment()
        except OSError:
            self._since_ms = s.now_ms
            s.raise_alarm(codes.ALARM_ELEMENT, 0)

    # Does the element agree with the last seal? -> its count. Power may have gone, or it not answered, in between.
    def _look(self, s):
        count, (sealed, seq) = self._element.read(), s.state.sealed
        if seq and count + 1 == sealed:
            count = self._element.increment()
        elif seq and count != sealed:
            s.raise_alarm(codes.ALARM_ROLLED_BACK if count > sealed else codes.ALARM_ELEMENT, 0)
        return count


# once somebody has looked into it
def clear(s):
    for alarm in (codes.ALARM_ROLLED_BACK, codes.ALARM_ELEMENT):
        s.clear_alarm(alarm, 0)
