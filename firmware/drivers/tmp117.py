# TMP117 thermometer, registers of its data sheet (Texas Instruments SNOSD82). The bus is handed in.
from struct import unpack

RESULT = 0x00
DEVICE_ID = 0x0F
ID = 0x0117
NOTHING_YET = -32768  # until the first conversion


class Thermometer:
    def __init__(self, bus, address):
        self._bus = bus
        self._address = address

    # True if a TMP117 answers here
    def known(self):
        return self._read(DEVICE_ID) & 0x0FFF == ID

    # centi-Celsius, rounded down; None while there is none
    def centi(self):
        raw = self._read(RESULT)
        raw -= (raw & 0x8000) << 1
        return None if raw == NOTHING_YET else raw * 25 // 32  # one bit is 1/128 degree

    def _read(self, register):
        return unpack(">H", self._bus.write_read(self._address, bytes((register,)), 2))[0]
