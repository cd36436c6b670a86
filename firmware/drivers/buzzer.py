# The buzzer: a pattern for each alarm, milliseconds on, off, on ... Off is the safe value and the end of every pattern.
from firmware import codes

URGENT = (400, 200, 400, 200, 400)
REMINDER = (120, 120, 120)
_URGENT_ALARMS = (codes.ALARM_FORCED, codes.ALARM_LID_FORCED, codes.ALARM_TAMPER, codes.ALARM_TEMPERATURE)


class Buzzer:
    def __init__(self, bus, line):
        self._bus = bus
        self._line = line
        self._left = []
        self._on = 0
        self._due_ms = None

    def play(self, alarm, now_ms):
        self._left = list(URGENT if alarm in _URGENT_ALARMS else REMINDER)
        self._on = 0
        self._step(now_ms)

    def deadline(self):
        return self._due_ms

    def tick(self, now_ms):
        if self._due_ms is not None and now_ms >= self._due_ms:
            self._step(now_ms)

    def _step(self, now_ms):
        self._on = 1 - self._on if self._left else 0
        self._due_ms = now_ms + self._left.pop(0) if self._left else None
        self._bus.gpio(self._line, self._on)
