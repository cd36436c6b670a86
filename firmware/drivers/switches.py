# Sixteen inputs of an expander, debounced by reading again: a level counts once two reads in a row agree.
_READS = 8


class Switches:
    def __init__(self, expander, bits):
        self._expander = expander
        self._drawers = sorted((bit, drawer) for drawer, bit in bits.items())
        self._last = 0
        expander.inputs()

    # drawer -> True or False, at boot
    def all(self):
        self._last = self._settled()
        return {drawer: bool(self._last >> bit & 1) for bit, drawer in self._drawers}

    # [(drawer, True or False)] of what is not as it was last told
    def changes(self):
        now = self._settled()
        changed = now ^ self._last
        self._last = now
        return [(drawer, bool(now >> bit & 1)) for bit, drawer in self._drawers if changed >> bit & 1]

    # an input that never rests is taken as last told: its next edge asks again
    def _settled(self):
        before = self._expander.read()
        for _ in range(_READS):
            after = self._expander.read()
            if after == before:
                return after
            before = after
        return self._last
