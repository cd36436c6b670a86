# The journal: what append returned is there after any cut, and damage is reported. docs/journal.md sections 3 to 5.
import gc
import sys
from struct import pack

from firmware.compat import crc32
from firmware.journal import chain, entry, evolve, keypage, kinds
from firmware.journal.flash import ERASED, PAGE, SECTOR_PAGES
from firmware.journal.journal import JournalFull, KeyLost, TooLong
from firmware.journal.ram import PowerCut, RamFlash

sys.path.insert(0, __file__.rpartition("/")[0])
from journal_rig import GENESIS, KEY, SALT, START, STATION, Rig

REQ = ("A12.a", "A12.b")


# Appends until `until` entries are held or power goes. Gives the highest seq that append returned.
def work(rig, until, heads):
    returned = rig.journal.seq
    try:
        while rig.journal.seq < until:
            seq = rig.journal.seq + 1
            returned = rig.append(-seq % 5)
            heads[returned] = rig.journal.head
            if returned % 3 == 0:
                rig.answer(returned - 2)
    except PowerCut:
        pass
    return returned


# After a boot: all that was returned is there, at most one more, state and chain agree.
def check(rig, returned, heads):
    journal = rig.journal
    assert returned <= journal.seq <= returned + 1, (returned, journal.seq)
    assert rig.state.entries == journal.seq
    assert rig.state.sum == sum(-s % 5 for s in range(1, journal.seq + 1))
    rig.verify(heads)


def test_fresh_journal():
    rig = Rig(4)
    assert rig.boot() == (0, None)
    journal = rig.journal
    assert (journal.seq, journal.boot, journal.first_held, journal.free_pages) == (0, 1, 1, 60)
    assert journal.head == chain.head0(GENESIS) and journal.page(1) is None
    assert journal.opening_allowed


def test_entry_has_what_was_said():
    rig = Rig(4)
    rig.boot()
    ref, told = entry.ref_of(SALT, "p1", "o1")
    seq = rig.journal.append(kinds.ACCESS, "nurse", item="morphine", place="D03-P07", disclosure=told, ext=(1, 2, 0))
    data, held, _ = chain.parse_page(rig.journal.page(seq))
    fields = entry.decode(data)
    assert held == told
    assert fields[:9] == [1, STATION, 1, 1, 1, 1800000000007, 7, 2, kinds.ACCESS]
    assert fields[9:] == ["nurse", None, "morphine", "D03-P07", None, None, None, 1, ref, [1, 2, 0]]
    seq = rig.journal.append(kinds.SIGN_OFF, "nurse", txn=0)
    assert entry.decode(chain.parse_page(rig.journal.page(seq))[0])[entry.F_TXN] == 0


def test_too_long_is_refused_before_anything_is_written():
    rig = Rig(4)
    rig.boot()
    before = rig.image()
    long_ext = ("x" * 200,)
    assert not rig.journal.fits(kinds.BOOT, ext=long_ext)
    try:
        rig.journal.append(kinds.BOOT, ext=long_ext)
        raise AssertionError("too long was taken")
    except TooLong:
        pass
    assert rig.image() == before and rig.journal.seq == 0
    longest = max(n for n in range(200) if rig.journal.fits(kinds.BOOT, ext=("x" * n,)))
    assert rig.journal.append(kinds.BOOT, ext=("x" * longest,)) == 1


def test_wrong_types_are_refused():
    rig = Rig(4)
    rig.boot()
    for named in ({"actor": None}, {"item": 3}, {"before": "2"}, {"place": b"D03"}, {"txn": -1}):
        try:
            rig.journal.append(kinds.COUNT, **named)
            raise AssertionError(named)
        except ValueError:
            assert rig.journal.seq == 0


def test_ring_wraps_many_times_and_boots():
    rig, heads = Rig(4), {}
    rig.boot()
    for until in (20, 60, 61, 130, 131, 333):
        assert work(rig, until, heads) == until
        assert rig.boot()[1] is None
        check(rig, until, heads)
    assert rig.journal.boot == 7
    assert rig.journal.first_held > 256
    assert rig.journal.page(rig.journal.first_held - 1) is None and rig.journal.page(334) is None


def test_full_journal_says_so_and_goes_on_when_released():
    rig = Rig(4)
    rig.boot()
    for _ in range(29):
        assert rig.journal.opening_allowed
        rig.append(0)
    assert not rig.journal.opening_allowed
    assert rig.journal.free_pages == 31
    for _ in range(31):
        rig.append(0)
    before = rig.image()
    try:
        rig.append(0)
        raise AssertionError("an unreleased entry was erased")
    except JournalFull:
        assert rig.journal.seq == 60 and rig.image() == before
    rig.boot()
    rig.journal.release(40)
    assert rig.append(0) == 61
    assert rig.journal.first_held == 16 and rig.journal.free_pages == 29


def test_release_is_never_beyond_the_last_entry():
    rig = Rig(4)
    rig.boot()
    rig.append(0)
    rig.journal.release(99)
    assert rig.journal.released == 1
    rig.journal.release(0)
    assert rig.journal.released == 1


def test_tail_is_adopted_whole():
    rig, heads = Rig(4), {}
    rig.boot()
    work(rig, 12, heads)
    assert rig.journal.released == 10
    adopted, damage = rig.boot()
    assert damage is None and adopted == 12 and rig.journal.seq == 12


# What is not synced may be lost with the power, or reach the disk in another order.
class Unordered(RamFlash):
    pending = 0

    def program(self, page, data):
        assert self.pending == 0, "programmed beside what is not synced"
        self.pending += 1
        RamFlash.program(self, page, data)

    def erase(self, sector):
        assert self.pending == 0, "erased beside what is not synced"
        self.pending += 1
        RamFlash.erase(self, sector)

    def sync(self):
        RamFlash.sync(self)
        self.pending = 0


def test_append_returns_with_nothing_left_to_sync():
    rig = Rig(2)
    rig.flash = Unordered(2, rig.power)
    rig.flash.program(0, START)
    rig.flash.sync()
    rig.boot()
    for seq in range(1, 81):
        assert rig.append(1) == seq and rig.flash.pending == 0
        rig.answer(seq)


# All is released, but what either snapshot needs is never erased: one of them may turn out torn.
def test_either_snapshot_is_enough():
    rig = Rig(3)
    rig.boot()
    for seq in range(1, 121):
        rig.append(1)
        rig.answer(seq)
        image = rig.image()
        for torn in (0, 1) if seq % 5 == 0 else ():
            rig.store.areas[torn] = b""
            _, damage = rig.boot()
            assert damage is None and rig.state.entries == seq, (seq, torn)
            rig.put_back(image)
        if seq % 5 == 0:
            rig.boot()
            gc.collect()


def test_one_flipped_bit_in_any_page_is_reported():
    rig, heads = Rig(4), {}
    rig.boot()
    work(rig, 90, heads)
    image = rig.image()
    for page in range(4 * SECTOR_PAGES):
        if image[0][page] == ERASED:
            continue
        for bit in range(page % 8, PAGE * 8, 251):
            rig.put_back(image)
            rig.flash.bytes[page * PAGE + bit // 8] ^= 1 << (bit % 8)
            _, damage = rig.boot()
            # what is left of a key page counts for nothing, and of the one in use the other record does
            assert damage or rig.journal.torn or page % SECTOR_PAGES == 0, (page, bit)
            assert rig.journal.seq == 90 or page % SECTOR_PAGES and rig.journal.seq == 89
            assert rig.append(0) == rig.journal.seq
            assert rig.boot() is not None and rig.journal.seq in (90, 91)


def test_damage_beyond_the_snapshot_names_the_entry_and_goes_on():
    rig, heads = Rig(8), {}
    rig.boot()
    work(rig, 20, heads)
    rig.flash.bytes[10 * PAGE + 50] ^= 4
    _, damage = rig.boot()
    assert (damage.pages, damage.first_seq, damage.verified_seq) == (11, 10, 9)
    assert damage.verified_head == heads[9] == rig.journal.head
    assert rig.journal.page(10) is None and rig.journal.page(11) and rig.journal.seq == 20
    assert rig.state.entries == 19
    assert rig.append(0) == 21
    head = rig.journal.head
    rig.boot()
    assert rig.journal.head == head and rig.journal.seq == 21 and rig.state.entries == 20


def test_page_rewritten_with_a_right_crc_is_found_by_its_mac():
    rig, heads = Rig(8), {}
    rig.boot()
    work(rig, 5, heads)
    _rewrite(rig, 3)
    _, damage = rig.boot()
    assert (damage.first_seq, damage.verified_seq) == (3, 2)


def test_without_a_key_page_nothing_is_written():
    rig, heads = Rig(4), {}
    rig.boot()
    work(rig, 40, heads)
    rig.flash.erase(2)  # where the key was
    before = rig.image()
    try:
        rig.boot()
        raise AssertionError("started without a key")
    except KeyLost:
        assert rig.image() == before


def test_lost_entries_are_reported_not_taken_for_a_new_ring():
    rig, heads = Rig(4), {}
    rig.boot()
    work(rig, 40, heads)
    key = rig.image()[0][2 * SECTOR_PAGES]
    for sector in range(4):
        rig.flash.erase(sector)
    rig.flash.program(2 * SECTOR_PAGES, key)
    _, damage = rig.boot()
    assert damage and rig.journal.seq == 30  # the snapshot's, and what was written before that sector was opened
    assert rig.append(0) == 31
    rig.boot()
    assert rig.journal.seq == 31 and rig.journal.page(31)


# key pages that count, and what else is not blank in their places
def keys_on(flash):
    starts = range(0, flash.sectors * SECTOR_PAGES * PAGE, SECTOR_PAGES * PAGE)
    pages = [bytes(flash.bytes[at : at + PAGE]) for at in starts]
    held = [keypage.decode(page)[1] for page in pages if keypage.decode(page)]
    return held, [page for page in pages if page != ERASED and not keypage.decode(page) and any(page)]


def test_only_the_key_of_the_sector_being_written_is_anywhere():
    rig, heads = Rig(4), {}
    rig.boot()
    for until in range(1, 140, 7):
        work(rig, until, heads)
        rig.answer(until)
        (key,), rest = keys_on(rig.flash)
        assert rest == [] and until - 15 < key.seq <= until
        data = bytes(rig.flash.bytes) + b"".join(rig.store.areas)
        for seq in (1, key.seq - 1) if key.seq > 1 else ():
            assert data.find(evolve.from_root(evolve.root_of(KEY)).at(seq)) < 0, (until, seq)


# Power may go between key page and zeroing, and while either is half done.
def test_after_a_cut_while_a_sector_is_opened_one_key_is_left_at_the_next_boot():
    for operation in range(1, 12):
        for after in (0, 100, 200):
            rig, heads = Rig(3), {}
            rig.boot()
            work(rig, 28, heads)
            rig.power.cut(operation, after)
            returned = work(rig, 34, heads)
            rig.boot()
            held, rest = keys_on(rig.flash)
            assert len(held) == 1 and rest == [], (operation, after)
            check(rig, returned, heads)
            work(rig, 50, heads)
            rig.boot()
            check(rig, 50, heads)


def test_a_sector_opened_and_then_torn_from_end_to_end_costs_only_that_sector():
    rig, heads = Rig(3), {}
    rig.boot()
    work(rig, 15, heads)
    for n in range(15):
        rig.power.cut(4 if n == 0 else 1, 100)
        assert work(rig, 16, heads) == 15
        assert rig.boot()[1] is None and rig.journal.torn == n + 1
    rig.answer(15)
    work(rig, 40, heads)
    assert rig.boot()[1] is None
    check(rig, 40, heads)


def test_entries_before_the_key_are_adopted_by_their_chain():
    rig, heads = Rig(8), {}
    rig.boot()
    work(rig, 25, heads)
    first = keys_on(rig.flash)[0][0].seq
    assert first == 16
    _rewrite(rig, 20)
    _, damage = rig.boot()
    assert (damage.first_seq, damage.verified_seq) == (20, 19)
    rig = Rig(8)
    rig.boot()
    work(rig, 25, heads)
    _rewrite(rig, 3)  # its key is gone; what follows does not fit it
    _, damage = rig.boot()
    assert (damage.first_seq, damage.verified_seq) == (16, 15)


# An entry changed on flash with a right CRC.
def _rewrite(rig, seq):
    at = ((seq - 1) // 15 * 16 + 1 + (seq - 1) % 15) * PAGE
    body = bytearray(rig.flash.bytes[at : at + 252])
    body[bytes(body).find(b"nurse")] = ord("N")
    rig.flash.bytes[at : at + PAGE] = body + pack("<I", crc32(body))


def test_torn_or_foreign_snapshot_is_ignored():
    rig, heads = Rig(4), {}
    rig.boot()
    work(rig, 60, heads)
    newest = max((0, 1), key=lambda w: len(rig.store.areas[w]) and rig.store.areas[w][14])
    for area in (0, 1):
        kept = rig.store.areas[area]
        rig.store.areas[area] = kept[:-1]
        _, damage = rig.boot()
        assert damage is None, newest
        check(rig, 60, heads)


def test_failed_flash_stops_the_journal_until_a_restart():
    rig = Rig(4)
    rig.boot()
    rig.append(1)
    rig.power.cut(1, 30)
    for _ in range(2):
        try:
            rig.append(1)
            raise AssertionError("appended to failed flash")
        except (PowerCut, OSError):
            pass
        rig.power.restore()
    rig.boot()
    assert rig.journal.torn == 1 and rig.append(1) == 2


def test_sectors_wiped_behind_the_snapshot_are_reported():
    rig, heads = Rig(8), {}
    rig.boot()
    work(rig, 75, heads)
    for sector in range(3):
        rig.flash.erase(sector)
    _, damage = rig.boot()
    assert damage.pages == 15 and damage.verified_seq == 75
    assert rig.journal.first_held == 46 and rig.state.entries == 75
