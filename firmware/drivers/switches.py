# Sixteen inputs of an expander: reed and hall switches, buttons, light barriers. A level counts once two reads in a row
# agree; an input that has changed is not heard again for DEBOUNCE_MS, then as it is.
_READS = 8
DEBOUNCE_MS = 20


# bits: key -> bit
class Switches:
    def __init__(self, expander, bits):
        self._expander = expander
        self._inputs = sorted((bit, key) for key, bit in bits.items())
        self._last = 0
        self._deaf_until = {}  # bit -> monotonic ms
        self._due_ms = None  # when an input that changed while it was not heard is looked at again
        expander.inputs()

    # key -> True or False, at boot
    def all(self):
        self._last = self._settled()
        return {key: bool(self._last >> bit & 1) for bit, key in self._inputs}

    # [(key, True or False)] of what is not as it was last told
    def changes(self, now_ms):
        levels = self._settled()
        self._due_ms = None
        return [(key, self._tell(bit, now_ms)) for bit, key in self._inputs if self._heard(bit, levels, now_ms)]

    def deadline(self):
        return self._due_ms

    def _heard(self, bit, levels, now_ms):
        if not (levels ^ self._last) >> bit & 1:
            return False
        until = self._deaf_until.get(bit, 0)
        if now_ms >= until:
            return True
        self._due_ms = until if self._due_ms is None else min(self._due_ms, until)
        return False

    def _tell(self, bit, now_ms):
        self._last ^= 1 << bit
        self._deaf_until[bit] = now_ms + DEBOUNCE_MS
        return bool(self._last >> bit & 1)

    # an input that never rests is taken as last told: its next edge asks again
    def _settled(self):
        before = self._expander.read()
        for _ in range(_READS):
            after = self._expander.read()
            if after == before:
                return after
            before = after
        return self._last
