# RECORD: the journal of the pharmacy's interface computer, which has no drawers.
from fakes import KEYS, LOG, SECTORS, TIMINGS, Chips, entropy, ready

from firmware import codes
from firmware.build import build
from firmware.config import Config
from firmware.journal import chain, entry, kinds
from firmware.journal.journal import RESERVE_PAGES
from firmware.tables import Tables
from firmware.wire import messages

REQ = ("P35", "P36", "P37", "P39", "P56")

UTC = 1800000000000
PICK = [kinds.PICKED, "jd01", "07605", ["AB01", UTC, "ICU1", 10, "R", "AB"]]
CHECK = [kinds.CHECKED, "rp02", "07605", ["AB01", UTC, 10, 0, "", "AB"]]
CORRECTED = [kinds.CHECKED, "rp02", "07605", ["AB01", UTC, 8, 1, "AB02", "AB"]]
ADDRESS = [kinds.UNIT_ADDRESS, "", "", ["Rv", 1]]
CLEARED = [kinds.UNIT_ADDRESS, "pharm1", "", ["Rv", 2]]
REFUSED = [kinds.CRADLE_REFUSED, "", "", [codes.BAD_RECORD, "", "P", "what is this"]]


class Pharmacy:
    def __init__(self, chips):
        config = Config("PHARM", LOG, KEYS, "0.1.0", SECTORS, [], TIMINGS)
        self.station, self.adopted, damage = build(
            config, Tables(4), chips.flash, chips.snapshots, chips.files, entropy
        )
        self.rid = 0
        self.handle("boot", self.adopted, damage is not None, {})

    def handle(self, *event):
        return self.station.handle(event, (UTC, 1000, 2))

    def record(self, *args):
        self.rid += 1
        sent = self.handle("message", [messages.REQUEST, self.rid, messages.RECORD, list(args)])
        return [(m[2], m[3]) for what, m in sent if what == "send" and m[0] == messages.REPLY][0]

    def entries(self, since=0):
        journal = self.station.journal
        return [entry.decode(chain.parse_page(journal.page(n))[0]) for n in range(since + 1, journal.seq + 1)]


def pharmacy():
    return Pharmacy(Chips())


def test_each_kind_is_written_as_it_was_said():
    p = pharmacy()
    start = p.station.journal.seq
    for n, args in enumerate((PICK, CHECK, CORRECTED, ADDRESS, CLEARED, REFUSED)):
        assert p.record(*args) == (codes.NONE, [start + 1 + n])
    said = [[f[entry.F_KIND], f[entry.F_ACTOR], f[entry.F_ITEM] or "", f[entry.F_EXT]] for f in p.entries(start)]
    assert said == [PICK, CHECK, CORRECTED, ADDRESS, CLEARED, REFUSED]


def test_what_was_replied_to_outlasts_a_power_cut():
    chips = Chips()
    p = Pharmacy(chips)
    seq = p.record(*PICK)[1][0]
    p = Pharmacy(chips)
    assert [f[entry.F_KIND] for f in p.entries(seq - 1)] == [kinds.PICKED, kinds.BOOT]


def test_a_cabinet_takes_none():
    c = ready()
    start = c.journal.seq
    assert c.ask(messages.RECORD, *PICK) == (codes.NOT_ALLOWED, [])
    assert c.journal.seq == start


def _with(args, at, value):
    ext = list(args[3])
    ext[at] = value
    return args[:3] + [ext]


def test_another_shape_is_written_nowhere():
    p = pharmacy()
    start = p.station.journal.seq
    wrong = [
        [kinds.REMOVE, "jd01", "07605", PICK[3]],
        [kinds.PICKED, "", "07605", PICK[3]],
        [kinds.PICKED, "jd01", "07605", PICK[3][:5]],
        [kinds.PICKED, "jd01", "07605", PICK[3] + [0]],
        _with(PICK, 0, "AB0"),
        _with(PICK, 1, -1),
        _with(PICK, 2, "ICU 1"),
        _with(PICK, 3, 0),
        _with(PICK, 4, "X"),
        _with(PICK, 5, "A1"),
        [kinds.CHECKED, "rp02", "", CHECK[3]],
        _with(CHECK, 3, 9),
        _with(CHECK, 4, "AB02"),
        _with(CORRECTED, 4, ""),
        _with(CORRECTED, 4, "AB01"),
        _with(ADDRESS, 0, "11"),
        _with(ADDRESS, 1, 2),
        _with(ADDRESS, 1, True),
        _with(REFUSED, 2, "PC"),
        _with(REFUSED, 3, "x" * 201),
        _with(REFUSED, 3, "a\nb"),
    ]
    for args in wrong:
        assert p.record(*args) == (codes.BAD_REQUEST, []), args
    assert p.record(*_with(REFUSED, 3, "x" * 200)) == (codes.TOO_LONG, [])
    assert p.station.journal.seq == start


def test_the_reserve_is_left_for_boots():
    p = pharmacy()
    code, count = codes.NONE, 0
    while code == codes.NONE:
        code = p.record(*PICK)[0]
        count += 1
    assert code == codes.JOURNAL_FULL and count > 8
    assert p.station.journal.free_pages >= RESERVE_PAGES - 2
