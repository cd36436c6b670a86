# The ring of flash pages, docs/journal.md section 4. Where a seq lies is arithmetic: positions rise by one each append,
# so one (seq, position) pair per torn page is all there is to remember. position % slots is the slot on flash. The key
# of the next entry is in one key page, that of the sector opened last, and nowhere else.
from array import array
from struct import pack, unpack_from

from firmware.compat import const, crc32
from firmware.journal import keypage
from firmware.journal.flash import ERASED, PAGE, SECTOR_PAGES, SLOTS

MAX_BYTES = const(246)

_HEAD = const(6)
_BODY = const(252)
_NO_CRC = b"\xff\xff\xff\xff"


class JournalFull(Exception):
    pass


class Ring:
    def __init__(self, flash):
        self._flash = flash
        self.slots = flash.sectors * SLOTS
        self._failed = False
        self._page = bytearray(PAGE)
        self._body = memoryview(self._page)[:_BODY]
        self._clear()

    # Reads all pages twice: to find the newest, then in the order of writing. Leaves key (a PageKey, None if there is
    # none), first, last, torn, damaged. Writes nothing.
    def scan(self):
        self._clear()
        self._find_key()
        newest = self._newest()
        if newest is not None:
            self._write_at = newest + 1 + self.slots
        self._go_to_open()
        self._skip_used()
        self._walk(newest if newest is not None else self.slots - 1)

    # Zeroes every key page but the newest, also what is left of one. Before anything else is written.
    def scrub(self):
        for sector in range(self._flash.sectors):
            self._flash.read(sector * SECTOR_PAGES, self._page)
            if sector != self._open and self._page != ERASED and any(self._page):
                self._zero(sector)

    # The journal page of a seq, or None if it is not held or does not read back.
    def read(self, seq):
        if not self._seqs or not self.first <= seq <= self.last:
            return None
        if self._load(self._position(seq)) != seq:
            return None
        return bytes(self._body[_HEAD : _HEAD + unpack_from("<H", self._page)[0]])

    # Durable on return. `limit`: entries up to it may be erased. JournalFull: nothing is written.
    def append(self, seq, data, limit):
        if self._failed:
            raise OSError("the journal's flash failed; restart the controller")
        self._skip_used()
        if self.free(limit) <= 0:
            raise JournalFull()
        self._failed = True
        if not self._in_open():
            self._open_next()
        body = pack("<HI", len(data), seq) + data + b"\xff" * (MAX_BYTES - len(data))
        self._flash.program(self._page_of(self._write_at), body + pack("<I", crc32(body)))
        self._flash.sync()
        self._failed = False
        self._note(seq, self._write_at)
        self._write_at += 1

    # Slots that can still be written if nothing more is released.
    def free(self, limit):
        keep = max(limit + 1, self.first)
        oldest = self._position(keep) if self._seqs and keep <= self.last else self._write_at
        return oldest // SLOTS * SLOTS + self.slots - self._write_at

    def _clear(self):
        self._seqs = array("I")
        self._positions = array("I")
        self._write_at = self.slots
        self.key = None
        self._open = None  # sector of the newest key page
        self._opened = 0
        self.first = 1
        self.last = 0
        self.torn = 0
        self.damaged = 0
        self.first_damaged = 0

    # The newest key page; all before it were zeroed, or are about to be.
    def _find_key(self):
        for sector in range(self._flash.sectors):
            self._flash.read(sector * SECTOR_PAGES, self._page)
            found = keypage.decode(self._page)
            if found and found[0] > self._opened:
                self._open, (self._opened, self.key) = sector, found

    # Erased, its key page durable, and only then the older key page zeroed: at every cut one of them is whole. `key` is
    # that of the entry which comes.
    def _open_next(self):
        sector, older = self._sector_of(self._write_at), self._open
        self._flash.erase(sector)
        self._flash.sync()
        self._open, self._opened = sector, self._opened + 1
        self._flash.program(sector * SECTOR_PAGES, keypage.encode(self._opened, self.key))
        self._flash.sync()
        self._zero(older)
        if self._seqs:
            self._forget_before(self._write_at - self.slots + SLOTS)

    def _zero(self, sector):
        self._flash.program(sector * SECTOR_PAGES, bytes(PAGE))
        self._flash.sync()

    def _sector_of(self, position):
        return position % self.slots // SLOTS

    def _page_of(self, position):
        slot = position % self.slots
        return slot // SLOTS * SECTOR_PAGES + 1 + slot % SLOTS

    def _in_open(self):
        return self._sector_of(self._write_at) == self._open

    # What is written next goes to the sector opened last, also if nothing has got there yet.
    def _go_to_open(self):
        while self._open is not None and self._sector_of(self._write_at - 1) != self._open and not self._in_open():
            self._write_at += SLOTS - self._write_at % SLOTS

    def _forget_before(self, position):
        seqs, positions = self._seqs, self._positions
        while len(seqs) > 1 and positions[1] <= position:
            seqs, positions = seqs[1:], positions[1:]
        self._seqs, self._positions = seqs, positions
        seq = seqs[0] + max(0, position - positions[0])
        self.first = min(seq, seqs[1] if len(seqs) > 1 else self.last + 1)

    def _position(self, seq):
        at = len(self._seqs) - 1
        while at and self._seqs[at] > seq:
            at -= 1
        return self._positions[at] + seq - self._seqs[at]

    def _note(self, seq, position):
        if not self._seqs:
            self.first = seq
        if not self._seqs or self._position(seq) != position:
            self._seqs.append(seq)
            self._positions.append(position)
        self.last = seq

    def _newest(self):
        newest, highest = None, 0
        for slot in range(self.slots):
            seq = self._load(slot)
            if seq > highest:
                newest, highest = slot, seq
        return newest

    # Past torn pages, up to a blank one or the start of a sector, which is opened before use.
    def _skip_used(self):
        while self._in_open():
            self._load(self._write_at)
            if self._page == ERASED:
                break
            self._write_at += 1

    # From the oldest page to the newest. `bad` counts bad pages since the last good one of the run.
    def _walk(self, newest):
        bad = 0
        for position in range(newest + 1, newest + 1 + self.slots):
            seq = self._load(position)
            if seq:
                self._join(seq, position, bad)
                bad = 0
            elif self._page == ERASED:
                self._forget_run()
                bad = 0
            elif self._seqs:
                bad += 1
            else:
                self._judge(position)

    def _join(self, seq, position, bad):
        if self._seqs and not self.last < seq <= self.last + 1 + bad:
            self._forget_run()
        if self._seqs and seq > self.last + 1:
            self._damage(seq - self.last - 1, self.last + 1)
        self._note(seq, position)

    def _forget_run(self):
        self._seqs = array("I")
        self._positions = array("I")
        self.first, self.last = 1, 0

    # A bad page with no older one before it: an unfinished program or erase, or else it was whole once.
    def _judge(self, position):
        opening = not self._in_open() and self._sector_of(position) == self._sector_of(self._write_at)
        if opening or self._unfinished():
            self.torn += 1
        else:
            self._damage(1, 0)

    def _damage(self, pages, seq):
        self.damaged += pages
        self.first_damaged = self.first_damaged or seq

    # The CRC is programmed last: none of it yet, or its first bytes right and the rest still erased.
    def _unfinished(self):
        right = pack("<I", crc32(self._body))
        stored = bytes(self._page[_BODY:])
        return any(stored == right[:n] + _NO_CRC[n:] for n in range(4))

    # Reads the page at a position into _page; gives its seq, 0 if it is not a good page.
    def _load(self, position):
        self._flash.read(self._page_of(position), self._page)
        length, seq = unpack_from("<HI", self._page)
        return seq if 0 < length <= MAX_BYTES and self._right() else 0

    # Does the CRC say so? Short of one bit it can be a flipped bit or a program cut at its very end, and nothing tells
    # which: the body is whole in both, so that what was returned is never dropped for torn.
    def _right(self):
        off = unpack_from("<I", self._page, _BODY)[0] ^ crc32(self._body)
        return off == 0 or (off & (off - 1) == 0 and self._unfinished())
