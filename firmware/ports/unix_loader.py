# The loader on Linux, started with DIR, BUS_SOCKET, LINK_FD. As main.py of a simulated board it leaves for the REPL, as
# a board does.
import os
import sys

from firmware.journal import flash
from firmware.ports import install, loader, unix
from firmware.wire import cbor

LOCKS, OLAT = 0x20, 0x14
RING_SECTORS = 5  # field of controller.cbor
SERVICE_LINE = 6
NOTHING, STAY = 4, 5  # exit codes: there is no firmware to start; the REPL is to open


def run(folder, bus_path, link_fd):
    if not loader.start(folder, "unix", folder, bus_path, link_fd):
        print("controller: no firmware here that is whole and sealed for it: flash it")
        return False
    return True


def main():
    folder, bus_path, link_fd = os.getcwd(), os.getenv("APOTHECA_BUS"), os.getenv("APOTHECA_FDS")
    if loader.wants_repl(folder, lambda: look(folder)[0]) or not run(folder, bus_path, link_fd):
        sys.exit(STAY)


# The ring begins anew with its first page; a file of another size was made for another ring.
def begin(folder, identity, page):
    install.forget(folder, "ring.bin")
    ring = flash.FileFlash(folder + "/ring.bin", cbor.decode(identity)[RING_SECTORS])
    try:
        flash.begin(ring, page)
    finally:
        ring.close()


# (is the key turned, which locks are on); without a cabinet nobody can say: no key, all of them
def look(_folder):
    path = os.getenv("APOTHECA_BUS")
    if not path:
        return False, 0xFFFF
    bus = unix.Bus(path, "loader")
    try:
        return bus.level(SERVICE_LINE) == 0, int.from_bytes(bus.write_read(LOCKS, bytes((OLAT,)), 2), "little")
    finally:
        bus.socket.close()


# of a Linux cabinet: who has left is started again
def program(args):
    install.forget(args[0], install.SERVICE)
    sys.exit(0 if run(*args) else NOTHING)
