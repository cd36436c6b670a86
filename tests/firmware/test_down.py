# What comes down: reference tables, commands, answers; and the pages that go up.
from fakes import ITEMS, POCKETS, USERS, UTC, ready, reboot, user

from firmware import codes
from firmware.journal import entry, kinds
from firmware.wire import messages

REQ = ("A12", "A12.b")
BAD_KEY = bytes(32)


def items(c):
    return list(c.station.tables.items.rows())


def test_versions_and_bases():
    c = ready()
    assert c.reference("items", 1, []) == 0  # done before
    assert c.reference("items", 3, [["x", 0, 1, 0, 0, 0]], base=2) == codes.WRONG_BASE
    assert c.reference("items", 3, [["x", 0, 1, 0, 0, 0]], base=1) == 0
    assert c.reference("items", 2, ITEMS) == codes.OLD_NUMBER
    assert c.reference("items", 4, [["x", None]], base=3) == 0
    assert items(c) == sorted(ITEMS, key=lambda row: (len(row[0]), row[0]))
    ext = [f[entry.F_EXT] for f in c.entries() if f[entry.F_KIND] == kinds.REFERENCE]
    assert [row[:2] for row in ext[-2:]] == [["items", 3], ["items", 4]]
    assert ext[-1][2] == ext[0][2] and c.station.reference.versions()[0][1] == 4


# Whatever is wrong with one row, nothing of its version is applied.
def test_a_version_applies_whole_or_not_at_all():
    c = ready()
    before = items(c), list(c.station.tables.pockets.rows()), c.journal.seq
    good = ["new", 0, 1, 0, 0, 0]
    for bad in (
        [],
        ["a"],
        ["a", 0, 1],
        ["a", 9, 1, 0, 0, 0],
        ["a", 0, 0, 0, 0, 0],
        ["a b", 0, 1, 0, 0, 0],
        ["a" * 17, 0, 1, 0, 0, 0],
        7,
        ["morphine", None],
    ):
        assert c.reference("items", 2, [good, bad], base=1) in (codes.BAD_ROW, codes.POCKET_IN_USE), bad
    for bad in (
        ["D01-P09", 1, 9, "unknown", 0, 1, 1],
        ["D01-P09", 1, 8, "saline", 0, 1, 1],
        ["D09-P09", 9, 9, "saline", 0, 1, 1],
        ["D01-P09", 1, 9, "saline", 2, 1, 1],
    ):
        assert c.reference("pockets", 2, [["D03-P02", 3, 2, "saline", 0, 1, 1], bad], base=1) == codes.BAD_ROW
    assert c.reference("items", 2, [["i%d" % n, 0, 1, 0, 0, 0] for n in range(30)], base=1) == codes.TABLE_FULL
    assert c.reference("orders", 2, [["o", "nobody", "saline", 1, 1, 1, 0, 0]], base=1) == codes.BAD_ROW
    assert (items(c), list(c.station.tables.pockets.rows()), c.journal.seq) == before


def test_a_pocket_with_stock_keeps_its_item():
    c = ready()
    changed = ["D01-P01", 1, 1, "saline", 1, 10, 12]
    assert c.reference("pockets", 2, [changed], base=1) == codes.POCKET_IN_USE
    assert c.reference("pockets", 2, [["D01-P01", None]], base=1) == codes.POCKET_IN_USE
    assert c.reference("pockets", 2, POCKETS[1:]) == codes.POCKET_IN_USE
    assert c.reference("pockets", 2, [["D03-P01", 3, 1, "morphine", 1, 10, 12]], base=1) == 0


def test_parts_in_turn():
    c = ready()
    assert c.reference("items", 2, [["p1", 0, 1, 0, 0, 0]], base=1, part=1, parts=3) is None
    assert c.reference("items", 2, [["p2", 0, 1, 0, 0, 0]], base=1, part=2, parts=3) is None
    assert c.reference("items", 2, [["p2", 0, 1, 0, 0, 0]], base=1, part=2, parts=3) is None
    assert len(items(c)) == 2
    assert c.reference("items", 2, [["p3", 0, 1, 0, 0, 0]], base=1, part=3, parts=3) == 0
    assert len(items(c)) == 5
    assert c.reference("items", 3, [], base=2, part=1, parts=3) is None
    assert c.reference("items", 3, [], base=2, part=3, parts=3) == codes.BAD_MESSAGE
    assert c.reference("items", 3, [], base=2, part=2, parts=3) == codes.BAD_MESSAGE


def test_only_what_is_signed_and_meant_for_us():
    c = ready()
    seq = c.journal.seq
    assert c.reference("items", 2, ITEMS, key=BAD_KEY) == codes.BAD_MAC
    assert c.reference("items", 2, ITEMS, station="ICU2") == codes.WRONG_STATION
    assert c.reference("unheard", 2, []) == codes.BAD_MESSAGE
    assert c.command(1, key=BAD_KEY) == codes.BAD_MAC and c.answer(1, key=BAD_KEY) == codes.BAD_MAC
    assert c.command(1, log=2) == c.answer(1, log=2) == codes.WRONG_STATION
    assert c.journal.seq == seq and c.journal.released == 0


def test_tables_come_back_after_boot():
    c = ready()
    before = c.station.reference.versions()
    again = reboot(c)
    assert again.station.reference.versions() == before and items(again)[0] == ITEMS[1]
    assert again.sign_on()[0] == 0


# A cut between the journal entry and the rename leaves the file that fits under its other name.
def test_cut_before_the_rename():
    c = ready()
    files = c.chips.files
    old = files.held["items"]
    c.reference("items", 2, [["x", 0, 1, 0, 0, 0]], base=1)
    files.held["items.new"], files.held["items"] = files.held["items"], old
    again = reboot(c)
    assert again.station.reference.versions()[0][1] == 2 and len(items(again)) == 3


def test_a_damaged_file_is_asked_for_again():
    c = ready()
    c.chips.files.held["users"] = c.chips.files.held["users"][:-9]
    again = reboot(c)
    assert again.station.reference.versions()[2][1] == 0
    assert again.sign_on()[0] == codes.NOT_READY
    assert again.reference("users", 2, USERS, base=1) == codes.WRONG_BASE
    assert again.reference("users", 1, USERS) == 0 and again.sign_on()[0] == 0


def test_rights_taken_away_count_at_once():
    c = ready()
    assert c.reference("users", 2, [user("b1", "anna", "1234", 0)], base=1) == 0
    assert c.remove()[0] == codes.NOT_ALLOWED


def test_commands_once_in_order_in_time():
    c = ready()
    start = c.journal.seq
    assert c.command(5) == 0 and c.command(5) == 0
    assert c.command(4) == codes.OLD_NUMBER
    assert c.command(6, expires=UTC) == codes.EXPIRED
    assert c.command(7, kind=99) == codes.UNKNOWN_COMMAND
    c.tq = 0
    assert c.command(8) == codes.EXPIRED
    assert [f[entry.F_EXT] for f in c.entries(start)] == [[5, 1, 0, []], [7, 99, codes.UNKNOWN_COMMAND, []]]
    again = reboot(c)
    assert again.command(5) == codes.OLD_NUMBER


def test_answers_release_only_what_they_may():
    c = ready()
    assert c.answer(3, messages.GAP) == 0 and c.answer(3, messages.FORK) == 0 and c.journal.released == 0
    assert c.answer(3) == 0 and c.journal.released == 3
    assert c.answer(2, messages.DUP) == 0 and c.journal.released == 3
    assert c.answer(c.journal.seq + 1) == codes.BAD_MESSAGE and c.journal.released == 3


def test_pages_in_a_window():
    c = ready()
    while c.journal.seq < 80:
        c.stock("D01-P02", 5)
    assert c.station.pages(9) == []
    c.event("message", [messages.STREAM, 3])
    assert [m[1] for m in c.station.pages(9)] == list(range(3, 12))
    assert [m[1] for m in c.station.pages(100)] == list(range(12, 67))
    c.event("message", [messages.PAGES_KEPT, 5])
    assert [m[1] for m in c.station.pages(100)] == [67, 68, 69]
    c.event("message", [messages.STREAM, 50])
    assert [m[1] for m in c.station.pages(2)] == [50, 51]


def test_inventory_and_info():
    c = ready()
    sent = c.event("message", [messages.GET_INVENTORY, 0])
    assert sent[0][:3] == [messages.INVENTORY, 0, 4]
    assert sent[0][3][0] == ["D01-P01", "morphine", 8000, 2000, 10000, 12000, 0, "", 0]
    info = c.event("message", [messages.HELLO, 1])[0]
    assert info[0:4] == [messages.INFO, "ICU1", 1, 1] and info[7] == c.journal.seq and info[11] == [c.journal.seq, 0]


# A bit that flips while the controller runs: the page is not sent, the others are, and somebody is told.
def test_a_page_that_does_not_read_back_raises_alarm_6():
    c = ready()
    c.event("message", [messages.STREAM, 1])
    assert [m[1] for m in c.station.pages(3)] == [1, 2, 3]
    for page in range(len(c.chips.flash.bytes) // 256):
        if c.chips.flash.bytes[page * 256 + 2 : page * 256 + 6] == bytes([5, 0, 0, 0]):
            c.chips.flash.bytes[page * 256 + 40] ^= 1
    assert [m[1] for m in c.station.pages(3)] == [4, 6, 7]
    c.event("tick")
    assert [codes.ALARM_JOURNAL_DAMAGE, 0] in c.state.alarms
    alarms = [f[entry.F_EXT] for f in c.entries(7) if f[entry.F_KIND] == kinds.ALARM]
    c.station.pages(64)
    c.event("tick")
    assert alarms == [[codes.ALARM_JOURNAL_DAMAGE, 0]]
    assert [f[entry.F_EXT] for f in c.entries(7) if f[entry.F_KIND] == kinds.ALARM] == alarms
