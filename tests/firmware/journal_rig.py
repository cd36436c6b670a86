# A journal in RAM with power that can be cut, for the journal's tests.
from firmware.compat import derive, same
from firmware.issue import ring_start
from firmware.journal import chain, entry, evolve, kinds
from firmware.journal.flash import PAGE, begin
from firmware.journal.journal import Journal
from firmware.journal.ram import Power, RamFlash, RamStore

STATION = "ICU1"
KEY = bytes(range(32))
GENESIS = entry.genesis(STATION, 1, KEY, "0.1.0")
SALT = b"s" * 16
START, SNAPSHOT_KEY = ring_start(KEY), derive(KEY, "snapshot")


class Clock:
    def __init__(self):
        self.ms = 0

    def now(self):
        self.ms += 7
        return 1800000000000 + self.ms, self.ms, 2


# What was folded: how many entries, and the sum of their changes.
class Sum:
    def __init__(self):
        self.entries = 0
        self.sum = 0

    def load(self, values):
        self.entries, self.sum = values

    def dump(self):
        return [self.entries, self.sum]


def apply(state, fields, _disclosure):
    state.entries += 1
    state.sum += fields[entry.F_CHANGE] or 0


class Rig:
    def __init__(self, sectors):
        self.power = Power()
        self.flash = RamFlash(sectors, self.power)
        begin(self.flash, START)
        self.store = RamStore(self.power)
        self.clock = Clock()
        self.answered = 0

    # Power on: a fresh journal over what flash and snapshots hold.
    def boot(self, cut=None):
        self.power.restore()
        if cut:
            self.power.cut(*cut)
        self.state = Sum()
        self.journal = Journal(self.flash, self.store, STATION, 1, SNAPSHOT_KEY, GENESIS, apply, self.state, self.clock)
        found = self.journal.recover()
        self.journal.release(self.answered)
        return found

    # The centre has it: what the agent says again after each boot.
    def answer(self, seq):
        self.answered = seq
        self.journal.release(seq)

    def image(self):
        pages = [bytes(self.flash.bytes[at : at + PAGE]) for at in range(0, len(self.flash.bytes), PAGE)]
        return pages, list(self.store.areas)

    def put_back(self, image):
        for page, data in enumerate(image[0]):
            self.flash.bytes[page * PAGE : (page + 1) * PAGE] = data
        self.store.areas = list(image[1])

    def append(self, change):
        _, disclosure = entry.ref_of(SALT, "patient-1", "order-1")
        return self.journal.append(
            kinds.REMOVE, "nurse", None, "morphine", "D03-P07", 10, change, 10 + change, 1, disclosure, (0, None)
        )

    # Does every page held follow from the genesis (or from the head before the first one held), with its MAC?
    def verify(self, heads):
        journal, key = self.journal, evolve.from_root(evolve.root_of(KEY))
        first = journal.first_held
        head = heads.get(first - 1) or chain.head0(GENESIS)
        for seq in range(first, journal.seq + 1):
            data, _, mac = chain.parse_page(journal.page(seq))
            assert entry.decode(data)[entry.F_SEQ] == seq
            head = chain.next_head(head, chain.leaf(data))
            assert same(chain.mac(key.at(seq), head), mac), seq
            heads[seq] = head
        assert head == journal.head
