# PAR commands: bounds, journaled before they act, at most once, part of the state that survives.
from fakes import POCKETS, UTC, ready, reboot

from firmware import codes, levels
from firmware.journal import entry, kinds
from firmware.journal.flash import PAGE
from firmware.journal.journal import RESERVE_PAGES
from firmware.journal.ram import PowerCut
from firmware.schema import place_name
from firmware.wire import messages

REQ = ("A1.d", "A21.c")
PLACE, OTHER = "D01-P01", "D02-P01"
NEW = [PLACE, 500, 3000, OTHER, 0, 24000]


def par(c, number, body, **named):
    return c.command(number, messages.COMMAND_PAR, body, **named)


# place -> (min, max), as the inventory says
def pars(c):
    rows = c.event("message", [messages.GET_INVENTORY, 0])[0][3]
    return {row[0]: (row[3], row[4]) for row in rows}


def levels_set(c):
    return sum(1 for row in c.state.held.stock.rows() if row[4])


def command_entries(c):
    return [f[entry.F_EXT] for f in c.entries() if f[entry.F_KIND] == kinds.COMMAND]


TABLES = {row[0]: (row[4], row[5]) for row in POCKETS}


def test_levels_are_applied_and_journaled():
    c = ready()
    assert pars(c) == TABLES
    assert par(c, 1, NEW) == 0
    changed = dict(TABLES)
    changed.update({PLACE: (500, 3000), OTHER: (0, 24000)})
    assert pars(c) == changed
    assert command_entries(c) == [[1, messages.COMMAND_PAR, 0, NEW]]


def test_refills_go_where_the_new_levels_say():
    c = ready()
    assert c.ask(messages.REFILL, "morphine", 100, None, None, None, None, 0)[1][1] == PLACE
    c.ask(messages.CANCEL)
    c.wait(60000)
    c.sign_on()
    assert par(c, 1, NEW) == 0
    assert c.ask(messages.REFILL, "morphine", 100, None, None, None, None, 0)[1][1] == OTHER
    c.ask(messages.CANCEL)
    c.wait(60000)
    c.sign_on()
    assert par(c, 2, [OTHER, 1, 2, PLACE, 1, 2]) == 0
    assert c.ask(messages.REFILL, "morphine", 100, None, None, None, None, 0)[0] == codes.POCKET_FULL


def test_out_of_bounds_nothing_is_applied():
    c = ready()
    good = [OTHER, 1, 2]
    bad = (
        [PLACE, -1, 5],
        [PLACE, 6, 5],
        [PLACE, 0, 0],
        [PLACE, 0, 12001],
        [PLACE, 0, 1 << 40],
        [PLACE, "0", 5],
        [PLACE, 0, None],
        [PLACE, 0, [5]],
        ["D09-P09", 0, 5],
        ["D1-P1", 0, 5],
        [7, 0, 5],
        [PLACE, 0],
        good * 5,
    )
    for number, body in enumerate(bad, 1):
        assert par(c, number, good + body) == codes.PAR_OUT_OF_BOUNDS, body
    assert par(c, 50, []) == codes.PAR_OUT_OF_BOUNDS
    assert pars(c) == TABLES
    assert command_entries(c)[0] == [1, messages.COMMAND_PAR, codes.PAR_OUT_OF_BOUNDS, []]
    assert par(c, 51, [PLACE, 12000, 12000] + good * 4) == 0, "at the bounds"


def test_once_in_order_in_time_from_the_centre_only():
    c = ready()
    assert par(c, 5, [PLACE, 1, 5]) == 0
    start = c.journal.seq
    assert par(c, 5, [PLACE, 1, 9]) == 0, "done already"
    assert par(c, 4, [PLACE, 1, 9]) == codes.OLD_NUMBER
    assert par(c, 6, [PLACE, 1, 9], expires=UTC) == codes.EXPIRED
    assert par(c, 6, [PLACE, 1, 9], key=bytes(32)) == codes.BAD_MAC
    assert par(c, 6, [PLACE, 1, 9], log=2) == codes.WRONG_STATION
    assert pars(c)[PLACE] == (1, 5) and c.journal.seq == start


# without the planogram nothing can be judged: it takes no number and comes again
def test_before_the_table_it_waits():
    c = ready()
    c.chips.files.held["pockets"] = b""
    c = reboot(c)
    start = c.journal.seq
    assert par(c, 1, [PLACE, 1, 5]) == codes.NOT_READY and c.journal.seq == start
    assert c.reference("pockets", 1, POCKETS) == 0
    assert par(c, 1, [PLACE, 1, 5]) == 0 and pars(c)[PLACE] == (1, 5)


# power goes when the entry is on flash and nothing else has happened, or before it is whole
def test_power_cut_around_the_entry():
    for after, outcome in ((PAGE, (1, 5)), (PAGE // 2, TABLES[PLACE])):
        c = ready()
        c.chips.power.cut(1, after)
        try:
            par(c, 1, [PLACE, 1, 5])
            raise AssertionError("power stayed")
        except PowerCut:
            pass
        assert levels_set(c) == 0
        again = reboot(c)
        assert pars(again)[PLACE] == outcome
        assert par(again, 1, [PLACE, 1, 5]) == 0 and pars(again)[PLACE] == (1, 5)
        assert len(command_entries(again)) == 1


def test_a_boot_keeps_levels_from_ring_and_snapshot():
    c = ready()
    assert par(c, 1, NEW) == 0
    held = pars(c)
    c = reboot(c)
    assert pars(c) == held
    c.journal._snapshot()
    assert par(c, 2, ["D03-P01", 2, 3]) == 0
    c = reboot(c)
    held["D03-P01"] = (2, 3)
    assert pars(c) == held and par(c, 1, [PLACE, 1, 5]) == codes.OLD_NUMBER


def test_levels_hold_over_a_new_table_within_its_capacity():
    c = ready()
    assert par(c, 1, NEW) == 0
    rows = [row[:4] + [7, 9000, 9000] for row in POCKETS if row[3] == "morphine"]
    assert c.reference("pockets", 2, rows, base=1) == 0
    assert pars(c)[PLACE] == (500, 3000) and pars(c)[OTHER] == (0, 9000)
    assert pars(reboot(c))[PLACE] == (500, 3000)


# the end of a level is an entry of the station's own: number 0, min and max 0
def test_another_item_ends_the_level():
    for base in (0, 1):
        c = ready()
        assert par(c, 3, ["D03-P01", 2, 3, PLACE, 500, 3000]) == 0
        row = ["D03-P01", 3, 1, "morphine", 1, 10, 12]
        assert c.reference("pockets", 2, [row] if base else POCKETS[:3] + [row], base=base) == 0
        assert pars(c)["D03-P01"] == (1, 10) and pars(c)[PLACE] == (500, 3000)
        assert command_entries(c)[-1] == [0, messages.COMMAND_PAR, 0, ["D03-P01", 0, 0]]
        again = reboot(c)
        assert again.reference("pockets", 3, [POCKETS[3]], base=2) == 0
        assert pars(again)["D03-P01"] == (1, 10), "and does not come back"
        assert par(again, 3, ["D03-P01", 2, 3]) == 0 and pars(again)["D03-P01"] == (1, 10), "done before"


def test_a_pocket_that_goes_ends_its_level():
    for base in (0, 1):
        c = ready()
        assert par(c, 1, ["D03-P01", 2, 3]) == 0
        assert c.reference("pockets", 2, [["D03-P01", None]] if base else POCKETS[:3], base=base) == 0
        assert levels_set(c) == 0
        assert c.reference("pockets", 3, [POCKETS[3]], base=2) == 0 and pars(c)["D03-P01"] == (1, 10)


# A table that was lost says nothing of the items before: levels stay.
def test_a_lost_table_ends_nothing():
    c = ready()
    assert par(c, 1, NEW) == 0
    held = pars(c)
    c.chips.files.held["pockets"] = b""
    c = reboot(c)
    assert c.reference("pockets", 1, POCKETS) == 0 and pars(c) == held


def test_many_ends_take_few_entries_and_need_room():
    for full in (True, False):
        c = ready()
        places = [["D03-P%02d" % n, 3, n, "saline", 1, 10, 12] for n in range(2, 14)]
        assert c.reference("pockets", 2, places, base=1) == 0
        for number in (1, 2, 3):
            body = []
            for row in places[number * 4 - 4 : number * 4]:
                body += [row[0], 2, 3]
            assert par(c, number, body) == 0
        while full and c.journal.free_pages > RESERVE_PAGES + 2:
            c.stock("D01-P02", 5)
        code = c.reference("pockets", 3, [row[:3] + ["morphine"] + row[4:] for row in places], base=2)
        if full:
            assert code == codes.JOURNAL_FULL and levels_set(c) == 12
        else:
            assert code == 0 and levels_set(c) == 0
            assert [len(ext[3]) // 3 for ext in command_entries(c)[-3:]] == [5, 5, 2]


# the longest body a station with the longest names can get fits a page
def test_the_longest_body_fits():
    c = ready()
    body = []
    for n in range(levels.PLACES):
        body += [place_name(16, 255 - n), 0x7FFFFFFF, 0x7FFFFFFF]
    c.journal._station = "S" * 32
    assert c.journal.fits(kinds.COMMAND, txn=0, ext=(1 << 40, messages.COMMAND_PAR, 0, body))
