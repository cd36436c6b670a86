# mypy: ignore-errors
# Runs under MicroPython: append.py DIR SECTORS ENTRIES. Durable appends and bare page programs with flush, in turns.
import json
import sys
import time

from firmware.journal import entry, kinds
from firmware.journal.flash import PAGE, FileFlash
from firmware.journal.journal import Journal
from firmware.journal.snapshot import FileStore
from firmware.state import State, apply
from firmware.station import Now

KEY = bytes(range(32))
SLICE = 50


def main(folder, sectors, entries):
    flash = FileFlash(folder + "/ring.bin", sectors)
    store = FileStore(folder + "/a.bin", folder + "/b.bin")
    genesis = entry.genesis("BENCH", 1, KEY, "0.1.0")
    journal = Journal(flash, store, "BENCH", 1, KEY, genesis, apply, State(), Now())
    journal.recover()
    bare = FileFlash(folder + "/bare.bin", sectors)
    append_us = bare_us = done = 0
    while done < entries:
        append_us += append(journal, SLICE)
        bare_us += program(bare, done, SLICE)
        done += SLICE
    print(json.dumps({"entries": done, "append_s": append_us / 1e6, "bare_s": bare_us / 1e6}))


def append(journal, count):
    disclosure = entry.ref_of(bytes(16), "P0000001", "")[1]
    removal = (kinds.REMOVE, "nurse1", None, "HEPARIN", "D01-P01", 500, -2, 498, 0, disclosure, (0,) + (None,) * 4)
    began = time.ticks_us()
    for _ in range(count):
        journal.append(*removal)
        journal.release(journal.seq)
    return time.ticks_diff(time.ticks_us(), began)


def program(flash, at, count):
    page = b"\x5a" * PAGE
    began = time.ticks_us()
    for n in range(count):
        flash.program((at + n) % (flash.sectors * 16), page)
        flash.sync()
    return time.ticks_diff(time.ticks_us(), began)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
