# A journal cut at every operation, and cut again: short runs of what tests/cuts/ does at length. docs/journal.md 4, 5.
import gc
import sys

from firmware.journal.flash import PAGE

sys.path.insert(0, __file__.rpartition("/")[0])
from cut_rig import ERASE, PROGRAM, Boot, Pairs, Run, Tally, flip, flip_key, where_entries_lie

REQ = ("A12.a", "A12.b", "U1")


def test_every_cut_of_a_run_that_wraps_and_every_cut_of_the_boot_after_it():
    tally, run = Tally(), Run(2, 36, (0, 1, 128, 255))
    run.go(Boot(tally))
    assert run.counts[PROGRAM][0] >= 36 and run.counts[ERASE][0] >= 2
    assert tally.cuts > 150 and tally.adopted > 10


# of the first entry, of one with others before it, of the key of the next sector, and of the wipe of the key before it
def test_a_page_cut_at_every_byte():
    tally, run = Tally(), Run(2, 18, tuple(range(PAGE)))
    run.go(Boot(tally, (), further=False), lambda operation: operation in (1, 18, 27, 28))
    assert tally.cuts > 4 * PAGE


def test_pairs_of_cuts_in_a_short_run():
    tally, run = Tally(), Run(2, 20, (0, 128))
    run.go(Pairs(tally, 20, (128,)), lambda operation: operation % 4 == 0)
    gc.collect()
    assert tally.cuts > 15 and tally.second > 300


# One in 32 pages has a CRC that ends in a byte with one zero: with that flipped it looks like an unfinished program.
def test_no_flipped_bit_of_the_newest_crc_makes_its_entry_vanish():
    run, tally = Run(6, 33), Tally()
    run.go()
    page, seq = 0, 0
    while bin(run.fork.flash.image.pages[page][255]).count("1") != 7:
        run.fork.work(run.fork.journal.seq + 1)
        ((page, seq),) = where_entries_lie(run.fork.flash.image, run.fork.journal.seq)
    for bit in range(252 * 8, 256 * 8):
        flip(run, page, seq, bit, tally)
    assert tally.flips == 32 and tally.harmless == 1


def test_no_flipped_bit_of_the_key_page_costs_the_key():
    run, tally = Run(2, 20), Tally()
    run.go()
    for bit in range(0, 2048, 61):
        flip_key(run, bit, tally)
    assert tally.harmless == 34
