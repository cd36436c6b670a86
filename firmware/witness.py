# The cabinet as witness of the centre: it takes a checkpoint only if what it saw before is a beginning of it, and says
# so in its journal. docs/wire.md section 6. s is the station; who signed the note the agent has looked at.
from firmware import codes, merkle
from firmware.journal import chain, entry, kinds
from firmware.schema import is_uint
from firmware.wire import note, sealed

FIELDS = 11
SMALLER, NOT_CONSISTENT, NO_SUCCESSOR, NOT_INCLUDED = 1, 2, 3, 4
_OLD_NUMBER, _WRONG_BASE = -1, -2
_CENTRE = "centre"


class Checkpoint:
    def __init__(self, fields):
        self.number, self.note, self.old_size, self.proof = fields[3:7]
        self.last_seq, self.last_index, self.inclusion, self.successors = fields[7:]
        self.origin, self.size, self.root = note.read(self.note)
        self.log_number = note.number_of(self.origin)

    def includes(self, leaf, index, proof):
        return merkle.included(leaf, index, self.size, self.root, proof)


# -> (code, number)
def receive(s, payload):
    fields = sealed.open(payload, s.checkpoint_key)
    if fields is None:
        return codes.BAD_MAC, 0
    if len(fields) != FIELDS or fields[0] != 1 or not all(is_uint(fields[i]) for i in (3, 5, 7, 8)):
        return codes.BAD_MESSAGE, 0
    if fields[1:3] != [s.id, s.log]:
        return codes.WRONG_STATION, fields[3]
    try:
        return _take(s, Checkpoint(fields)), fields[3]
    except (ValueError, TypeError, AttributeError, IndexError):
        return codes.BAD_MESSAGE, fields[3]


def _take(s, new):
    held = s.state.checkpoint
    if held[:3] == [new.log_number, new.size, new.root]:
        return codes.NONE
    if new.last_seq > s.journal.seq:
        return codes.BAD_MESSAGE
    if not s.journal.opening_allowed:
        return codes.JOURNAL_FULL
    reason = _reason(s, new, held)
    if reason and new.number <= held[3]:
        return codes.OLD_NUMBER
    if reason == _WRONG_BASE:
        return codes.WRONG_BASE
    return _refuse(s, new, reason) if reason else _accept(s, new)


def _accept(s, new):
    s.note(kinds.CHECKPOINT, ext=(new.size, new.root, new.log_number, new.number))
    s.clear_alarm(codes.ALARM_SPLIT_VIEW, 0)
    return codes.NONE


# one entry is evidence enough, until the alarm is over
def _refuse(s, new, reason):
    if [codes.ALARM_SPLIT_VIEW, 0] not in s.state.alarms:
        s.note(kinds.CHECKPOINT_REFUSED, ext=(new.size, new.root, reason, new.log_number, new.number))
        s.raise_alarm(codes.ALARM_SPLIT_VIEW, 0)
    return codes.SPLIT_VIEW


# 0: nothing speaks against it
def _reason(s, new, held):
    log_number, size, root, _, seq = held
    if log_number and new.log_number != log_number:
        reason = 0 if _leads(new, log_number) else NO_SUCCESSOR
    elif new.size < size:
        reason = SMALLER
    elif new.old_size != size:
        # what this cabinet holds the centre knows from its entry
        reason = NOT_CONSISTENT if new.last_seq >= seq else _WRONG_BASE
    else:
        reason = 0 if merkle.consistent(size, root, new.size, new.root, new.proof) else NOT_CONSISTENT
    return reason or (0 if _has_own(s, new) else NOT_INCLUDED)


def _has_own(s, new):
    page = s.journal.page(new.last_seq) if new.last_seq else None
    return page is None or new.includes(chain.leaf(chain.parse_page(page)[0]), new.last_index, new.inclusion)


# two people a step, from the log that was held to this one
def _leads(new, number):
    for data, index, proof in new.successors:
        fields = entry.decode(data)
        if fields[entry.F_KIND] != kinds.SUCCESSOR_LOG or not new.includes(chain.leaf(data), index, proof):
            return False
        one, other, ext = fields[entry.F_ACTOR], fields[entry.F_WITNESS], fields[entry.F_EXT]
        if fields[entry.F_STATION] != _CENTRE or not one or not other or one == other:
            return False
        if note.number_of(ext[0]) != number or not _same_site(ext[0], ext[3], new.origin):
            return False
        number = note.number_of(ext[3])
    return number == new.log_number and bool(new.successors)


def _same_site(*origins):
    sites = [origin.split("/")[2] for origin in origins]
    return sites.count(sites[0]) == len(sites)
