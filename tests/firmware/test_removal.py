# One removal and its neighbours: entries in order, what moved, what the book says.
from fakes import CONFIRM_MS, RELEASE_MS, ready, reboot

from firmware import codes
from firmware.journal import chain, entry, kinds
from firmware.journal.ram import PowerCut
from firmware.wire import messages

REQ = ("A1", "A1.a", "P7", "P8", "P130")


def seen(c, since):
    return [(f[entry.F_KIND], f[entry.F_TXN], f[entry.F_EXT]) for f in c.entries(since)]


def test_confirmed_with_the_drawer_open():
    c = ready()
    start = c.journal.seq
    code, params = c.remove()
    txn = start + 1
    assert (code, params) == (0, [txn, "D01-P01", 1, 1, 8000, 0])
    assert c.energised == {1} and c.light == (1, 1)
    c.pull(1)
    assert c.energised == set() and c.phase() == messages.OPEN
    assert c.confirm(2000) == (0, [txn, 8000, 6000])
    assert c.phase() == messages.OPEN and c.light is None
    c.push(1)
    assert c.phase() == messages.SIGNED_ON
    assert seen(c, start) == [
        (kinds.ACCESS, txn, [1, 2000, 0]),
        (kinds.OPENED, txn, [1]),
        (kinds.REMOVE, txn, [0, None, None, None, None, 0, "", None]),
        (kinds.CLOSED, txn, [1, 0]),
    ]
    removal = c.entries(start)[2]
    assert removal[entry.F_ACTOR] == "anna" and removal[entry.F_ITEM] == "morphine"
    assert removal[entry.F_BEFORE : entry.F_TXN] == [8000, -2000, 6000] and c.state.quantity("D01-P01") == 6000
    assert c.state.removals == 1 and c.state.open == {}


def test_confirmed_after_closing():
    c = ready()
    start = c.journal.seq
    c.remove()
    c.pull(1)
    c.wait(1234)
    c.push(1)
    assert c.phase() == messages.CLOSED
    assert c.confirm(1000)[0] == 0
    assert c.kinds(start) == [kinds.ACCESS, kinds.OPENED, kinds.CLOSED, kinds.REMOVE]
    assert c.entries(start)[2][entry.F_EXT] == [1, 1234]
    assert c.phase() == messages.SIGNED_ON


# patient and order are in a disclosure of both pages, and the same reference ties them together
def test_who_it_was_for():
    c = ready()
    start = c.journal.seq
    c.remove()
    c.pull(1)
    c.confirm(2000)
    pages = [chain.parse_page(c.journal.page(start + n)) for n in (1, 2, 3)]
    assert pages[0][1] == [bytes(16), "pat1", "ord1"] == pages[2][1] and pages[1][1] is None
    refs = [entry.decode(page[0])[entry.F_REF] for page in pages]
    assert refs[0] == refs[2] == entry.ref_of(bytes(16), "pat1", "ord1")[0]


def test_not_opened_in_time():
    c = ready()
    start = c.journal.seq
    c.remove()
    c.wait(RELEASE_MS - 1)
    assert c.energised == {1}
    c.wait(1)
    assert c.energised == set() and c.light is None
    assert seen(c, start)[1:] == [(kinds.CANCELLED, start + 1, [2])]
    assert c.remove()[0] == 0


def test_confirm_before_it_opened_claims_nothing():
    c = ready()
    c.remove()
    assert c.confirm(2000) == (codes.NOT_OPENED, [])
    assert c.state.quantity("D01-P01") == 8000


def test_cancel_before_opening_relocks():
    c = ready()
    start = c.journal.seq
    c.remove()
    assert c.ask(messages.CANCEL) == (0, [start + 1])
    assert c.energised == set() and c.phase() == messages.SIGNED_ON
    assert seen(c, start)[1:] == [(kinds.CANCELLED, start + 1, [1])]


def test_cancel_with_the_drawer_open():
    c = ready()
    start = c.journal.seq
    c.remove()
    c.pull(1)
    assert c.ask(messages.CANCEL)[0] == 0
    assert c.remove()[0] == codes.BUSY
    c.push(1)
    assert c.kinds(start) == [kinds.ACCESS, kinds.OPENED, kinds.CANCELLED, kinds.CLOSED]
    assert c.ask(messages.CANCEL)[0] == codes.NOTHING_OPEN and c.confirm(1)[0] == codes.NOTHING_OPEN


# the drawer is still open, but what was taken is in the book already
def test_an_access_has_one_outcome():
    c = ready()
    start = c.journal.seq
    c.remove()
    c.pull(1)
    assert c.confirm(2000)[0] == 0
    assert c.confirm(2000) == (codes.NOTHING_OPEN, [])
    assert c.ask(messages.CANCEL) == (codes.NOTHING_OPEN, [])
    c.wait(CONFIRM_MS)
    c.push(1)
    c.wait(CONFIRM_MS)
    outcomes = [kind for kind in c.kinds(start) if kind in kinds.OUTCOMES]
    assert outcomes == [kinds.REMOVE] and c.state.quantity("D01-P01") == 6000


# the time of the removal is the station's own, the time it is for is the nurse's
def test_both_times_are_kept():
    c = ready()
    start = c.journal.seq
    due = 1_760_000_000_000
    c.ask(messages.REMOVE, "pat1", "ord1", "morphine", 2000, due, None, 0, "", 0)
    c.pull(1)
    c.confirm(2000)
    removal = c.entries(start)[2]
    assert removal[entry.F_UTC_MS] == c.now()[0] != due and removal[entry.F_EXT][1] == due


def test_nothing_taken_is_cancelled():
    c = ready()
    start = c.journal.seq
    c.remove()
    c.pull(1)
    assert c.confirm(0) == (0, [start + 1, 8000, 8000])
    assert seen(c, start)[2] == (kinds.CANCELLED, start + 1, [1])


def test_not_confirmed_in_time_needs_a_count():
    c = ready()
    start = c.journal.seq
    c.remove()
    c.pull(1)
    c.push(1)
    c.wait(CONFIRM_MS - 1)
    assert c.state.must_count == set()
    c.wait(1)
    assert seen(c, start)[3] == (kinds.INTERRUPTED, start + 1, [1])
    assert c.state.must_count == {"D01-P01"}
    c.sign_on()
    assert c.remove(quantity=2000)[1][1] == "D02-P01"


def test_wrong_quantities_change_nothing():
    c = ready()
    c.remove()
    c.pull(1)
    for wrong in (2001, 2**31, 2**40):
        assert c.confirm(wrong)[0] in (codes.BAD_QUANTITY, codes.BAD_REQUEST)
    for wrong in (-1, None, "2", 1.0):
        assert c.confirm(wrong)[0] == codes.BAD_REQUEST
    c.stock("D01-P01", 100)
    assert c.confirm(200)[0] == codes.BAD_QUANTITY
    assert c.state.quantity("D01-P01") == 100 and c.phase() == messages.OPEN


def test_no_pocket_holds_enough():
    c = ready()
    start = c.journal.seq
    assert c.remove(quantity=21000) == (codes.NOT_ENOUGH, [20000, 28000])
    assert seen(c, start) == [(kinds.DENIED, 0, [1, codes.NOT_ENOUGH, 21000])]
    assert c.remove(quantity=9000)[1][1] == "D02-P01"


# the empty pocket of the item does not hide that the other one owes a count
def test_an_empty_pocket_beside_one_that_must_be_counted():
    c = ready()
    c.remove("saline", 2)
    c.pull(1)
    c.push(1)
    c.wait(CONFIRM_MS)
    assert c.state.must_count == {"D01-P02"} and c.state.quantity("D03-P01") == 0
    c.sign_on()
    assert c.remove("saline", 2) == (codes.MUST_COUNT, [])
    denied = c.entries()[-1]
    assert (denied[entry.F_PLACE], denied[entry.F_EXT]) == ("D01-P02", [1, codes.MUST_COUNT, 2])
    c.stock("D03-P01", 1)
    assert c.remove("saline", 2) == (codes.NOT_ENOUGH, [1, 1])


def test_repeated_request_id_moves_once():
    c = ready()
    first = c.ask_again(77, messages.REMOVE, "pat1", "", "morphine", 1000, None, None, 0, "", 0)
    before = c.journal.seq
    assert c.ask_again(77, messages.REMOVE, "pat1", "", "morphine", 1000, None, None, 0, "", 0) == first
    assert c.journal.seq == before and c.ever_energised == 1


def test_one_motion_at_a_time():
    c = ready()
    c.remove()
    seq = c.journal.seq
    assert c.remove("saline", 1)[0] == codes.BUSY
    assert c.ask(messages.COUNT, "D03-P01")[0] == codes.BUSY
    assert c.ask(messages.SIGN_OFF)[0] == codes.BUSY
    assert c.sign_on("b2", "4321")[0] == codes.BUSY
    assert c.journal.seq == seq and c.ever_energised == 1


def test_too_long_is_refused_before_anything_moves():
    c = ready()
    seq = c.journal.seq
    args = ("pat1", "o" * 16, "morphine", 1000, 1800000000000, "c" * 120, 0, "", 0)
    assert c.ask(messages.REMOVE, *args)[0] == codes.TOO_LONG
    assert c.journal.seq == seq and c.ever_energised == 0
    assert c.ask(messages.REFILL, "morphine", 1000, "L" * 129, None, None, None, 0)[0] == codes.BAD_REQUEST


def test_lock_that_does_not_answer():
    c = ready()
    start = c.journal.seq
    c.fail = "release"
    assert c.remove() == (codes.DRAWER_FAILED, [])
    assert seen(c, start) == [(kinds.ACCESS, start + 1, [1, 2000, 0]), (kinds.CANCELLED, start + 1, [4])]
    assert c.energised == set() and c.phase() == messages.SIGNED_ON
    assert c.remove()[1][1] == "D02-P01"  # the failed drawer is not asked again at once
    c.ask(messages.CANCEL)
    c.wait(5000)
    assert c.remove()[1][1] == "D01-P01"


def test_light_that_does_not_answer_stops_nothing():
    c = ready()
    c.fail = "light"
    assert c.remove()[0] == 0 and c.energised == {1}


# Write before you move: whatever flash operation fails, no lock has been energised for an access that is not durable.
def test_journal_that_fails_never_moves_a_lock():
    for operation in (1, 2):
        c = ready()
        c.chips.power.cut(operation)
        try:
            c.remove()
        except PowerCut:
            assert c.ever_energised == 0
        else:
            assert operation == 2


class Cut(Exception):
    pass


def removal(c, nth):
    steps = [0]

    def cut(action):
        steps[0] += 1
        if steps[0] == nth:
            raise Cut()

    c.after_action = cut
    c.remove()
    c.pull(1)
    c.confirm(2000)
    c.push(1)


# A cut after each action of a removal: every access has ended after the next boot, and an unconfirmed place is counted.
def test_power_cut_at_each_action():
    finished = interrupted = 0
    for nth in range(1, 30):
        c = ready()
        try:
            removal(c, nth)
            finished += 1
        except Cut:
            pass
        again = reboot(c)
        assert again.state.open == {} and again.energised == set()
        outcomes = [k for k in again.kinds() if k in kinds.OUTCOMES and k != kinds.COUNT]
        assert len(outcomes) == 1
        if outcomes == [kinds.INTERRUPTED]:
            interrupted += 1
            count_clears(again)
        else:
            assert outcomes == [kinds.REMOVE] and again.state.must_count == set()
            assert again.state.quantity("D01-P01") == 6000
        if finished:
            break
    assert finished and interrupted >= 5


def count_clears(c):
    assert c.state.must_count == {"D01-P01"} and c.state.quantity("D01-P01") == 8000
    assert c.phase() == messages.IDLE
    if not c.closed[1]:
        c.push(1)
    c.sign_on()
    assert c.remove()[1][1] == "D02-P01"
    c.ask(messages.CANCEL)
    assert c.ask(messages.COUNT, "D01-P01")[0] == 0
    c.pull(1)
    assert c.confirm(6000)[0] == 0
    c.push(1)
    assert c.state.must_count == set() and c.state.quantity("D01-P01") == 6000


def test_the_ring_full_opens_nothing_and_says_so():
    c = ready()
    while c.journal.opening_allowed:
        c.stock("D01-P02", 5)
    assert c.remove()[0] == codes.JOURNAL_FULL and c.ever_energised == 0
    assert [codes.ALARM_JOURNAL_FULL, 0] in c.said()[10]
    assert c.answer(c.journal.seq) == 0 and c.remove()[0] == 0  # released is room again, also in a small ring


def test_a_boot_that_finds_the_ring_full_is_written_once_there_is_room():
    for shut_meanwhile in (True, False):
        c = ready()
        assert c.remove()[0] == 0
        c.pull(1)
        while c.journal.free_pages:
            c.stock("D01-P02", 5)
        c = reboot(c)
        seq = c.journal.seq
        assert c.sign_on()[0] != 0 and c.remove()[0] != 0 and c.ever_energised == 0
        if shut_meanwhile:
            c.push(1)
        assert c.journal.seq == seq and c.state.open
        assert c.answer(seq) == 0
        came = c.kinds(seq)
        assert came[0] == kinds.BOOT and came.count(kinds.BOOT) == came.count(kinds.INTERRUPTED) == 1
        assert came.count(kinds.CLOSED) == shut_meanwhile and not c.state.open
        if not shut_meanwhile:
            c.push(1)
        assert c.sign_on()[0] == 0 and "D01-P01" in c.state.must_count
        assert c.ask(messages.COUNT, "D01-P01")[0] == 0 and c.ever_energised == 1


# who may do nothing could else use up what is kept for what is open
def test_a_full_journal_takes_no_refusals():
    c = ready()
    c.ask(messages.SIGN_OFF)
    assert c.sign_on("b3", "0000")[0] == 0
    while c.journal.opening_allowed:
        c.stock("D01-P02", 5)
    c.event("tick")
    seq = c.journal.seq
    assert c.remove()[0] == c.ask(messages.COUNT, "D01-P01")[0] == codes.NOT_ALLOWED
    assert c.ask(messages.WITNESS, "b2", "9999")[0] == codes.JOURNAL_FULL
    assert c.journal.seq == seq


def test_state_survives_as_it_was():
    c = ready()
    removal(c, 0)
    before = c.state.dump()
    versions = c.station.reference.versions()
    again = reboot(c)
    assert again.state.dump()[3:] == before[3:] and again.state.removals == 1
    assert again.station.reference.versions() == versions
