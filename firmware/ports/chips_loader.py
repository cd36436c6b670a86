# The loader on a board. Ctrl-C does not reach the firmware: the REPL opens in maintenance only, and on a board that has
# nothing to protect yet.
import sys
import time

import micropython
from machine import I2C, Pin, reset

from firmware.drivers.w25q import NorFlash
from firmware.journal import flash
from firmware.ports import install, loader
from firmware.ports.chips_spi import FlashSpi
from firmware.wire import cbor

LOCKS, OLAT = 0x20, 0x14
PIN = "pin_"
AGAIN_MS = 5000
RING_SECTORS, HARDWARE = 5, 8  # fields of controller.cbor


def main(board, folder):
    if loader.wants_repl(folder, lambda: look(folder)[0]):
        return
    micropython.kbd_intr(-1)
    try:
        if not loader.start(folder, board, folder):
            print("no firmware here that is whole and sealed for it: flash it")
            micropython.kbd_intr(3)
            return
    except Exception as error:  # whatever it is: the board is not left to whoever comes
        sys.print_exception(error)
        time.sleep_ms(AGAIN_MS)
        if look(folder)[0]:
            install.write(folder, install.SERVICE, b"stopped")
    reset()


# The journal's flash begins anew, with the first page of its ring. What is on it of another log is gone.
def begin(_folder, identity, page):
    fields = cbor.decode(identity)
    flash.begin(NorFlash(FlashSpi(pins_of(fields)), fields[RING_SECTORS]), page, lambda: print(end="."))


# (is the key turned, which locks are on); a chip that does not answer may drive all of them
def look(folder):
    pins = pins_of(cbor.decode(install.read(folder, "controller.cbor")))
    Pin(pins["enable"], Pin.OUT, value=1)  # else the expanders are in reset, and answer nobody
    turned = "service" in pins and Pin(pins["service"], Pin.IN, Pin.PULL_UP).value() == 0
    i2c = I2C(pins["i2c"], scl=Pin(pins["scl"]), sda=Pin(pins["sda"]), freq=pins["i2c_hz"])
    try:
        i2c.writeto(LOCKS, bytes((OLAT,)), False)
        return turned, int.from_bytes(i2c.readfrom(LOCKS, 2), "little")
    except OSError:
        return turned, 0xFFFF


def pins_of(fields):
    return {name[len(PIN) :]: number for name, number in fields[HARDWARE] if name[: len(PIN)] == PIN}
