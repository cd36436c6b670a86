# A unit's claim to the line: the cradles let one unit at a time through (P70), and a unit that was served sleeps (P72).
# Only a unit that is in a cradle bids; actions are ("bid",) and ("release",).
from firmware.compat import const

HOLD_MS = const(30000)
SLEEP_MS = const(120000)
# others are let through before it bids again
PAUSE_MS = const(1000)
AFTER_FAILURE_MS = const(10000)

AWAY = 0
ASLEEP = 1
BIDDING = 2
OWNER = 3


class Bid:
    def __init__(self, actions):
        self._actions = actions
        self.state = AWAY
        self._due = None

    def deadline(self):
        return self._due

    def cradled(self):
        if self.state in (AWAY, ASLEEP):
            self._actions.append(("bid",))
            self._be(BIDDING, None)

    def taken_out(self):
        self._release(AWAY, None)

    # The line is this unit's. Who cannot know it from the port learns it from what it hears.
    def granted(self, now_ms):
        if self.state == BIDDING:
            self._be(OWNER, now_ms + HOLD_MS)

    def polled(self, now_ms):
        if self.state in (BIDDING, OWNER):
            self._be(OWNER, now_ms + HOLD_MS)

    # the line goes to another unit, and this one bids again after so long
    def rest(self, now_ms, rest_ms):
        self._release(ASLEEP, now_ms + rest_ms)

    # True when the line was given up because nobody polled.
    def tick(self, now_ms):
        if self._due is None or now_ms < self._due:
            return False
        if self.state == ASLEEP:
            self.cradled()
            return False
        self.rest(now_ms, PAUSE_MS)
        return True

    def _release(self, state, due):
        if self.state in (BIDDING, OWNER):
            self._actions.append(("release",))
        self._be(state, due)

    def _be(self, state, due):
        self.state, self._due = state, due
