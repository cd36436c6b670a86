"""The journal's flash, cut everywhere: single cuts of a long run, pairs of cuts of a short one, flipped bits; counts.

A cut that is not recovered raises AssertionError from `tests/firmware/cut_rig.py`, where it says what must hold.
"""

from math import ceil
from typing import Any

from firmware.journal.flash import PAGE, SECTOR
from firmware.journal.journal import SNAPSHOT_EVERY
from tests.firmware import cut_rig
from tests.firmware.cut_rig import TORN

ENTRIES = 1500
SECTORS = 8
# in every other part of the run of so many entries the centre answers only once the ring is full
LATE = 250
PAIRED = 40
FLIPPED = 64
FLIP_SECTORS = 6
# a snapshot of a cabinet with 297 stocked pockets, and how often it is written
CABINET_BYTES = 6_126


def single(entries: int = ENTRIES, sectors: int = SECTORS, late: int = LATE) -> dict[str, Any]:
    """Every operation of the run left in every way; each boot cut at each of its own operations."""
    tally, run = cut_rig.Tally(), cut_rig.Run(sectors, entries, late=late)
    run.go(cut_rig.Boot(tally))
    return {
        "entries": entries,
        "operations": run.cut_at,
        "cuts": tally.cuts,
        "cuts of the boot after": tally.second,
        "adopted": tally.adopted,
        "recovered": "all",
        **wear(run.counts, entries),
    }


def wear(counts: dict[str, tuple[int, int]], entries: int) -> dict[str, Any]:
    """Programs and erases an entry: of the ring, and of a cabinet's snapshots apart, as pages and sectors of a file."""
    return {
        "ring programs per entry": round(counts[cut_rig.PROGRAM][0] / entries, 4),
        "ring erases per entry": round(counts[cut_rig.ERASE][0] / entries, 4),
        "snapshots of the run": counts[cut_rig.WRITE][0],
        "cabinet's snapshot programs per entry": round(ceil(CABINET_BYTES / PAGE) / SNAPSHOT_EVERY, 4),
        "cabinet's snapshot erases per entry": round(ceil(CABINET_BYTES / SECTOR) / SNAPSHOT_EVERY, 4),
    }


def pairs(entries: int = PAIRED, first: tuple[int, ...] = TORN, second: tuple[int, ...] = TORN) -> dict[str, Any]:
    """After each cut the run goes on to its end and is cut again at each operation."""
    tally, run = cut_rig.Tally(), cut_rig.Run(2, entries, first)
    run.go(cut_rig.Pairs(tally, entries, second))
    return {"entries": entries, "first cuts": tally.cuts, "pairs": tally.second, "recovered": "all"}


def key_flips(step: int = 1) -> dict[str, Any]:
    """Each bit of the one key page there is flipped: nothing is lost."""
    tally, run = cut_rig.Tally(), cut_rig.Run(FLIP_SECTORS, 3 * FLIPPED)
    run.go()
    for bit in range(0, 8 * PAGE, step):
        cut_rig.flip_key(run, bit, tally)
    return {"bits of the key flipped": tally.harmless, "lost": 0}


def flips(entries: int = FLIPPED, step: int = 1) -> dict[str, Any]:
    """Each bit of the last `entries` pages flipped: reported, or (in a CRC) harmless: the entry is still read."""
    tally, run = cut_rig.Tally(), cut_rig.Run(FLIP_SECTORS, 3 * FLIPPED)
    run.go()
    for page, seq in cut_rig.where_entries_lie(run.fork.flash.image, run.until - entries + 1):
        for bit in range(seq % step, 8 * PAGE, step):
            cut_rig.flip(run, page, seq, bit, tally)
    return {
        "entries": entries,
        "bits flipped": tally.flips,
        "reported": tally.flips - tally.harmless,
        "harmless": tally.harmless,
    }
