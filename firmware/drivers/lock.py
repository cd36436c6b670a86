# Solenoids and motors. Off is the safe value; none stays on longer than `longest_on_ms`, whatever its caller does.
RETRY_MS = 1000


# The voltage all solenoids share: full while one pulls in, then just enough to hold. The line says 1 for holding; a
# board without it (pull_in_ms 0) gives the full voltage all the time.
class Rail:
    def __init__(self, bus, line, pull_in_ms):
        self._bus = bus
        self._line = line
        self._pull_in_ms = pull_in_ms
        self._until_ms = None

    def pull_in(self, now_ms):
        if self._pull_in_ms:
            self._until_ms = now_ms + self._pull_in_ms
            self._bus.gpio(self._line, 0)

    def deadline(self):
        return self._until_ms

    def tick(self, now_ms):
        if self._until_ms is not None and now_ms >= self._until_ms:
            self._until_ms = now_ms + RETRY_MS
            self._bus.gpio(self._line, 1)
            self._until_ms = None


# bits: (drawer, pocket) -> bit; pocket 0 is the drawer's own lock.
class Locks:
    def __init__(self, expander, bits, longest_on_ms, rail):
        self._expander = expander
        self._bits = bits
        self._longest_on_ms = longest_on_ms
        self._rail = rail
        self._until = {}  # (drawer, pocket) -> monotonic ms; only these are on
        self._retry_ms = None  # when a chip that did not answer is told again
        expander.outputs()

    def drawers(self):
        return {drawer for drawer, _ in self._bits}

    def release(self, drawer, pocket, on_ms, now_ms):
        bit = self._bits.get((drawer, pocket))
        if bit is None:
            raise OSError(19)  # no such device: nothing is wired there
        self._rail.pull_in(now_ms)
        self._until[(drawer, pocket)] = now_ms + min(on_ms, self._longest_on_ms)
        self._write(now_ms)

    # all that is on in this drawer
    def lock(self, drawer, now_ms):
        for key in [key for key in self._until if key[0] == drawer]:
            self._until.pop(key)
        self._write(now_ms)

    def deadline(self):
        if not self._until:
            return self._retry_ms
        due = min(self._until.values())
        return due if self._retry_ms is None else min(due, self._retry_ms)

    # what is over its time goes off
    def tick(self, now_ms):
        over = [key for key, until in self._until.items() if now_ms >= until]
        for key in over:
            self._until.pop(key)
        if over or (self._retry_ms is not None and now_ms >= self._retry_ms):
            self._write(now_ms)

    # after a failure nothing is wanted on any more: what is told again is all off
    def _write(self, now_ms):
        on = 0
        for key in self._until:
            on |= 1 << self._bits[key]
        try:
            self._expander.write(on)
        except OSError:
            self._until.clear()
            self._retry_ms = now_ms + RETRY_MS
            raise
        self._retry_ms = None
