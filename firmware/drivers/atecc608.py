# ATECC608 secure element (Microchip DS40002237): its counter 0, which only ever rises. Woken for each command and put
# to sleep after it. Not at its usual address 0x60, where the pocket lights are.
from struct import pack, unpack_from

POLLS = 3000  # a command takes 25 ms at most, waking 1.5; it answers nobody meanwhile

_COMMAND, _SLEEP = 0x03, 0x01  # word addresses
_COUNTER, _READ, _INCREMENT = 0x24, 0, 1
_AWAKE = b"\x04\x11\x33\x43"
_REPLY = 7  # bytes


class Atecc608:
    name = "atecc608"

    def __init__(self, bus, address):
        self._bus = bus
        self._address = address

    def read(self):
        return self._counter(_READ)

    def increment(self):
        return self._counter(_INCREMENT)

    def _counter(self, mode):
        self._bus.wake()
        if self._answer(len(_AWAKE)) != _AWAKE:
            raise OSError(5)
        packet = bytes((7, _COUNTER, mode, 0, 0))
        self._bus.write(self._address, bytes((_COMMAND,)) + packet + pack("<H", crc16(packet)))
        reply = self._answer(_REPLY)
        self._bus.write(self._address, bytes((_SLEEP,)))
        if reply[0] != _REPLY or unpack_from("<H", reply, 5)[0] != crc16(reply[:5]):
            raise OSError(5)
        return unpack_from("<I", reply, 1)[0]

    def _answer(self, n):
        for _ in range(POLLS):
            try:
                return self._bus.read(self._address, n)
            except OSError:
                pass
        raise OSError(110)


# polynomial 0x8005, the bits of each byte from the lowest
def crc16(data):
    crc = 0
    for byte in data:
        for bit in range(8):
            top = crc >> 15 ^ byte >> bit & 1
            crc = crc << 1 & 0xFFFF ^ (0x8005 if top else 0)
    return crc
