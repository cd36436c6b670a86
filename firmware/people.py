# What the journal says of people: wrong PINs, users and patients of this station only, the critical override.
# Part of the folded state: `apply` is the only thing that changes it.
from firmware import codes, schema
from firmware.journal import kinds
from firmware.journal.entry import F_ACTOR, F_EXT, F_KIND, F_UTC_MS
from firmware.tables import Table
from firmware.wire import messages

WRONG_BEFORE_LOCK = 5
WRONG_KEPT = 64  # users; who came before has to sign on first or is forgotten
PROVISIONAL_LIMIT = 16
MINUTE_MS = 60000
ENDED_EXPIRED = 1
ENDED_MERGED = 2

# columns of schema.TEMP_USERS
T_BADGE, T_USER, T_ROLES, T_CLASSES, T_UNTIL, T_MUST_CHANGE, T_DIGEST = range(7)


class People:
    def __init__(self):
        self.wrong = []  # [user, wrong PINs in a row], the latest last
        self.provisional = []  # [patient, until_min]
        self.critical_until_ms = 0
        self.temporary = Table(schema.TEMP_USERS)

    def dump(self):
        return [self.wrong, self.provisional, self.critical_until_ms, self.temporary.dump()]

    def load(self, dumped):
        self.wrong, self.provisional, self.critical_until_ms, temporary = dumped
        self.temporary.load(temporary)

    def wrong_pins(self, user):
        for row in self.wrong:
            if row[0] == user:
                return row[1]
        return 0

    def until_min(self, patient):
        for row in self.provisional:
            if row[0] == patient:
                return row[1]
        return None

    def temporary_user(self, user):
        for row in self.temporary.rows():
            if row[T_USER] == user:
                return row
        return None


# `now` is (utc_ms, mono_ms, tq): without a time of any quality nothing can be said to be still valid
def expired(until_min, now):
    return now[2] == 0 or now[0] >= until_min * MINUTE_MS


# `disclosure` is that of the entry: patients are named nowhere else
def apply(people, fields, disclosure):
    change = _APPLY.get(fields[F_KIND])
    if change:
        change(people, fields, disclosure)


def _set_wrong(people, user, count):
    people.wrong = [row for row in people.wrong if row[0] != user]
    if count:
        people.wrong = people.wrong[-(WRONG_KEPT - 1) :] + [[user, count]]


def _signed_on(people, f, _):
    _set_wrong(people, f[F_ACTOR], 0)


# after a lock-out has passed the next wrong PIN is the first again
def _failed(people, f, _):
    count = people.wrong_pins(f[F_ACTOR])
    if f[F_EXT][0] == codes.WRONG_PIN:
        _set_wrong(people, f[F_ACTOR], count + 1 if count < WRONG_BEFORE_LOCK else 1)
    elif f[F_EXT][0] == codes.LOCKED_OUT:
        _set_wrong(people, f[F_ACTOR], WRONG_BEFORE_LOCK)


def _granted(people, f, _):
    badge, user, roles, classes, until_min, digest = f[F_EXT]
    table = people.temporary
    for row in list(table.rows()):
        if row[T_UNTIL] * MINUTE_MS <= f[F_UTC_MS] or row[T_USER] == user:
            table.remove(row[T_BADGE])
    table.put([badge, user, roles, classes, until_min, 1, digest])


def _pin_changed(people, f, _):
    row = people.temporary_user(f[F_ACTOR])
    if row:
        people.temporary.put(row[:T_MUST_CHANGE] + [0, f[F_EXT][0]])


def _provisional(people, f, disclosure):
    _ended(people, f, disclosure)
    people.provisional.append([disclosure[1], f[F_EXT][0]])


def _ended(people, _, disclosure):
    people.provisional = [row for row in people.provisional if row[0] != disclosure[1]]


def _command(people, f, _):
    _number, kind, code, body = f[F_EXT]
    if kind == messages.COMMAND_CRITICAL_OVERRIDE and code == codes.NONE:
        people.critical_until_ms = body[0]


_APPLY = {
    kinds.SIGN_ON: _signed_on,
    kinds.SIGN_ON_FAILED: _failed,
    kinds.COMMAND: _command,
    kinds.TEMP_USER: _granted,
    kinds.PIN_CHANGED: _pin_changed,
    kinds.PROVISIONAL_PATIENT: _provisional,
    kinds.PROVISIONAL_ENDED: _ended,
}
