# Commands: numbered, expiring, journaled before they act, applied at most once. docs/wire.md section 3.
# What a command does is the fold of its entry (firmware.state): once that is durable, and again after a boot.
from firmware import codes, levels
from firmware.journal import kinds
from firmware.people import ENDED_MERGED
from firmware.schema import is_id, is_uint
from firmware.surroundings import QUARANTINE_RELEASED
from firmware.wire import messages, sealed

FIELDS = 7
DRAWERS = 16


CRITICAL_MAX_MS = 72 * 3600 * 1000


def _ping(body, _tables, _state, _now):
    return codes.NONE if body == [] else codes.BAD_MESSAGE


def _par(body, tables, _state, _now):
    return levels.check(body, tables.pockets)


# [until_utc_ms]; one that has passed ends it
def _critical(body, _tables, _state, now):
    fits = _is_one(body) and is_uint(body[0]) and body[0] <= now[0] + CRITICAL_MAX_MS
    return codes.NONE if fits else codes.BAD_MESSAGE


# not while it is still outside its limits
def _release_quarantine(body, _tables, state, _now):
    if not _is_one(body) or not is_uint(body[0]) or not 1 <= body[0] <= DRAWERS:
        return codes.BAD_MESSAGE
    return codes.QUARANTINED if [codes.ALARM_TEMPERATURE, body[0]] in state.alarms else codes.NONE


def _end_provisional(body, _tables, _state, _now):
    return codes.NONE if _is_one(body) and is_id(body[0]) else codes.BAD_MESSAGE


def _is_one(body):
    return isinstance(body, list) and len(body) == 1


# kind -> check(body, tables, state, now) -> code
_CHECKS = {
    messages.COMMAND_PING: _ping,
    messages.COMMAND_PAR: _par,
    messages.COMMAND_CRITICAL_OVERRIDE: _critical,
    messages.COMMAND_RELEASE_QUARANTINE: _release_quarantine,
    messages.COMMAND_END_PROVISIONAL: _end_provisional,
}


class Commands:
    def __init__(self, station, log, key, state, journal, tables, entropy):
        self._station = station
        self._log = log
        self._key = key
        self._state = state
        self._journal = journal
        self._tables = tables
        self._entropy = entropy

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
        return self._refused(number, fields[4], now) or self._do(number, fields[5], fields[6], now), number

    # without a time of any quality nothing can be said to be still valid
    def _refused(self, number, expires_utc_ms, now):
        if number < self._state.command_number:
            return codes.OLD_NUMBER
        if now[2] == 0 or now[0] >= expires_utc_ms:
            return codes.EXPIRED
        return codes.NONE if self._journal.opening_allowed else codes.JOURNAL_FULL

    # what cannot be judged yet takes no number: the centre sends it again
    def _do(self, number, kind, body, now):
        check = _CHECKS.get(kind)
        code = check(body, self._tables, self._state, now) if check else codes.UNKNOWN_COMMAND
        if code == codes.NONE and kind == messages.COMMAND_END_PROVISIONAL:
            self._end(body[0])
            body = ()  # the entry of that names the patient, where it can be redacted
        if code != codes.NOT_READY:
            applied = body if code == codes.NONE else ()
            self._journal.append(kinds.COMMAND, txn=0, ext=(number, kind, code, applied))
            if kind == messages.COMMAND_RELEASE_QUARANTINE and code == codes.NONE:
                place = "D%02d" % body[0]
                self._journal.append(kinds.QUARANTINE, place=place, txn=0, ext=(0, QUARANTINE_RELEASED))
        return code

    def _end(self, patient):
        if self._state.people.until_min(patient) is not None:
            disclosure = [self._entropy(16), patient, ""]
            self._journal.append(kinds.PROVISIONAL_ENDED, txn=0, disclosure=disclosure, ext=(ENDED_MERGED,))
