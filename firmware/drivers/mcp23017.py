# MCP23017 port expander, registers of its data sheet with IOCON.BANK = 0. The bus is handed in.
IODIR = 0x00
GPINTEN = 0x04
INTCON = 0x08
IOCON = 0x0A
GPPU = 0x0C
GPIO = 0x12
OLAT = 0x14

# INTA and INTB mirrored, open drain: two chips share one line
_MIRROR_OPEN_DRAIN = 0x44
_ALL = 0xFFFF


class Expander:
    def __init__(self, bus, address):
        self._bus = bus
        self._address = address

    # 16 outputs; the latch first, so that no pin ever shows anything but 0
    def outputs(self):
        self.write(0)
        self._set(IODIR, 0)

    # 16 inputs with pull-ups that tell every change
    def inputs(self):
        self._set(IODIR, _ALL)
        self._set(GPPU, _ALL)
        self._set(IOCON, _MIRROR_OPEN_DRAIN | _MIRROR_OPEN_DRAIN << 8)
        self._set(INTCON, 0)
        self._set(GPINTEN, _ALL)

    def write(self, bits):
        self._set(OLAT, bits)

    # clears the interrupt
    def read(self):
        pair = self._bus.write_read(self._address, bytes((GPIO,)), 2)
        return pair[0] | pair[1] << 8

    def _set(self, register, bits):
        self._bus.write(self._address, bytes((register, bits & 0xFF, bits >> 8)))
