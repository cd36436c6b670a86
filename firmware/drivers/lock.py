# Solenoids. Off is the safe value; none stays on longer than `longest_on_ms`, whatever its caller does.
RETRY_MS = 1000


class Locks:
    def __init__(self, expander, bits, longest_on_ms):
        self._expander = expander
        self._bits = bits  # drawer -> bit
        self._longest_on_ms = longest_on_ms
        self._until = {}  # drawer -> monotonic ms; only these are on
        self._retry_ms = None  # when a chip that did not answer is told again
        expander.outputs()

    def release(self, drawer, on_ms, now_ms):
        self._until[drawer] = now_ms + min(on_ms, self._longest_on_ms)
        self._write(now_ms)

    def lock(self, drawer, now_ms):
        self._until.pop(drawer, None)
        self._write(now_ms)

    def deadline(self):
        dues = list(self._until.values()) + ([] if self._retry_ms is None else [self._retry_ms])
        return min(dues) if dues else None

    # what is over its time goes off
    def tick(self, now_ms):
        over = [drawer for drawer, until in self._until.items() if now_ms >= until]
        for drawer in over:
            self._until.pop(drawer)
        if over or (self._retry_ms is not None and now_ms >= self._retry_ms):
            self._write(now_ms)

    # after a failure nothing is wanted on any more: what is told again is all off
    def _write(self, now_ms):
        on = sum(1 << self._bits[drawer] for drawer in self._until)
        try:
            self._expander.write(on)
        except OSError:
            self._until.clear()
            self._retry_ms = now_ms + RETRY_MS
            raise
        self._retry_ms = None
