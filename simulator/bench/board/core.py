# mypy: ignore-errors
# Runs under MicroPython: -m core DIR SECTORS ROUNDS. Gate decisions, choice of the hungriest pocket, durable appends,
# and what they are held against, in turns. One line of JSON: microseconds of one of each.
import gc
import json
import sys
import time

from firmware import gate, pockets, schema
from firmware.compat import sha256
from firmware.issue import ring_start
from firmware.journal import entry, kinds
from firmware.journal.flash import PAGE, FileFlash, begin
from firmware.journal.journal import Journal
from firmware.journal.snapshot import FileStore
from firmware.state import State, apply
from firmware.station import Now

KEY = bytes(range(32))
NOW_MS = 1000
# times a round; what is quick is done often, so that the clock can tell
TIMES = (("gate", 50), ("hungriest", 2), ("append", 50), ("sha256", 50), ("write", 50))
# all in order for a removal by an override: the longest way through the gate
VIEW = gate.View(
    "anna", False, True, True, 1, gate.Item(2, 1, 0), gate.POCKET_USABLE, gate.DRAWER_LOCKED, False, False, True, False,
    0, None, False, False,
)  # fmt: skip
ASKED = gate.Request(kinds.PURPOSE_REMOVE, 1, 1, "", gate.YES, False)
ANNA = gate.Authority("anna", 0x7FFF, 0xFFFFFFFF, NOW_MS + 1, False)
BEN = gate.Witness("ben", 64, NOW_MS + 1)
REMOVAL = (kinds.REMOVE, "nurse1", None, "HEPARIN", "D01-P01", 500, -2, 498, 0)


class Core:
    def __init__(self, folder, sectors):
        store = FileStore(folder + "/a.bin", folder + "/b.bin")
        genesis = entry.genesis("BENCH", 1, KEY, "0.1.0")
        flash = FileFlash(folder + "/ring.bin", sectors)
        begin(flash, ring_start(KEY))
        self.journal = Journal(flash, store, "BENCH", 1, KEY, genesis, apply, State(), Now())
        self.journal.recover()
        self.disclosure = entry.ref_of(bytes(16), "P0000001", "")[1]
        self.bare = FileFlash(folder + "/bare.bin", sectors)
        self.at = 0
        self.page = b"\x5a" * PAGE
        self.rows = [
            pockets.Pocket("D01-P01", 1 + n % 16, 1 + n // 16, "I", 10, 100, 200, 50 - n % 7, 0, "", 0)
            for n in range(schema.POCKETS.limit)
        ]

    def gate(self):
        if gate.decide(VIEW, ASKED, ANNA, BEN, NOW_MS) != (True, 0):
            raise ValueError("the gate denies what is measured")

    def hungriest(self):
        pockets.hungriest(self.rows)

    def append(self):
        self.journal.append(*REMOVAL, self.disclosure, (0,) + (None,) * 4)
        self.journal.release(self.journal.seq)

    def sha256(self):
        sha256(self.page)

    def write(self):
        self.bare.program(self.at, self.page)
        self.bare.sync()
        self.at = (self.at + 1) % (self.bare.sectors * 16)


def main(folder, sectors, rounds):
    core = Core(folder, sectors)
    gc.collect()
    spent = {name: 0 for name, _ in TIMES}
    for _ in range(rounds):
        for name, times in TIMES:
            act, began = getattr(core, name), time.ticks_us()
            for _ in range(times):
                act()
            spent[name] += time.ticks_diff(time.ticks_us(), began)
    print(json.dumps({name + "_us": spent[name] / rounds / times for name, times in TIMES}))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
