# MAX17048 battery gauge (Maxim 19-6171): the state of charge is all we ask.
SOC = 0x04
FULL = 100


class Gauge:
    def __init__(self, bus, address):
        self._bus = bus
        self._address = address

    # whole percent; a gauge may say a little more than full
    def percent(self):
        return min(FULL, self._bus.write_read(self._address, bytes((SOC,)), 2)[0])
