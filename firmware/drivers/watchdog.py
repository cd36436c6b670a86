# The watchdog restarts a controller whose loop no longer comes round. `dog` is the port's (feed()), or None where there
# is none; it is fed by the loop itself, never by an interrupt, and so only while events are being handled.
class Watchdog:
    def __init__(self, dog, within_ms):
        self._dog = dog
        self._half_ms = within_ms // 2
        self._fed_ms = None

    # a loop that waits has to come round in time
    def deadline(self):
        return None if self._dog is None or self._fed_ms is None else self._fed_ms + self._half_ms

    def feed(self, now_ms):
        if self._dog is not None:
            self._dog.feed()
            self._fed_ms = now_ms
