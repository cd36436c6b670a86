# Who is signed on: badge and PIN, lock-out, idle time-out. One session at a time owns motion.
from firmware import codes
from firmware.compat import same, sha256
from firmware.gate import Authority

WRONG_BEFORE_LOCK = 5
LOCKED_OUT_MS = 5 * 60 * 1000
PIN_MAX = 16
# an unknown badge costs the same work as a known one
_NOBODY = ["", "", bytes(8), bytes(16), 1000, 0]

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


class Session:
    def __init__(self, users, idle_ms):
        self._users = users
        self._idle_ms = idle_ms
        self._wrong = {}  # user -> [wrong PINs in a row, locked until]; known users only, so bounded by the table
        self._rounds = _NOBODY[4]
        self._badge = ""
        self.authority = None

    @property
    def user(self):
        return self.authority.user if self.authority else ""

    @property
    def roles(self):
        return self.authority.roles if self.authority else 0

    # -> (code, user or the badge as read)
    def check(self, badge, pin, now_ms):
        row = self._users.get(badge)
        salt, expected, rounds = row[2:5] if row else (_NOBODY[2], _NOBODY[3], self._rounds)
        self._rounds = rounds
        right = same(pin_hash(salt, pin, rounds), expected)
        if row is None:
            return codes.UNKNOWN_BADGE, badge
        return self._judge(row[1], right, now_ms), row[1]

    def _judge(self, user, right, now_ms):
        wrong, until = self._wrong.get(user, (0, 0))
        if now_ms < until:
            return codes.LOCKED_OUT
        if right:
            self._wrong.pop(user, None)
            return codes.NONE
        wrong = 1 if until else wrong + 1
        until = now_ms + LOCKED_OUT_MS if wrong >= WRONG_BEFORE_LOCK else 0
        self._wrong[user] = (wrong, until)
        return codes.LOCKED_OUT if until else codes.WRONG_PIN

    def sign_on(self, badge, now_ms):
        row = self._users.get(badge)
        self._badge = badge
        self.authority = Authority(row[1], row[5], now_ms + self._idle_ms)

    def sign_off(self):
        self.authority = None

    def touch(self, now_ms):
        if self.authority:
            self.authority = Authority(self.user, self.roles, now_ms + self._idle_ms)

    # the users have been replaced: what the badge may do now counts, which may be nothing
    def refresh(self):
        if self.authority:
            row = self._users.get(self._badge)
            roles = row[5] if row and row[1] == self.user else 0
            self.authority = Authority(self.user, roles, self.authority.until_ms)

    # the moment the session lapses, None without one
    def deadline(self):
        return self.authority.until_ms if self.authority else None
