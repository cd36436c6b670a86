# Pocket lights: WS2812 pixels, one a pocket, a strip a drawer. A data bit is three bits of the line at 2.4 MHz, 110 for
# one and 100 for nought (800 kHz, 0.42 or 0.83 us high), most significant first, green before red before blue; the
# line low for 50 us shows what was sent. On the bus a strip is told by a write: drawer, then the bits of the line.
DARK = (0, 0, 0)
SHOWN = (0, 96, 0)

_SPREAD = [sum((6 if value >> bit & 1 else 4) << 3 * bit for bit in range(4)) for value in range(16)]


# three bytes of the line for each of green, red and blue
def pattern(pixels):
    out = bytearray()
    for red, green, blue in pixels:
        for value in (green, red, blue):
            out += (_SPREAD[value >> 4] << 12 | _SPREAD[value & 15]).to_bytes(3, "big")
    return bytes(out)


class Strip:
    def __init__(self, bus, address):
        self._bus = bus
        self._address = address
        self._lit = None  # (drawer, pocket)

    def show(self, drawer, pocket):
        self.dark()
        self._send(drawer, [DARK] * (pocket - 1) + [SHOWN])
        self._lit = (drawer, pocket)

    def dark(self):
        if self._lit:
            drawer, pocket = self._lit
            self._send(drawer, [DARK] * pocket)
            self._lit = None

    def _send(self, drawer, pixels):
        self._bus.write(self._address, bytes((drawer,)) + pattern(pixels))
