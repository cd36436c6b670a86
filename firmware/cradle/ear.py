# Between a port and a machine (host.py, terminal.py): bytes become frames, and a frame cut short is given up when the
# line has been silent. While a frame is coming in, the machine's own time stands still: a large block takes longer than
# the wait for its first byte.
from firmware.compat import const
from firmware.cradle.frames import Parser, sound

SILENCE_MS = const(200)
# no frame takes longer, at 2,400 baud; noise that does not end is silence to the machine
_LONGEST_MS = const(20000)


class Ear:
    def __init__(self, machine, silence_ms=SILENCE_MS):
        self._machine = machine
        self._parser = Parser()
        self._silence_ms = silence_ms
        self._since_ms = 0
        self._last_ms = 0

    def heard(self, data, now_ms):
        if not self._parser.pending:
            self._since_ms = now_ms
        self._last_ms = now_ms
        self._parser.idle = self._machine.listening
        self._pass_on(self._parser.feed(data), now_ms)

    def tick(self, now_ms):
        if self._parser.pending and now_ms >= self._last_ms + self._silence_ms:
            self._pass_on(self._parser.timeout(), now_ms)
        if not self._waits(now_ms):
            self._machine.tick(now_ms)

    # When tick() is due; None: not before something is heard.
    def deadline(self):
        due = self._machine.deadline()
        if not self._parser.pending:
            return due
        silent = self._last_ms + self._silence_ms
        return silent if due is None else min(silent, max(due, self._since_ms + _LONGEST_MS))

    def _waits(self, now_ms):
        return self._parser.pending and now_ms < self._since_ms + _LONGEST_MS

    # Damage beside a sound frame is noise around it; damage alone is told once.
    def _pass_on(self, heard, now_ms):
        good = [frame for frame in heard if sound(frame)]
        if good:
            self._since_ms = now_ms
        for frame in good or heard[:1]:
            self._machine.received(frame, now_ms)
