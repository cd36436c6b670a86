# Pages on their way up, and the answers that let them go. docs/wire.md section 2.
from firmware import codes
from firmware.schema import is_uint
from firmware.wire import messages, sealed

ANSWER_FIELDS = 7


class Uplink:
    def __init__(self, station, log, key, journal):
        self._station = station
        self._log = log
        self._key = key
        self._journal = journal
        self._next = None  # seq of the next page, None until the agent asks
        self._kept = 0
        self.unreadable = False  # a page that is held does not read back: the station raises alarm 6

    def stream(self, from_seq):
        self._next = max(from_seq, self._journal.first_held, 1)
        self._kept = self._next - 1

    def pages_kept(self, seq):
        self._kept = max(self._kept, min(seq, self._journal.seq))

    # at most `room` PAGE messages, never more than the window past what the agent keeps
    def pages(self, room):
        out = []
        while self._next is not None and len(out) < room and self._next <= self._last_allowed():
            page = self._journal.page(self._next)
            if page is not None:  # the others go on
                out.append([messages.PAGE, self._next, page])
            elif self._next >= self._journal.first_held:
                self.unreadable = True
            self._next += 1
        return out

    def _last_allowed(self):
        return min(self._journal.seq, self._kept + messages.PAGES_IN_FLIGHT)

    # -> (code, seq)
    def answer(self, payload):
        fields = sealed.open(payload, self._key)
        if fields is None:
            return codes.BAD_MAC, 0
        if len(fields) != ANSWER_FIELDS or fields[0] != 1 or not is_uint(fields[4]):
            return codes.BAD_MESSAGE, 0
        seq = fields[4]
        if fields[1:3] != [self._station, self._log]:
            return codes.WRONG_STATION, seq
        if fields[3] in (messages.ACCEPT, messages.DUP):
            if seq > self._journal.seq:
                return codes.BAD_MESSAGE, seq
            self._journal.release(seq)
        return codes.NONE, seq
