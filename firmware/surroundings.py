# What happens around the drawers: case, power, temperature, clock. s is the station; all of it is journaled, and an
# excursion puts its drawer under quarantine until a command of the pharmacy releases it.
from firmware import codes
from firmware.journal import entry, kinds
from firmware.profile import policy

MAINS_LOST, MAINS_BACK, BATTERY_LOW = 0, 1, 2
BATTERY_LOW_PERCENT = 20
QUARANTINE_TEMPERATURE, QUARANTINE_RELEASED = 1, 2
CENTI_ZERO = 10000  # limits of the policy are centi-Celsius above -100
JUMP_MS = 5000
CLOCK_SURE_MS = 60000  # so long after the last jump alarm 12 is over, if the time has a source again
NETWORK_TIME = 2


class Surroundings:
    def __init__(self):
        self.mains = True
        self._since = {}  # drawer -> monotonic ms since when it is outside its limits, or its thermometer silent
        self._out = set()  # drawers whose excursion is written
        self._offset_ms = None  # UTC less monotonic
        self._sure_ms = None

    def deadline(self):
        return self._sure_ms

    # ---- clock

    # alarms stand over a boot; the last entry's time tells a clock that was set back while the power was away
    def boot(self, s):
        out = [drawer for alarm, drawer in s.state.alarms if alarm == codes.ALARM_TEMPERATURE]
        self._out = {drawer for drawer in out if s.state.is_quarantined(drawer)}  # the others' thermometer was silent
        newest = s.journal.entry(s.journal.seq)
        if newest:
            back_ms = s.now[0] - newest[entry.F_UTC_MS]
            if back_ms < -JUMP_MS:
                self._jumped(s, back_ms)
        self._sure_ms = s.now_ms + CLOCK_SURE_MS if [codes.ALARM_CLOCK, 0] in s.state.alarms else None

    def look_at_clock(self, s):
        offset_ms = s.now[0] - s.now_ms
        jump_ms = 0 if self._offset_ms is None else offset_ms - self._offset_ms
        self._offset_ms = offset_ms
        if abs(jump_ms) > JUMP_MS:
            self._jumped(s, jump_ms)
        elif self._sure_ms is not None and s.now_ms >= self._sure_ms:
            self._settled(s)

    def _jumped(self, s, jump_ms):
        s.note(kinds.CLOCK, ext=(jump_ms,))
        s.raise_alarm(codes.ALARM_CLOCK, 0)
        self._sure_ms = s.now_ms + CLOCK_SURE_MS

    def _settled(self, s):
        sure = s.now[2] >= NETWORK_TIME
        self._sure_ms = None if sure else s.now_ms + CLOCK_SURE_MS
        if sure:
            s.clear_alarm(codes.ALARM_CLOCK, 0)

    # ---- case and power

    def tamper(self, s, is_open):
        if is_open:
            s.raise_alarm(codes.ALARM_TAMPER, 0)
        else:
            s.clear_alarm(codes.ALARM_TAMPER, 0)

    def power(self, s, mains, percent):
        on_battery = [codes.ALARM_ON_BATTERY, 0] in s.state.alarms
        if mains and on_battery:
            s.note(kinds.POWER, ext=(MAINS_BACK, percent))
            s.clear_alarm(codes.ALARM_ON_BATTERY, 0)
            s.clear_alarm(codes.ALARM_BATTERY_LOW, 0)
        elif not mains and not on_battery:
            s.note(kinds.POWER, ext=(MAINS_LOST, percent))
            s.raise_alarm(codes.ALARM_ON_BATTERY, 0)
        if not mains and percent < BATTERY_LOW_PERCENT and [codes.ALARM_BATTERY_LOW, 0] not in s.state.alarms:
            s.note(kinds.POWER, ext=(BATTERY_LOW, percent))
            s.raise_alarm(codes.ALARM_BATTERY_LOW, 0)

    # ---- temperature; None: the thermometer does not answer

    def temperature(self, s, drawer, centi):
        limit = None if centi is None else _passed(s, centi)
        if centi is not None and limit is None:
            self._since.pop(drawer, None)
            self._over(s, drawer, centi)
            return
        since_ms = self._since.setdefault(drawer, s.now_ms)
        if s.now_ms - since_ms >= 60000 * policy(s.tables, "excursion_min"):
            self._excursion(s, drawer, centi, limit)

    # a silent thermometer raises the alarm; what it cannot say is no reason for quarantine
    def _excursion(self, s, drawer, centi, limit):
        if centi is not None and drawer not in self._out:
            self._out.add(drawer)
            s.note(kinds.TEMPERATURE, place="D%02d" % drawer, ext=(1, centi, limit))
            quarantine(s, drawer, QUARANTINE_TEMPERATURE)
        s.raise_alarm(codes.ALARM_TEMPERATURE, drawer)

    def _over(self, s, drawer, centi):
        if drawer in self._out:
            self._out.discard(drawer)
            s.note(kinds.TEMPERATURE, place="D%02d" % drawer, ext=(0, centi, _nearest(s, centi)))
        s.clear_alarm(codes.ALARM_TEMPERATURE, drawer)


def quarantine(s, drawer, reason):
    if not s.state.is_quarantined(drawer):
        s.note(kinds.QUARANTINE, place="D%02d" % drawer, ext=(1, reason))


def _limits(s):
    both = (policy(s.tables, "temp_low_centi"), policy(s.tables, "temp_high_centi"))
    return [value - CENTI_ZERO if value else None for value in both]


# the limit that is passed, or None
def _passed(s, centi):
    low, high = _limits(s)
    if low is not None and centi < low:
        return low
    return high if high is not None and centi > high else None


def _nearest(s, centi):
    known = [limit for limit in _limits(s) if limit is not None]
    return min(known, key=lambda limit: abs(limit - centi)) if known else 0
