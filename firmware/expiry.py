# What ends by itself at a moment of hospital time: provisional patients, the critical override, a witness's window.
# s is the station.
from firmware.journal import kinds
from firmware.people import ENDED_EXPIRED, MINUTE_MS


# monotonic, None if nothing will end
def deadline(s):
    ends = [until_min * MINUTE_MS for _, until_min in s.state.people.provisional]
    if s.now[0] < s.state.people.critical_until_ms:
        ends.append(s.state.people.critical_until_ms)
    dues = [s.now_ms + max(0, end - s.now[0]) for end in ends] if s.now[2] else []
    if s.session.present(s.now_ms):
        dues.append(s.session.witness.until_ms)
    return min(dues) if dues else None


# without a time of any quality nobody can say that something has ended, nor is it valid: it waits
def tick(s):
    if s.now[2] == 0 or not s.journal.opening_allowed:
        return
    for patient, until_min in list(s.state.people.provisional):
        if s.now[0] >= until_min * MINUTE_MS:
            s.note(kinds.PROVISIONAL_ENDED, disclosure=[s.entropy(16), patient, ""], ext=(ENDED_EXPIRED,))
