# Signing on and off.
from firmware import codes, session
from firmware.journal import kinds


def sign_on(s, badge, pin):
    if not s.ready():
        return codes.NOT_READY, []
    if not s.journal.opening_allowed:
        return codes.JOURNAL_FULL, []
    code, who = s.session.check(badge, pin, s.now_ms)
    if code:
        s.note(kinds.SIGN_ON_FAILED, who, ext=(code,))
        return code, []
    if s.session.user != who:
        if s.transactions.current:
            return codes.BUSY, []
        _take_over(s, who)
    s.session.sign_on(badge, s.now_ms)
    return codes.NONE, [s.session.user, s.session.roles]


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
