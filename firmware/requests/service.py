# Maintenance and self-test, docs/wire.md section 2; loaded with a request of it. Begun at the key switch by who
# may, with nothing open; while it lasts the gate refuses everything else. What the self-test moves is journaled first.
# s is the station.
from firmware import chart, codes, motion, seals
from firmware.journal import kinds
from firmware.order import Order
from firmware.requests import opening
from firmware.version import VERSION

END, BEGIN, HAND_OVER, TELL = 0, 1, 2, 3
# why it ended
ASKED, KEY_TURNED, RESTARTED, INSTALLED, REPLACED = 0, 1, 2, 3, 4
# what came of a part; TRIED is written before it moves
OK, FAILED, NOT_FITTED, TRIED = 0, 1, 2, 3
FIRST_POCKET = 1  # whose light and lid stand for all
_DRAWER_PARTS = ("lock", "switch", "light", "thermometer")


# HAND_OVER ends the firmware for the REPL, with every lock off: only now may its port be used
def maintenance(s, what, reason):
    if what == TELL:
        return codes.NONE, [s.state.maintenance, 1 if s.surroundings.key else 0, VERSION]
    code = _allowed(s) or _possible(s, what)
    if code:
        return _refused(s, code)
    if what == END:
        end(s, ASKED, VERSION, s.session.user)
    elif not s.state.maintenance:
        s.note(kinds.MAINTENANCE, s.session.user, ext=(1, reason, VERSION))
        s.seals.ask()
    if what == HAND_OVER:
        for number in sorted(s.drawers):
            s.move("lock", number)
        s.leaving = True
    return codes.NONE, []


# also at a boot, with what became of an installation, or at the turn of the key
def end(s, reason, version, user=""):
    s.note(kinds.MAINTENANCE, user, ext=(0, reason, version))
    seals.clear(s)
    s.seals.ask()


# the log of a new controller names where that of the old one ended, and the two who signed
def succeed(s, before):
    log, seq, head, one, other = before
    s.journal.append(kinds.MAINTENANCE, actor=one, witness=other, txn=0, ext=(0, REPLACED, VERSION, log, seq, head))


def _allowed(s):
    order = Order(kinds.PURPOSE_MAINTAIN, s.session.user, None, 0)
    return opening.ask(s, order, None)


def _possible(s, what):
    if what == END:
        return codes.NONE if s.state.maintenance else codes.NOT_IN_SERVICE
    if not s.surroundings.key:
        return codes.SERVICE_SWITCH_OFF
    return codes.BUSY if s.state.open_drawers else codes.NONE


def _refused(s, code):
    return opening.refuse(s, Order(kinds.PURPOSE_MAINTAIN, s.session.user, None, 0), None, code, [])


# `seen` None: move or read the part -> [what the sensors say]; else what the person says came of it, to be journaled
def selftest(s, part, number, seen):
    code = _allowed(s) or (codes.NONE if s.state.maintenance else codes.NOT_IN_SERVICE)
    if code:
        return _refused(s, code)
    drawer = s.drawers.get(number) if part in _DRAWER_PARTS else None
    if part in _DRAWER_PARTS and drawer is None:
        return codes.NO_POCKET, []
    if seen is not None:
        _note(s, part, number, drawer, seen)
        return codes.NONE, []
    if part == "lock" and any(other.moving() for other in s.drawers.values()):
        return codes.BUSY, []  # one at a time
    return codes.NONE, _TRY.get(part, _nothing)(s, number, drawer)


def _note(s, part, number, drawer, result):
    place = "D%02d" % number if drawer else None
    s.note(kinds.SELFTEST, s.session.user, place=place, ext=("%s-%d" % (part, number), result))


def _lock(s, number, drawer):
    if drawer.state == chart.LOCKED:
        _note(s, "lock", number, drawer, TRIED)
        motion.facts(s, drawer, drawer.handle(chart.RELEASE, s.now_ms, FIRST_POCKET, 0))
    return _switch(s, number, drawer)


def _switch(s, _, drawer):
    return [1 if drawer.closed else 0, 1 if drawer.latched else 0]


def _light(s, number, _):
    s.light(number, FIRST_POCKET)
    return []


def _dark(s, _number, _drawer):
    s.dark()
    return []


# centi-Celsius, None without an answer
def _thermometer(s, number, _):
    return [s.surroundings.centi.get(number)]


def _buzzer(s, _number, _drawer):
    s.buzz(codes.ALARM_FORCED)
    return []


# [drawer, storage type] of each: what there is to test
def _parts(s, _number, _drawer):
    return [[number, s.drawers[number].kind] for number in sorted(s.drawers)]


def _nothing(_s, _number, _drawer):
    return []


_TRY = {
    "parts": _parts,
    "lock": _lock,
    "switch": _switch,
    "light": _light,
    "dark": _dark,
    "thermometer": _thermometer,
    "buzzer": _buzzer,
}
