# SPI of a board, and the journal's flash on it: for the loader, too, which begins the ring.
from machine import SPI, Pin

FLASH_HZ = 10000000


def spi(pins, number, baudrate, sck, mosi, miso):
    return SPI(pins[number], baudrate=baudrate, sck=Pin(pins[sck]), mosi=Pin(pins[mosi]), miso=Pin(pins[miso]))


# SPI with its chip select, for the journal's flash
class FlashSpi:
    def __init__(self, pins):
        self._spi = spi(pins, "flash_spi", FLASH_HZ, "flash_sck", "flash_mosi", "flash_miso")
        self._cs = Pin(pins["flash_cs"], Pin.OUT, value=1)

    def select(self, on):
        self._cs.value(1 - on)

    def write(self, data):
        self._spi.write(data)

    def readinto(self, buf):
        self._spi.readinto(buf)
