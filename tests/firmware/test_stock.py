# What the pharmacy does: refill, load, unload, outdates, lots; failing and recovering; by label and by scan.
from fakes import BIN, ITEMS, PATIENTS, UTC, ready, reboot

from firmware import codes, flags
from firmware.journal import entry, kinds
from firmware.wire import messages

REQ = ("F22", "F26", "F31", "P12", "P21", "P22", "P23", "P24", "P25", "P46", "U9", "U10", "U18")

NOW_MIN = UTC // 60000
SOON, LATER = NOW_MIN + 10, NOW_MIN + 20
START = entry.F_BEFORE


def seen(c, since):
    return [(f[entry.F_KIND], f[entry.F_TXN], f[entry.F_EXT]) for f in c.entries(since)]


def amounts(fields):
    return fields[START : START + 3]


def finish(c, drawer, quantity, label=None, counted=None):
    c.pull(drawer)
    reply = c.confirm(quantity, counted, label)
    c.push(drawer)
    return reply


def refill(c, quantity, lot=None, expiry=None, item="saline", code=None):
    return c.ask(messages.REFILL, item, quantity, lot, expiry, code)


def refilled(c, quantity, lot=None, expiry=None, item="saline"):
    reply = refill(c, quantity, lot, expiry, item)
    assert reply[0] == 0, reply
    assert finish(c, reply[1][2], quantity)[0] == 0
    return reply[1][1]


def flagged(c, bits):
    assert c.reference("items", 2, [ITEMS[0], ["saline", 0, 1, bits, 0, 0]], 1) == 0


def labelled(c):
    assert c.reference("policy", 1, [["label_scan", 1]]) == 0


def by_two(c):
    assert c.ask(messages.WITNESS, "b2", "4321")[0] == 0


# ---- lots


def test_what_expires_first_goes_first():
    c = ready()
    c.stock("D01-P02", 9)
    assert refilled(c, 6, "B", LATER) == "D03-P01"
    assert refilled(c, 4, "A", SOON) == "D03-P01"
    assert c.state.held.layers("D03-P01") == [("A", SOON, 4), ("B", LATER, 6)]
    # D01-P02 would be the least sufficient, but what expires first is in D03-P01
    reply = c.remove("saline", 5)
    assert reply[1][1] == "D03-P01" and finish(c, 3, 5)[0] == 0
    assert c.entries()[-2][entry.F_EXT] == [0, None, None, "A", SOON, 0, "", None]
    assert c.state.held.layers("D03-P01") == [("B", LATER, 5)]
    told = c.event("message", [messages.GET_INVENTORY, 0])[0][3]
    assert told[3] == ["D03-P01", "saline", 5, 1, 10, 12, 0, "B", LATER]


def test_a_return_to_the_pocket_keeps_its_lot():
    c = ready()
    refilled(c, 6, "A", SOON)
    txn = c.remove("saline", 2)[1][0]
    finish(c, 3, 2)
    assert c.ask(messages.RETURN, "pat1", "ord1", "saline", 1, txn, 1, None)[1][1] == "D03-P01"
    finish(c, 3, 1)
    assert c.entries()[-2][entry.F_EXT] == [0, txn, None, "A", SOON, None]
    assert c.state.held.layers("D03-P01") == [("A", SOON, 5)]


# dense around the minute in which it expires
def test_an_expired_pocket_gives_nothing_until_it_is_out():
    c = ready()
    c.ask(messages.FAIL, "D01-P02", 1)
    refilled(c, 4, "A", SOON)
    refilled(c, 2, "B", LATER)
    txn = c.remove("saline", 1)[1][0]
    finish(c, 3, 1)
    c.mono_ms = 10 * 60000 - 1
    c.sign_on()
    assert c.remove("saline", 1)[0] == 0
    c.ask(messages.CANCEL)
    c.mono_ms += 1
    start = c.journal.seq
    assert c.remove("saline", 1) == (codes.EXPIRED_DRUG, [])
    assert seen(c, start) == [(kinds.DENIED, 0, [1, codes.EXPIRED_DRUG, 1])]
    assert c.ask(messages.RETURN, "pat1", "ord1", "saline", 1, txn, 1, None)[0] == codes.EXPIRED_DRUG
    assert c.event("message", [messages.GET_INVENTORY, 3])[0][3][0][6:] == [5, "A", SOON]
    assert c.ask(messages.OUTDATE, "D03-P01")[1][1:] == ["D03-P01", 3, 1, 5, 0] and c.light == (3, 1)
    assert c.said()[7] == 3  # as many as have expired
    assert finish(c, 3, 3)[1][1:] == [5, 2]
    out = c.entries()[-2]
    assert (out[entry.F_KIND], out[entry.F_EXT], amounts(out)) == (kinds.OUTDATE, [0, "A", SOON], [5, -3, 2])
    assert c.remove("saline", 1)[1][1] == "D03-P01"


def test_what_has_expired_does_not_go_in():
    c = ready()
    moved = c.ever_energised
    for expiry in (1, NOW_MIN - 1, NOW_MIN):
        assert refill(c, 1, "A", expiry)[0] == codes.EXPIRED_DRUG
        assert c.entries()[-1][entry.F_EXT] == [kinds.PURPOSE_REFILL, codes.EXPIRED_DRUG, 1]
    assert c.ever_energised == moved
    assert refill(c, 1, "A", NOW_MIN + 1)[0] == 0


# without a time of any quality nobody can say what is still good
def test_without_the_time_nothing_that_expires_is_given():
    c = ready()
    refilled(c, 6, "A", LATER)
    c.tq = 0
    assert c.remove("saline", 6) == (codes.NOT_ENOUGH, [5, 5])
    assert c.remove("saline", 5)[1][1] == "D01-P02"


def test_lots_up_to_the_limit_of_a_pocket():
    c = ready()
    c.stock("D01-P02", 10)
    for n in range(5):
        refilled(c, 1, "lot%d" % n, LATER + n)
    assert refill(c, 1, "more", LATER)[0] == codes.LAYERS_FULL
    assert refilled(c, 1, "lot4", LATER + 4) == refilled(c, 1) == "D03-P01"
    assert len(c.state.held.layers("D03-P01")) == 6


def test_malformed_lots():
    c = ready()
    seq = c.journal.seq
    assert refill(c, 1, "x" * 21, LATER)[0] == codes.TOO_LONG
    for lot, expiry in (("\n", LATER), ("a", 0xFFFFFFFF), ("a", -1), (7, LATER), ("a", "soon")):
        assert refill(c, 1, lot, expiry)[0] == codes.BAD_REQUEST
    assert c.journal.seq == seq and refill(c, 1, "x" * 20, 0xFFFFFFFE)[0] == 0


# ---- label and scan


def test_the_label_of_the_pocket_is_read():
    c = ready()
    labelled(c)
    start = c.journal.seq
    txn = refill(c, 6, "A", LATER)[1][0]
    assert c.said()[16] == 1
    c.pull(3)
    assert c.confirm(6) == (codes.SCAN_NEEDED, [])
    assert c.confirm(6, None, "D01-P02") == (codes.WRONG_POCKET, ["D03-P01"])
    assert seen(c, start)[2:] == [(kinds.DENIED, 0, [3, codes.WRONG_POCKET, 6])] and c.state.quantity("D03-P01") == 0
    assert c.confirm(6, None, "D03-P01") == (0, [txn, 0, 6])


def test_a_label_that_is_read_counts_though_none_is_asked_for():
    c = ready()
    refill(c, 6)
    c.pull(3)
    assert c.confirm(6, None, "D03-P02")[0] == codes.WRONG_POCKET
    assert c.confirm(6, None, "D03-P01")[0] == 0


def test_a_label_that_cannot_be_read_is_bypassed_once():
    c = ready()
    labelled(c)
    refill(c, 2)
    c.pull(3)
    assert c.ask(messages.BYPASS, 2, 2, "", "D03-P01")[0] == 0
    assert c.confirm(2)[0] == 0
    c.push(3)
    refill(c, 2)
    c.pull(3)
    assert c.confirm(2)[0] == codes.SCAN_NEEDED
    assert c.confirm(0)[0] == 0  # nothing goes in


def test_the_package_is_scanned():
    c = ready()
    flagged(c, flags.SCAN_AT_REFILL)
    assert refill(c, 6)[0] == codes.SCAN_NEEDED and refill(c, 6, code="")[0] == codes.SCAN_NEEDED
    assert refill(c, 6, code="0100312")[0] == 0
    finish(c, 3, 6)
    assert c.entries()[-2][entry.F_EXT] == [0, None, None, "0100312", None]


# ---- load, unload


def test_unload_takes_a_place_out_of_use_and_load_back():
    c = ready()
    start = c.journal.seq
    assert c.ask(messages.UNLOAD, "D01-P02") == (0, [start + 1, "D01-P02", 1, 2, 5, 0])
    assert finish(c, 1, 5) == (0, [start + 1, 5, 0])
    out = c.entries(start)[2]
    assert (out[entry.F_KIND], out[entry.F_EXT], amounts(out)) == (kinds.UNLOAD, [0], [5, -5, 0])
    c.stock("D03-P01", 10)
    assert refill(c, 1)[0] == codes.POCKET_FULL and c.ask(messages.COUNT, "D01-P02")[0] == codes.NOT_LOADED
    assert c.event("message", [messages.GET_INVENTORY, 1])[0][3][0][6] == 3
    again = reboot(c)
    again.sign_on()
    start = again.journal.seq
    assert again.ask(messages.LOAD, "D01-P02", 7, "A", LATER, "code")[1][1:] == ["D01-P02", 1, 2, 0, 0]
    assert finish(again, 1, 7) == (0, [start + 1, 0, 7])
    assert seen(again, start)[2] == (kinds.LOAD, start + 1, [0, "A", LATER, "code"])
    assert again.state.held.layers("D01-P02") == [("A", LATER, 7)] and again.remove("saline", 7)[1][1] == "D01-P02"


def test_unload_finds_a_difference():
    c = ready()
    start = c.journal.seq
    c.ask(messages.UNLOAD, "D01-P02")
    assert finish(c, 1, 0)[1][1:] == [0, 0]
    told = c.entries(start)[2:4]
    assert [(f[entry.F_KIND], amounts(f)) for f in told] == [(34, [5, -5, 0]), (28, [0, 0, 0])]
    assert told[0][entry.F_EXT] == ["setup", 9]


def test_load_wants_an_empty_place_and_fits_it():
    c = ready()
    load = ("A", LATER, None)
    assert c.ask(messages.LOAD, "D01-P02", 1, *load)[0] == codes.NOT_EMPTY
    assert c.ask(messages.LOAD, "D09-P02", 1, *load)[0] == codes.NO_POCKET
    assert c.ask(messages.LOAD, "D03-P01", 13, *load)[0] == codes.BAD_QUANTITY
    assert c.ask(messages.LOAD, "D03-P01", 0, *load)[0] == codes.BAD_QUANTITY
    assert c.ask(messages.LOAD, "D03-P01", 1, "A", NOW_MIN, None)[0] == codes.EXPIRED_DRUG
    assert c.ask(messages.LOAD, "D03-P01", 12, *load)[0] == 0
    assert finish(c, 3, 12)[0] == 0


# nothing keeps it from being counted: what was put there is in use, an empty one waits for the next load
def test_a_load_that_was_interrupted_is_counted():
    for found, code in ((6, codes.NOT_EMPTY), (0, codes.NONE)):
        c = ready()
        c.ask(messages.UNLOAD, "D01-P02")
        finish(c, 1, 5)
        c.ask(messages.LOAD, "D01-P02", 6, "A", LATER, None)
        c.pull(1)
        c = reboot(c)
        c.push(1)
        c.sign_on()
        assert c.state.must_count == {"D01-P02"}
        assert c.ask(messages.LOAD, "D01-P02", 6, "A", LATER, None)[0] == codes.MUST_COUNT
        assert c.ask(messages.COUNT, "D01-P02")[0] == 0 and finish(c, 1, found)[0] == 0
        assert c.state.must_count == set()
        assert c.ask(messages.LOAD, "D01-P02", 6, "A", LATER, None)[0] == code
        if found:
            assert c.remove("saline", 6)[1][1] == "D01-P02"


def test_an_unloaded_place_of_a_drawer_that_was_recovered_may_get_another_item():
    c = ready()
    c.ask(messages.UNLOAD, "D01-P02")
    finish(c, 1, 5)
    c.ask(messages.FAIL, "D01", 2)
    by_two(c)
    c.ask(messages.RECOVER, "D01")
    finish(c, 1, 8000)
    other = [["D01-P02", 1, 2, "morphine", 0, 10, 12]]
    assert c.reference("pockets", 2, other, 1) == codes.POCKET_IN_USE
    assert c.ask(messages.COUNT, "D01-P02")[0] == 0 and finish(c, 1, 0)[0] == 0
    assert c.reference("pockets", 2, other, 1) == 0


def test_cancelled_loads_and_unloads_change_nothing():
    c = ready()
    before = c.state.held.pocket("D01-P02")[:5]
    for request, drawer in (
        ((messages.UNLOAD, "D01-P02"), 1),
        ((messages.OUTDATE, "D01-P02"), 1),
        ((messages.LOAD, "D03-P01", 5, None, None, None), 3),
    ):
        assert c.ask(*request)[0] == 0
        c.pull(drawer)
        assert c.ask(messages.CANCEL)[0] == 0
        c.push(drawer)
    assert c.state.held.pocket("D01-P02")[:5] == before and c.state.quantity("D03-P01") == 0
    assert c.remove("saline", 5)[0] == 0


def test_outdate_of_an_empty_place_and_of_more_than_there_is():
    c = ready()
    assert c.ask(messages.OUTDATE, "D03-P01") == (codes.NOT_ENOUGH, [0, 0])
    c.ask(messages.OUTDATE, "D01-P02")
    c.pull(1)
    assert c.confirm(6)[0] == codes.BAD_QUANTITY and c.confirm(5)[0] == 0
    assert c.entries()[-1][entry.F_EXT] == [0, None, None] and c.state.quantity("D01-P02") == 0


# ---- out of order


def test_a_pocket_that_failed_is_recovered_by_two_and_counted():
    c = ready()
    start = c.journal.seq
    assert c.ask(messages.FAIL, "D01-P01", 3) == (0, [start + 1])
    failed = c.entries(start)[0]
    assert (failed[entry.F_KIND], failed[entry.F_TXN], failed[entry.F_EXT]) == (kinds.FAILED, 0, [3])
    assert failed[entry.F_PLACE] == "D01-P01" and failed[entry.F_ITEM] == "morphine"
    assert c.remove()[1][1] == "D02-P01"
    c.ask(messages.CANCEL)
    assert c.ask(messages.COUNT, "D01-P01")[0] == codes.POCKET_FAILED
    again = reboot(c)
    again.sign_on()
    assert again.said()[20] == ["D01-P01"]
    assert again.ask(messages.RECOVER, "D01-P01")[0] == codes.WITNESS_NEEDED
    by_two(again)
    start = again.journal.seq
    assert again.ask(messages.RECOVER, "D01-P01") == (0, [start + 1, "D01-P01", 1, 1, 8000, 0])
    assert finish(again, 1, 7000) == (0, [start + 1, 8000, 7000])
    told = again.entries(start)[2:4]
    assert [(f[entry.F_KIND], f[entry.F_TXN], f[entry.F_WITNESS]) for f in told] == [
        (kinds.RECOVERED, start + 1, "ben"),
        (kinds.COUNT, start + 1, "ben"),
    ]
    assert amounts(told[1]) == [8000, -1000, 7000] and again.said()[20] == [] and again.state.must_count == set()
    assert again.remove()[1][1] == "D01-P01"


def test_a_drawer_that_failed_is_counted_pocket_by_pocket():
    c = ready()
    assert c.ask(messages.FAIL, "D01", 2)[0] == 0 and c.entries()[-1][entry.F_PLACE] == "D01"
    assert c.ask(messages.COUNT, "D01-P02")[0] == codes.POCKET_FAILED and c.said()[20] == ["D01"]
    by_two(c)
    assert c.ask(messages.RECOVER, "D01")[1][1] == "D01-P01"
    finish(c, 1, 8000)
    assert c.said()[20] == [] and c.state.must_count == {"D01-P02"}
    assert c.ask(messages.UNLOAD, "D01-P02")[0] == codes.MUST_COUNT and c.remove()[0] == 0
    finish(c, 1, 0)
    assert c.ask(messages.COUNT, "D01-P02")[0] == 0
    finish(c, 1, 5)
    assert c.remove("saline", 1)[0] == 0


# something is caught in it, or its switch is broken: the others are needed all the same
def test_a_drawer_that_does_not_shut_is_taken_out_of_use_and_holds_up_nobody():
    for step in ("failed first", "confirmed first"):
        c = ready()
        txn = c.remove()[1][0]
        c.pull(1)
        if step == "failed first":
            assert c.ask(messages.FAIL, "D01", 4)[0] == 0 and c.remove("saline", 1)[0] == codes.BUSY
            assert c.confirm(2000)[0] == 0
        else:
            assert c.confirm(2000)[0] == 0 and c.remove(quantity=3000)[0] == codes.BUSY
            assert c.ask(messages.FAIL, "D01", 4)[0] == 0
        assert c.phase() == messages.SIGNED_ON and c.light is None
        assert c.sign_on("b2", "4321")[0] == 0
        assert c.remove()[1][1] == "D02-P01"
        c.pull(2)
        start = c.journal.seq
        c.push(1)  # by whoever mended it
        closed = c.entries(start)[0]
        assert (closed[entry.F_KIND], closed[entry.F_TXN], closed[entry.F_ACTOR]) == (kinds.CLOSED, txn, "")
        c.wait(60000)  # the drawer that was shut is not hers
        assert c.confirm(2000)[0] == 0
        c.push(2)
        assert c.ask(messages.COUNT, "D01-P01")[0] == codes.POCKET_FAILED


# one that is merely open is shut first
def test_another_drawer_that_fails_leaves_the_access_as_it_is():
    c = ready()
    c.remove()
    c.pull(1)
    assert c.ask(messages.FAIL, "D02", 1)[0] == 0 and c.ask(messages.FAIL, "D01-P02", 1)[0] == 0
    assert c.confirm(2000)[0] == 0 and c.remove()[0] == codes.BUSY
    c.push(1)
    assert c.remove()[1][1] == "D01-P01"


def test_a_recovery_that_is_interrupted_leaves_the_place_out_of_order():
    c = ready()
    c.ask(messages.FAIL, "D01-P01", 1)
    by_two(c)
    c.ask(messages.RECOVER, "D01-P01")
    c.pull(1)
    again = reboot(c)
    assert again.state.held.failed == {"D01-P01"} and again.state.must_count == {"D01-P01"}


def test_a_bin_that_failed_is_emptied_when_it_works_again():
    c = ready()
    txn = c.remove()[1][0]
    finish(c, 1, 2000)
    c.ask(messages.RETURN, "pat1", "ord1", "morphine", 500, txn, 0, None)
    c.turn()
    assert c.confirm(500)[0] == 0
    c.let_go()
    assert c.ask(messages.FAIL, "D04-P01", 1)[0] == 0
    assert c.ask(messages.RETURN, "pat1", "ord1", "morphine", 500, txn, 0, None)[0] == codes.POCKET_FAILED
    by_two(c)
    start = c.journal.seq
    assert c.ask(messages.RECOVER, "D04-P01")[0] == 0
    c.pull(BIN)
    assert c.confirm(1)[0] == codes.BAD_REQUEST
    assert c.ask(messages.CONFIRM_BIN, [["morphine", 500]])[0] == 0
    c.push(BIN)
    assert c.kinds(start) == [kinds.ACCESS, 11, kinds.RECOVERED, kinds.BIN_EMPTIED, 12]
    assert c.state.must_count == set() and c.state.held.failed == set() and c.state.held.bin.count == 0


def test_bad_input_to_fail_and_recover():
    c = ready()
    seq = c.journal.seq
    assert c.ask(messages.FAIL, "D01-P01", 0)[0] == codes.REASON_NEEDED
    assert c.ask(messages.FAIL, "D01-P01", 5)[0] == codes.BAD_REQUEST
    for wrong in ("D09", "D01-P09", "D09-P01"):
        assert c.ask(messages.FAIL, wrong, 1)[0] == codes.NO_POCKET
        assert c.ask(messages.RECOVER, wrong)[0] == codes.NO_POCKET
    for wrong in ("D1", "D17", "", None, "P01", "D00"):
        assert c.ask(messages.FAIL, wrong, 1)[0] == codes.BAD_REQUEST
    assert c.journal.seq == seq
    c.sign_on("b3", "0000")
    assert c.ask(messages.FAIL, "D01-P01", 1)[0] == codes.NOT_ALLOWED and PATIENTS


# whatever is cut off, the fold after the boot says what live said, and each access has ended
def test_power_cut_between_any_two_entries():
    class Cut(Exception):
        pass

    def day(c):
        refilled(c, 4, "A", SOON)
        c.remove("saline", 2)
        finish(c, 3, 2)
        c.ask(messages.OUTDATE, "D03-P01")
        finish(c, 3, 1)
        c.ask(messages.UNLOAD, "D01-P02")
        finish(c, 1, 4)
        c.ask(messages.LOAD, "D01-P02", 3, "B", LATER, None)
        finish(c, 1, 3)
        c.ask(messages.FAIL, "D03-P01", 1)
        by_two(c)
        c.ask(messages.RECOVER, "D03-P01")
        finish(c, 3, 1)

    at, finished = 0, False
    while not finished:
        c = ready()
        append, writes = c.journal.append, [0]

        def cut(*args, **named):
            if writes[0] == at:
                raise Cut()
            writes[0] += 1
            return append(*args, **named)

        c.journal.append = cut
        try:
            day(c)
            finished = True
        except Cut:
            pass
        live = [c.state.held.pocket(row[0])[:2] + c.state.held.layers(row[0]) for row in c.state.held.stock.rows()]
        opened = [access[3] for access in c.state.open.values()]
        again = reboot(c)
        held = again.state.held
        assert live == [held.pocket(row[0])[:2] + held.layers(row[0]) for row in held.stock.rows()][: len(live)], at
        assert again.state.open == {} and again.state.must_count.issuperset(opened), at
        c = append = again = held = cut = None
        at += 3
    assert at >= 30
