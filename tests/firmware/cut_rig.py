# Every cut of a journal's run. Before each operation on the chips the run forks, once for each way in which that
# operation can be left half done, and each fork boots on what the chips then hold: nothing is run again from the start,
# pages are shared until they change. What must hold after each boot is in `Fork.check`.
import io
import sys
from struct import unpack_from

from firmware.journal.flash import ERASED, PAGE, SECTOR_PAGES, begin
from firmware.journal.journal import JournalFull
from firmware.journal.ram import Power

sys.path.insert(0, __file__.rpartition("/")[0])
from journal_rig import START, Clock, Rig

PROGRAM, ERASE, WRITE = "program", "erase", "snapshot"

# how many bytes of a cut operation happen; 2048 and 2100: of an erase or a snapshot
TORN = (0, 1, 16, 128, 255, 2048, 2100)


# What the chips hold. Its parts never change in place: a copy costs no more than the list.
class Image:
    def __init__(self, pages, areas=(b"", b"")):
        self.pages = list(pages)
        self.areas = list(areas)

    def copy(self):
        return Image(self.pages, self.areas)

    # The first `done` bytes of an operation.
    def do(self, what, where, data, done):
        if what == PROGRAM:
            self._program(where, data, done)
        elif what == ERASE:
            self._erase(where, done)
        else:
            self.areas[where] = data[:done]

    def _program(self, page, data, done):
        old = self.pages[page]
        new = bytes(data) if old == ERASED else bytes(a & b for a, b in zip(old, data))
        self.pages[page] = new[:done] + old[done:]

    def _erase(self, sector, done):
        for page in range(sector * SECTOR_PAGES, (sector + 1) * SECTOR_PAGES):
            if done >= PAGE:
                self.pages[page] = ERASED
            elif done > 0:
                self.pages[page] = ERASED[:done] + self.pages[page][done:]
            done -= PAGE


# Flash and snapshot areas over an image. `watch` sees each operation before it happens.
class Chips:
    def __init__(self, image, watch):
        self.image = image
        self.sectors = len(image.pages) // SECTOR_PAGES
        self.watch = watch
        self.sync()

    def read(self, page, buf):
        buf[:] = self.image.pages[page]

    def program(self, page, data):
        self._do(PROGRAM, page, bytes(data), PAGE)

    def erase(self, sector):
        self._do(ERASE, sector, b"", PAGE * SECTOR_PAGES)

    # Until then what was asked for may happen in any order, or not at all: the ring can be a file.
    def sync(self):
        self.synced = self.image.copy()

    def open(self, which):
        return io.BytesIO(self.image.areas[which])

    def write(self, which, parts):
        data = b"".join([bytes(part) for part in parts])
        self._do(WRITE, which, data, len(data))

    def _do(self, what, where, data, size):
        if self.watch:
            self.watch(what, where, data, size)
        self.image.do(what, where, data, size)


# What was appended, as it was read back: byte for byte what every later boot has to find.
class History:
    def __init__(self, pages=None, heads=None, returned=0, answered=0):
        self.pages = pages or {}
        self.heads = heads or {}
        self.returned = returned
        self.answered = answered

    # with what a later boot adopted and appended
    def after(self, journal):
        other = History(dict(self.pages), dict(self.heads), self.returned, self.answered)
        other.note(journal)
        return other

    def note(self, journal):
        for seq in range(self.returned + 1, journal.seq + 1):
            self.pages[seq] = journal.page(seq)
        self.returned = journal.seq
        self.heads[journal.seq] = journal.head


class Tally:
    def __init__(self):
        self.cuts = 0
        self.second = 0
        self.adopted = 0
        self.flips = 0
        self.harmless = 0


def change_of(seq):
    return -seq % 5


def sum_of(count):
    return sum(change_of(seq) for seq in range(1, count + 1))


# A journal on its own chips, with the history it has to find there.
class Fork(Rig):
    def __init__(self, image, history, watch=None):
        self.power = Power()
        self.clock = Clock()
        self.history = history
        self.answered = history.answered
        self.clock.ms = 7 * history.returned
        self.flash = self.store = Chips(image, watch)

    # Power comes back: nothing is damaged, nothing erased, all that returned is here and at most one more.
    def check(self):
        _, damage = self.boot()
        journal, history = self.journal, self.history
        assert damage is None, (damage.pages, damage.first_seq)
        assert history.returned <= journal.seq <= history.returned + 1, (history.returned, journal.seq)
        assert self.state.entries == journal.seq and self.state.sum == sum_of(journal.seq)
        assert journal.first_held <= max(1, history.answered + 1), "an entry nobody answered is gone"
        for seq in range(journal.first_held, history.returned + 1):
            assert journal.page(seq) == history.pages[seq], seq
        assert journal.seq > history.returned or not journal.seq or journal.head == history.heads[journal.seq]
        assert len(self.keys()) == 1, "a key that should be gone"
        return journal.seq - history.returned

    # Pages of sectors' keys that still say anything.
    def keys(self):
        pages = self.flash.image.pages[::SECTOR_PAGES]
        return [sector for sector, page in enumerate(pages) if page != ERASED and any(page)]

    # The next one gets the next number, and is there after another boot.
    def go_on(self):
        self.work(self.journal.seq + 1)
        assert Fork(self.flash.image, self.history).check() == 0

    # `late` for every other so many entries: then the centre answers only when the ring is full.
    def work(self, until, late=0):
        while self.journal.seq < until:
            seq = self.journal.seq + 1
            prompt = not late or seq // late % 2
            try:
                self.append(change_of(seq))
                self.history.note(self.journal)
                if prompt and seq % 3 == 0:
                    self.answered_to(seq - 2)
            except JournalFull:
                self.answered_to(self.journal.seq - 8)

    def answered_to(self, seq):
        self.history.answered = seq
        self.answer(seq)


# Runs `until` entries on `sectors`; `deeper(image, history)` looks at each cut. `counts`: operations and bytes by kind.
class Run:
    def __init__(self, sectors, until, torn=TORN, late=0):
        self.until = until
        self.late = late
        self.torn = torn
        self.counts = {}
        self.cut_at = 0
        image = Image([ERASED] * (sectors * SECTOR_PAGES))
        begin(Chips(image, None), START)
        self.fork = Fork(image, History())

    def go(self, deeper=None, wanted=None):
        self.deeper = deeper
        self.wanted = wanted
        self.fork.flash.watch = self._operation
        self.fork.boot()
        self.fork.work(self.until, self.late)

    def _operation(self, what, where, data, size):
        self.cut_at += 1
        number, size_sum = self.counts.get(what, (0, 0))
        self.counts[what] = number + 1, size_sum + size
        if self.deeper and (self.wanted is None or self.wanted(self.cut_at)):
            for image in cut_images(self.fork.flash, (what, where, data), size, self.torn):
                self.deeper(image, self.fork.history)
            if what != WRITE and self.deeper.either_snapshot:
                for image in without_a_snapshot(self.fork.flash.image):
                    self.deeper(image, self.fork.history)


# One snapshot that no longer reads: the other is enough.
def without_a_snapshot(image):
    for which in (0, 1):
        if image.areas[which]:
            lost = image.copy()
            lost.areas[which] = b""
            yield lost


# The ways in which an operation can be left: some of its bytes, or all of them but unheard of, also without what was
# not synced before it.
def cut_images(chips, operation, size, torn):
    for before in (chips.image, chips.synced):
        for done in torn + (size,):
            if done <= size and (before is chips.image or (done and before.pages != chips.image.pages)):
                cut = before.copy()
                cut.do(*operation, done)
                yield cut


# One boot, cut at each of its own operations; what it left is booted again.
class Boot:
    either_snapshot = True

    def __init__(self, tally, torn=(0, 128), further=True):
        self.tally = tally
        self.torn = torn
        self.further = further

    def __call__(self, image, history):
        fork = Fork(image, history)
        fork.flash.watch = lambda what, where, data, size: self._again(fork, what, where, data, size)
        self.tally.cuts += 1
        self.tally.adopted += fork.check()
        fork.flash.watch = None
        if self.further:
            fork.history = history.after(fork.journal)
            fork.go_on()

    def _again(self, fork, what, where, data, size):
        assert what != ERASE, "erased at boot"
        for cut in cut_images(fork.flash, (what, where, data), size, self.torn):
            self.tally.second += 1
            Fork(cut, fork.history).check()


# All pairs: after the first cut the run goes on to its end, and each of its operations is cut again.
class Pairs:
    either_snapshot = False  # a second one is too many

    def __init__(self, tally, until, torn):
        self.tally = tally
        self.until = until
        self.torn = torn

    def __call__(self, image, history):
        self.tally.cuts += 1
        fork = Fork(image, history)
        fork.flash.watch = lambda *operation: self._second(fork, *operation)
        fork.check()
        fork.history = history.after(fork.journal)
        fork.work(self.until)

    def _second(self, fork, what, where, data, size):
        for cut in cut_images(fork.flash, (what, where, data), size, self.torn):
            self.tally.second += 1
            Fork(cut, fork.history).check()


# A flipped bit in one of the last entries: reported, or else nothing is missing, and what is before it is there.
def flip(run, page, seq, bit, tally):
    image = run.fork.flash.image.copy()
    data = bytearray(image.pages[page])
    data[bit // 8] ^= 1 << bit % 8
    image.pages[page] = bytes(data)
    fork = Fork(image, run.fork.history)
    _, damage = fork.boot()
    journal, history = fork.journal, run.fork.history
    tally.flips += 1
    tally.harmless += damage is None
    assert journal.seq >= history.returned - 1
    assert damage or (journal.page(seq) == history.pages[seq] and journal.head == history.heads[history.returned]), (
        seq,
        bit,
    )


# A flipped bit in the one key there is: nothing is lost, not even the key.
def flip_key(run, bit, tally):
    image = run.fork.flash.image.copy()
    page = run.fork.keys()[0] * SECTOR_PAGES
    data = bytearray(image.pages[page])
    data[bit // 8] ^= 1 << bit % 8
    image.pages[page] = bytes(data)
    fork = Fork(image, run.fork.history)
    assert fork.check() == 0
    fork.history = run.fork.history.after(fork.journal)
    fork.go_on()
    tally.harmless += 1


# (page on flash, seq) of what the ring holds from `first` on
def where_entries_lie(image, first):
    used = [page for page, data in enumerate(image.pages) if data != ERASED and page % SECTOR_PAGES]
    found = [(page, unpack_from("<HI", image.pages[page])[1]) for page in used]
    return [(page, seq) for page, seq in found if seq >= first]
