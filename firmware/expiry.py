# What ends by itself at a moment of hospital time: provisional patients, grants, the critical override; and a witness's
# window. s is the station.
from firmware.journal import kinds
from firmware.people import ENDED_EXPIRED, MINUTE_MS, expired


# monotonic, None if nothing will end. Without a time of any quality nothing ends, nor is it valid: it waits.
def deadline(s):
    ends = _ends(s) if s.now[2] else []
    dues = [s.now_ms + max(0, end - s.now[0]) for end in ends]
    if s.session.present(s.now_ms):
        dues.append(s.session.witness.until_ms)
    return min(dues) if dues else None


def _ends(s):
    people = s.state.people
    ends = [until_min * MINUTE_MS for _, _, until_min in s.credentials.present(s.now)]
    if s.now[0] < people.critical_until_ms:
        ends.append(people.critical_until_ms)
    if s.journal.opening_allowed:
        ends += [until_min * MINUTE_MS for _, until_min in people.provisional]
    return ends


# what else ends is seen by the clock alone: it needs no entry
def tick(s):
    for patient, until_min in list(s.state.people.provisional):
        if s.now[2] and expired(until_min, s.now) and s.journal.opening_allowed:
            s.note(kinds.PROVISIONAL_ENDED, disclosure=[s.entropy(16), patient, ""], ext=(ENDED_EXPIRED,))
