# Commands: numbered, expiring, journaled before they act, applied at most once. docs/wire.md section 3.
from firmware import codes
from firmware.compat import derive
from firmware.journal import kinds
from firmware.schema import is_uint
from firmware.wire import sealed

FIELDS = 7
PING = 1


def _is_empty(body):
    return codes.NONE if body == [] else codes.BAD_MESSAGE


def _nothing(body):
    pass


# kind -> (check(body) -> code, act(body)); `check` runs before the journal entry, `act` after it
HANDLERS = {PING: (_is_empty, _nothing)}


class Commands:
    def __init__(self, station, log, key, state, journal, handlers=HANDLERS):
        self._station = station
        self._log = log
        self._key = derive(key, "command")
        self._state = state
        self._journal = journal
        self._handlers = handlers

    # -> (code, number); `now` is (utc_ms, mono_ms, tq)
    def receive(self, payload, now):
        fields = sealed.open(payload, self._key)
        if fields is None:
            return codes.BAD_MAC, 0
        if len(fields) != FIELDS or fields[0] != 1 or not all(is_uint(fields[i]) for i in (3, 4, 5)):
            return codes.BAD_MESSAGE, 0
        number = fields[3]
        if fields[1:3] != [self._station, self._log]:
            return codes.WRONG_STATION, number
        if number == self._state.command_number:
            return codes.NONE, number
        return self._refused(number, fields[4], now) or self._do(number, fields[5], fields[6]), number

    # without a time of any quality nothing can be said to be still valid
    def _refused(self, number, expires_utc_ms, now):
        if number < self._state.command_number:
            return codes.OLD_NUMBER
        if now[2] == 0 or now[0] >= expires_utc_ms:
            return codes.EXPIRED
        return codes.NONE if self._journal.opening_allowed else codes.JOURNAL_FULL

    def _do(self, number, kind, body):
        check, act = self._handlers.get(kind, (None, None))
        code = check(body) if check else codes.UNKNOWN_COMMAND
        self._journal.append(kinds.COMMAND, txn=0, ext=(number, kind, code))
        if code == codes.NONE:
            act(body)
        return code
