# Signing on and off; the witness; users and patients of this station only; what cannot be scanned.
from firmware import codes, profile, session
from firmware.journal import kinds
from firmware.order import Order
from firmware.people import MINUTE_MS, PROVISIONAL_LIMIT
from firmware.requests import opening
from firmware.session import pin_hash

GRANT_HOURS_MAX = 24
PROVISIONAL_HOURS_MAX = 72
SALT_BYTES = 8
BYPASS_REASON_MAX = 4


def sign_on(s, badge, pin):
    if not s.ready():
        return codes.NOT_READY, []
    if not s.journal.opening_allowed:
        return codes.JOURNAL_FULL, []
    code, who = _check(s, badge, pin)
    if code:
        return code, []
    if s.session.user != who:
        if s.transactions.current:
            return codes.BUSY, []
        _take_over(s, who)
    elif s.state.people.wrong_pins(who):
        s.note(kinds.SIGN_ON, who, ext=(1,))  # nothing changes hands, but it counts from the start again
    s.session.sign_on(badge, s.now)
    return codes.NONE, [s.session.user, s.session.roles, s.session.must_change_pin, s.session.classes]


# -> (code, user or the badge as read); what fails is journaled, and counts against the user
def _check(s, badge, pin):
    code, who = s.session.check(badge, pin, s.now)
    if code:
        s.note(kinds.SIGN_ON_FAILED, who, ext=(code,))
    return code, who


def _take_over(s, user):
    if s.session.user:
        s.note(kinds.SIGN_OFF, s.session.user, ext=(session.OTHER_USER,))
        s.session.sign_off()
    s.note(kinds.SIGN_ON, user, ext=(1,))


def sign_off(s):
    if not s.session.user:
        return codes.NOT_SIGNED_ON, []
    if s.transactions.current:
        return codes.BUSY, []
    s.note(kinds.SIGN_OFF, s.session.user, ext=(session.ASKED,))
    s.session.sign_off()
    return codes.NONE, []


# -> code: what the gate has against this, journaled
def _allowed(s, purpose):
    order = Order(purpose, s.session.user, None, 0)
    code = opening.ask(s, order, None)
    return opening.refuse(s, order, None, code, [])[0] if code else codes.NONE


# Somebody else, with a badge and PIN of her own, sees the next step: it has to come within the window.
def witness(s, badge, pin):
    if s.session.authority is None or s.now_ms >= s.session.deadline():
        return codes.NOT_SIGNED_ON, []
    if not s.journal.opening_allowed:
        return codes.JOURNAL_FULL, []
    code, who = _check(s, badge, pin)
    if code:
        return code, []
    s.session.stand_by(badge, profile.policy(s.tables, "witness_window_s"), s.now)
    code = _allowed(s, kinds.PURPOSE_WITNESS)
    if code:
        s.session.witness = None
        return code, []
    return codes.NONE, [who]


def grant(s, badge, user, roles, classes, hours, pin):
    code = _allowed(s, kinds.PURPOSE_GRANT)
    if code:
        return code, []
    if not 1 <= hours <= GRANT_HOURS_MAX:
        return codes.BAD_QUANTITY, []
    if s.now[2] == 0:
        return codes.NOT_READY, []
    a = s.session.authority
    within = not (roles & ~a.roles or classes & ~a.classes)
    if not within or s.session.is_temporary(s.now) or _is_taken(s, badge, user):
        return _denied(s, kinds.PURPOSE_GRANT, codes.NOT_ALLOWED)
    if len([1 for row in s.credentials.present(s.now) if row[1] != user]) >= s.state.people.temporary.limit:
        return codes.TOO_MANY, []
    until_min = s.now[0] // MINUTE_MS + 60 * hours
    row = _secret(s, badge, pin)
    s.credentials.put(row, lambda d: s.note(kinds.TEMP_USER, a.user, ext=(badge, user, roles, classes, until_min, d)))
    return codes.NONE, [until_min]


def _denied(s, purpose, code):
    return opening.refuse(s, Order(purpose, s.session.user, None, 0), None, code, [])


def _secret(s, badge, pin):
    salt, rounds = s.entropy(SALT_BYTES), s.session.rounds
    return [badge, salt, pin_hash(salt, pin, rounds), rounds]


# by the centre's users; or the badge by another one granted here
def _is_taken(s, badge, user):
    if s.tables.users.has(badge) or any(row[1] == user for row in s.tables.users.rows()):
        return True
    return any(row[:2] != [badge, user] and row[0] == badge for row in s.credentials.present(s.now))


def change_pin(s, old, new):
    if s.session.authority is None or s.now_ms >= s.session.deadline():
        return codes.NOT_SIGNED_ON, []
    if not s.session.is_temporary(s.now):
        return codes.NOT_ALLOWED, []
    if not s.journal.opening_allowed:
        return codes.JOURNAL_FULL, []
    code, who = _check(s, s.session.badge, old)
    if code:
        return code, []
    if new == old:
        return codes.CHANGE_PIN, []
    row = _secret(s, s.session.badge, new)
    s.credentials.put(row, lambda digest: s.note(kinds.PIN_CHANGED, who, ext=(digest,)))
    s.session.touch(s.now)
    return codes.NONE, []


# known until somebody at the centre says who it is, or the time is over
def add_patient(s, patient, hours):
    code = _allowed(s, kinds.PURPOSE_PROVISIONAL)
    if code:
        return code, []
    if not 1 <= hours <= PROVISIONAL_HOURS_MAX:
        return codes.BAD_QUANTITY, []
    if s.now[2] == 0:
        return codes.NOT_READY, []
    if len([1 for row in s.state.people.provisional if row[0] != patient]) >= PROVISIONAL_LIMIT:
        return codes.TOO_MANY, []
    until_min = s.now[0] // MINUTE_MS + 60 * hours
    disclosure = [s.entropy(16), patient, ""]
    s.note(kinds.PROVISIONAL_PATIENT, s.session.user, disclosure=disclosure, ext=(until_min,))
    return codes.NONE, [until_min]


# Says why a code cannot be read: that stands in for it, once.
def bypass(s, what, reason, item, place):
    code = _allowed(s, kinds.PURPOSE_BYPASS)
    if code:
        return code, []
    if what not in (session.BYPASS_CODE, session.BYPASS_LABEL) or reason > BYPASS_REASON_MAX:
        return codes.BAD_REQUEST, []
    if reason == 0:
        return codes.REASON_NEEDED, []
    seq = s.note(kinds.BYPASS, s.session.user, item=item or None, place=place or None, ext=(what, reason))
    s.session.bypassed[what] = item if what == session.BYPASS_CODE else place
    return codes.NONE, [seq]
