# Who is signed on: badge and PIN, lock-out, idle time-out; who stands by as witness. One session owns motion.
from firmware import codes
from firmware.compat import same, sha256
from firmware.gate import Authority, Witness
from firmware.people import MINUTE_MS, WRONG_BEFORE_LOCK

LOCKED_OUT_MS = 5 * 60 * 1000
PIN_MIN = 4
PIN_MAX = 16
# an unknown badge costs the same work as a known one
_NOBODY = ["", "", bytes(8), bytes(16), 1000, 0, 0]

# what cannot be scanned
BYPASS_CODE = 1
BYPASS_LABEL = 2

# why a session ended
ASKED = 0
IDLE = 1
OTHER_USER = 2
BOOT = 3


# docs/wire.md section 3: h0 = SHA-256(salt | pin), then `rounds` times h = SHA-256(h | salt)
def pin_hash(salt, pin, rounds):
    h = sha256(salt, pin.encode())
    for _ in range(rounds):
        h = sha256(h, salt)
    return h[:16]


# `now` is (utc_ms, mono_ms, tq) throughout
class Session:
    def __init__(self, users, credentials, people, idle_ms):
        self._users = users
        self._credentials = credentials
        self._people = people
        self._idle_ms = idle_ms
        self._locked = {}  # user -> mono_ms the lock-out ends; one from before the boot runs from there
        self.rounds = _NOBODY[4]
        self.badge = ""
        self.authority = None
        self.witness = None
        self._witness_badge = ""
        self.bypassed = {}  # what cannot be scanned -> the item or place meant, "" any

    @property
    def user(self):
        return self.authority.user if self.authority else ""

    @property
    def roles(self):
        return self.authority.roles if self.authority else 0

    @property
    def classes(self):
        return self.authority.classes if self.authority else 0

    @property
    def must_change_pin(self):
        return 1 if self.authority and self.authority.must_change_pin else 0

    def is_temporary(self, now):
        row = self._row(self.badge, now)
        return row is not None and len(row) > len(_NOBODY)

    # a row of `users`; that of a temporary user goes on with [must change the PIN, until_min]
    def _row(self, badge, now):
        return self._users.get(badge) or self._credentials.row(badge, now)

    # -> (code, user or the badge as read)
    def check(self, badge, pin, now):
        row = self._row(badge, now)
        salt, expected, rounds = row[2:5] if row else (_NOBODY[2], _NOBODY[3], self.rounds)
        self.rounds = rounds
        right = same(pin_hash(salt, pin, rounds), expected)
        if row is None:
            return codes.UNKNOWN_BADGE, badge
        return self._judge(row[1], right, now[1]), row[1]

    # how often it was wrong is the journal's to say: a restart forgives nothing
    def _judge(self, user, right, now_ms):
        wrong = self._people.wrong_pins(user)
        if wrong >= WRONG_BEFORE_LOCK:
            if now_ms < self._locked.get(user, LOCKED_OUT_MS):
                return codes.LOCKED_OUT
            wrong = 0
        if right:
            return codes.NONE
        if wrong + 1 < WRONG_BEFORE_LOCK:
            return codes.WRONG_PIN
        self._locked[user] = now_ms + LOCKED_OUT_MS
        return codes.LOCKED_OUT

    def sign_on(self, badge, now):
        self.badge = badge
        self.authority = self._authority(self._row(badge, now), now)

    def _authority(self, row, now):
        must_change, until_ms = False, now[1] + self._idle_ms
        if len(row) > len(_NOBODY):
            must_change, ends_min = row[len(_NOBODY) :]
            until_ms = min(until_ms, now[1] + ends_min * MINUTE_MS - now[0])
        return Authority(row[1], row[5], row[6], until_ms, bool(must_change))

    def sign_off(self):
        self.authority = None
        self.forget()

    # what was said for the next step does not outlast the session
    def forget(self):
        self.witness = None
        self.bypassed = {}

    # one access has begun: what stood in for its scan is used up, and who was its witness
    def spend(self, witness):
        self.bypassed.pop(BYPASS_CODE, None)
        if witness:
            self.witness = None

    # Does a bypass stand in for the missing scan of this item, or this label? "" stands in for any.
    def stands_in(self, what, name):
        return self.bypassed.get(what) in ("", name)

    # Once more as long, with what the badge may do now: less, if the users were replaced, or nothing.
    def touch(self, now):
        if self.authority:
            row = self._row(self.badge, now)
            if row is None or row[1] != self.user:
                row = [self.badge, self.user] + _NOBODY[2:]
            self.authority = self._authority(row, now)

    # the users have been replaced; time runs on
    def refresh(self, now):
        until_ms = self.deadline()
        if until_ms is not None:
            self.touch(now)
            a = self.authority
            self.authority = Authority(a.user, a.roles, a.classes, min(until_ms, a.until_ms), a.must_change_pin)
        if self.witness and self.witness.roles != self._witness_roles(now):
            self.witness = None

    # the moment the session lapses, None without one
    def deadline(self):
        return self.authority.until_ms if self.authority else None

    def stand_by(self, badge, window_s, now):
        self._witness_badge, self.witness = badge, None
        self.witness = Witness(self._row(badge, now)[1], self._witness_roles(now), now[1] + window_s * 1000)

    # none for a badge that means somebody else by now, or a PIN that only the one who granted it knows
    def _witness_roles(self, now):
        row = self._row(self._witness_badge, now)
        if row is None or (self.witness and row[1] != self.witness.user) or row[len(_NOBODY) :][:1] == [1]:
            return 0
        return row[5]

    # the witness, as long as her window lasts
    def present(self, now_ms):
        return self.witness if self.witness and now_ms < self.witness.until_ms else None
