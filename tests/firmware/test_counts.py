# Counts before something is taken or put: none, verified, blind; asked once again; the first divergence names who was
# there before.
from fakes import ITEMS, ready, reboot

from firmware import codes
from firmware.flags import BLIND_COUNT, VERIFIED_COUNT
from firmware.journal import entry, kinds
from firmware.wire import messages

REQ = ("F8", "F12", "F13", "U12", "U15")

START = entry.F_BEFORE
BLIND, VERIFIED = BLIND_COUNT, VERIFIED_COUNT


def counted(flags):
    c = ready()
    assert c.reference("items", 2, [ITEMS[0][:3] + [flags, 0, 0], ITEMS[1]], 1) == 0
    return c


def seen(c, since):
    return [(f[entry.F_KIND], f[entry.F_TXN], f[entry.F_EXT]) for f in c.entries(since)]


def opened(c, quantity=2000):
    reply = c.remove(quantity=quantity)
    assert reply[0] == 0
    c.pull(1)
    return reply[1]


def test_without_a_count_nothing_is_asked():
    c = counted(0)
    assert opened(c)[4:] == [8000, 0] and c.said()[15] == 0
    assert c.confirm(2000)[0] == 0


def test_verified_shows_the_book_and_asks_for_the_count():
    c = counted(VERIFIED)
    txn = opened(c)[0]
    assert c.said()[15] == 1
    assert c.confirm(2000) == (codes.COUNT_NEEDED, [])
    assert c.confirm(2000, 8000) == (0, [txn, 8000, 6000])
    assert c.entries()[-1][entry.F_EXT] == [0, None, None, None, None, 0, "", 8000]


def test_blind_never_tells_the_book():
    c = counted(BLIND)
    start = c.journal.seq
    assert c.remove() == (0, [start + 1, "D01-P01", 1, 1, None, 2])
    c.pull(1)
    assert c.said()[15] == 2
    assert c.confirm(2000, 8000) == (0, [start + 1, None, None])
    c.push(1)
    assert c.ask(messages.COUNT, "D01-P01")[1][4:] == [None, 2]
    c.pull(1)
    assert c.confirm(6000)[1][1:] == [None, None]


# U12: one unit is gone; the next access finds it and names both
def test_a_theft_of_one_is_found_at_the_next_access():
    c = counted(BLIND)
    thief = opened(c)[0]
    assert c.confirm(1000, 8000)[0] == 0  # takes 2000, says 1000
    c.push(1)
    last = c.journal.seq - 1
    c.sign_on("b2", "4321")
    start = c.journal.seq
    txn = opened(c, 1000)[0]
    assert c.confirm(1000, 6000) == (codes.COUNT_AGAIN, [])
    assert c.kinds(start) == [kinds.ACCESS, kinds.OPENED]
    assert c.confirm(1000, 6000) == (0, [txn, None, None])
    assert seen(c, start)[2:] == [
        (kinds.DISCREPANCY, txn, ["anna", last]),
        (kinds.REMOVE, txn, [0, None, None, None, None, 0, "", 6000]),
    ]
    found, removal = c.entries(start)[2:]
    assert c.entries(last - 1)[0][entry.F_KIND] == kinds.REMOVE and c.entries(last - 1)[0][entry.F_TXN] == thief
    assert found[entry.F_ACTOR] == "ben" and found[START : START + 3] == [7000, -1000, 6000]
    assert found[entry.F_PLACE] == "D01-P01" and found[entry.F_ITEM] == "morphine" and found[entry.F_REF] is None
    assert removal[START : START + 3] == [6000, -1000, 5000] and c.state.quantity("D01-P01") == 5000


# nothing taken on paper: she was there all the same
def test_who_cancelled_at_the_open_drawer_was_there():
    c = counted(BLIND)
    opened(c)
    assert c.ask(messages.CANCEL)[0] == 0
    cancelled = c.journal.seq
    c.push(1)
    c.sign_on("b2", "4321")
    start = c.journal.seq
    opened(c, 1000)
    for _ in (1, 2):
        code = c.confirm(1000, 7000)[0]
    assert code == 0 and c.kinds(start)[2] == kinds.DISCREPANCY
    assert c.entries(start)[2][entry.F_EXT] == ["anna", cancelled]


def test_who_never_opened_it_was_not_there():
    c = counted(BLIND)
    c.remove()
    c.ask(messages.CANCEL)
    c.sign_on("b2", "4321")
    opened(c, 1000)
    for _ in (1, 2):
        c.confirm(1000, 7000)
    assert [f[entry.F_EXT] for f in c.entries() if f[entry.F_KIND] == kinds.DISCREPANCY] == [["setup", 7]]


def test_counted_right_the_second_time_is_no_discrepancy():
    c = counted(VERIFIED)
    start = c.journal.seq
    opened(c)
    assert c.confirm(2000, 7000)[0] == codes.COUNT_AGAIN
    assert c.confirm(2000, 8000)[0] == 0
    assert kinds.DISCREPANCY not in c.kinds(start)


# what was found stays found, whatever comes of the removal
def test_less_is_there_than_was_asked_for():
    c = counted(BLIND)
    start = c.journal.seq
    txn = opened(c)[0]
    c.confirm(2000, 1999)
    assert c.confirm(2000, 1999) == (codes.BAD_QUANTITY, [])
    assert c.kinds(start)[2:] == [kinds.DISCREPANCY] and c.state.quantity("D01-P01") == 1999
    assert c.phase() == messages.OPEN
    assert c.confirm(1999, 1999) == (0, [txn, None, None])
    assert c.state.quantity("D01-P01") == 0


def test_nothing_is_taken_after_a_count_that_differs():
    c = counted(BLIND)
    start = c.journal.seq
    opened(c)
    c.confirm(0, 7000)
    assert c.confirm(0, 7000)[0] == 0
    assert c.kinds(start)[2:] == [kinds.DISCREPANCY, kinds.CANCELLED] and c.state.quantity("D01-P01") == 7000


# F13: without a count it is a cancelled removal
def test_nothing_taken_needs_no_count():
    c = counted(BLIND)
    start = c.journal.seq
    opened(c)
    assert c.confirm(0)[0] == 0 and c.kinds(start)[2:] == [kinds.CANCELLED]


def test_more_than_the_book_says():
    c = counted(VERIFIED)
    c.stock("D01-P01", 0)
    c.stock("D01-P01", 2000)
    opened(c)
    c.confirm(2000, 2001)
    assert c.confirm(2000, 2001)[1][1:] == [2001, 1]


def test_a_return_and_a_refill_are_counted_first_too():
    c = counted(BLIND)
    txn = opened(c)[0]
    c.confirm(2000, 8000)
    c.push(1)
    assert c.ask(messages.RETURN, "pat1", "ord1", "morphine", 500, txn, 1, None)[1][4:] == [None, 2]
    c.pull(1)
    assert c.confirm(500)[0] == codes.COUNT_NEEDED and c.confirm(500, 6000)[0] == 0
    c.push(1)
    assert c.entries()[-2][entry.F_EXT] == [0, txn, None, None, None, 6000]
    c.stock("D02-P01", 0)
    assert c.ask(messages.REFILL, "morphine", 1000, None, None, None, None, 0)[1][1] == "D02-P01"
    c.pull(2)
    assert c.confirm(1000)[0] == codes.COUNT_NEEDED
    for _ in (1, 2):
        reply = c.confirm(1000, 50)
    assert reply[0] == 0 and c.state.quantity("D02-P01") == 1050
    assert c.entries()[-1][entry.F_EXT] == [0, None, None, None, 50]


def test_a_refill_for_which_there_is_no_room_after_the_count():
    c = counted(VERIFIED)
    c.stock("D02-P01", 0)
    c.ask(messages.REFILL, "morphine", 24000, None, None, None, None, 0)
    c.pull(2)
    c.confirm(24000, 1)
    assert c.confirm(24000, 1)[0] == codes.BAD_QUANTITY
    assert c.confirm(23999, 1)[0] == 0 and c.state.quantity("D02-P01") == 24000


# a power cut between discrepancy and outcome: the fold says what live said, and the place owes a count
def test_power_cut_after_the_discrepancy():
    c = counted(BLIND)
    opened(c)
    c.confirm(2000, 1)
    c.confirm(2000, 1)
    assert c.kinds()[-1] == kinds.DISCREPANCY
    again = reboot(c)
    assert again.state.quantity("D01-P01") == 1 and again.state.must_count == {"D01-P01"}
    seq = again.state.held.pocket("D01-P01")[5]
    assert again.journal.entry(seq)[entry.F_ACTOR] == "anna"


def test_a_plain_count_names_who_was_there_before():
    c = ready()
    opened(c)
    c.confirm(1000)
    c.push(1)
    last = c.journal.seq - 1
    c.sign_on("b2", "4321")
    c.ask(messages.COUNT, "D01-P01")
    c.pull(1)
    c.confirm(6000)
    count = c.entries()[-1]
    assert count[entry.F_EXT] == [7000, "anna", last] and count[START : START + 3] == [7000, -1000, 6000]


# F43: whoever stands by, when it is asked for or when it is confirmed
def test_count_by_two():
    c = ready()
    for at_request in (True, False):
        start = c.journal.seq
        if at_request:
            assert c.ask(messages.WITNESS, "b2", "4321")[0] == 0
        assert c.ask(messages.COUNT, "D01-P01")[0] == 0
        c.pull(1)
        if not at_request:
            assert c.ask(messages.WITNESS, "b2", "4321")[0] == 0
        assert c.confirm(8000)[0] == 0
        c.push(1)
        count = [f for f in c.entries(start) if f[entry.F_KIND] == kinds.COUNT]
        assert [f[entry.F_WITNESS] for f in count] == ["ben"] and count[0][entry.F_ACTOR] == "anna"
        assert c.said()[17] == ""


def test_wrong_counts_are_refused():
    c = counted(BLIND)
    opened(c)
    for wrong in (-1, 2**31, "1", 1.5):
        assert c.confirm(1000, wrong)[0] == codes.BAD_REQUEST
    assert c.ask(messages.CONFIRM, 1000)[0] == codes.BAD_REQUEST
    assert c.ask(messages.CONFIRM_BIN, [])[0] == codes.BAD_REQUEST


# the ring keeps its newest entries: of who was there long ago it still knows the number
def test_who_was_there_before_the_rings_oldest_entry():
    c = ready()
    opened(c)
    c.confirm(1000)
    c.push(1)
    last = c.journal.seq - 1
    while c.journal.first_held <= last:
        c.stock("D01-P02", 5)
        c.answer(c.journal.seq)
    c.sign_on("b2", "4321")
    assert c.ask(messages.COUNT, "D01-P01")[0] == 0
    c.pull(1)
    c.confirm(6000)
    assert c.entries(c.journal.first_held)[-1][entry.F_EXT] == [7000, "", last]
