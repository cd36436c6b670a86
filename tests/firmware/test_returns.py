# What comes back, to a pocket or to the return bin; the bin emptied by two; waste.
from fakes import BIN, ITEMS, RELEASE_MS, ready, reboot

from firmware import codes, flags
from firmware.journal import entry, kinds
from firmware.wire import messages

REQ = ("F9", "F10", "F11", "F12", "U9", "U15")

PLACE = "D04-P01"
START = entry.F_BEFORE


def seen(c, since):
    return [(f[entry.F_KIND], f[entry.F_TXN], f[entry.F_EXT]) for f in c.entries(since)]


def amounts(fields):
    return fields[START : START + 3]


def flagged(c, bits, version=2):
    assert c.reference("items", version, [ITEMS[0][:3] + [bits, 0, 0], ITEMS[1]], version - 1) == 0


def removed(c, item="morphine", quantity=2000):
    reply = c.remove(item, quantity)
    assert reply[0] == 0
    c.pull(reply[1][2])
    assert c.confirm(quantity)[0] == 0
    c.push(reply[1][2])
    return reply[1][0]


def give_back(c, quantity, txn, to=0, item="morphine", patient="pat1", code=None):
    return c.ask(messages.RETURN, patient, "ord1", item, quantity, txn, to, code)


def to_bin(c, quantity, txn, item="morphine"):
    reply = give_back(c, quantity, txn, 0, item)
    assert reply[0] == 0, reply
    c.turn()
    done = c.confirm(quantity)
    c.let_go()
    return done


def test_return_to_the_bin_leaves_the_stock():
    c = ready()
    txn = removed(c)
    start = c.journal.seq
    assert give_back(c, 500, txn) == (0, [start + 1, PLACE, BIN, 1, 0, 0])
    assert c.moved[-1] == ("lid", BIN, 1, RELEASE_MS) and c.confirm(500)[0] == codes.NOT_OPENED
    c.turn()
    assert c.confirm(500) == (0, [start + 1, 0, 500])
    c.let_go()
    assert seen(c, start)[2] == (kinds.RETURN_BIN, start + 1, [0, txn])
    assert c.state.quantity("D01-P01") == 6000 and c.state.quantity(PLACE) == 0
    assert to_bin(c, 1500, txn)[1][1:] == [500, 2000]
    back = c.entries(start)
    assert [f[entry.F_PLACE] for f in back if f[entry.F_KIND] == kinds.RETURN_BIN] == [PLACE, PLACE]
    assert list(c.state.held.bin.of(PLACE)) == [["morphine", 2000]]


# rows of the bin follow the pockets, wherever the part begins
def test_what_lies_in_the_bin_is_in_the_inventory():
    c = ready()
    to_bin(c, 500, removed(c))
    to_bin(c, 1, removed(c, "saline", 1), "saline")
    row = [PLACE, "morphine", 500, 0, 0, 0, 6, "", 0]
    for start, rows in ((0, 6), (3, 3), (4, 2), (5, 1), (6, 0)):
        told = c.event("message", [messages.GET_INVENTORY, start])[0]
        assert told[2] == 6 and len(told[3]) == rows
        assert rows < 1 or told[3][-1] == row


def test_return_to_the_bin_up_to_its_limit():
    c = ready()
    txn = removed(c)
    bin = c.state.held.bin
    for n in range(48):
        bin.put(PLACE, "item%02d" % n, 1)
    assert give_back(c, 1, txn) == (codes.BIN_FULL, [])
    bin.remove(PLACE, "item00")
    assert to_bin(c, 1, txn)[0] == 0
    assert to_bin(c, 1, txn)[0] == 0 and bin.count == 48


def test_return_to_a_bin_that_has_failed():
    c = ready()
    txn = removed(c)
    c.pull(BIN)
    assert give_back(c, 1, txn)[0] == codes.DRAWER_FAILED
    c.push(BIN)
    assert c.ask(messages.FAIL, "D04", 1)[0] == 0
    assert give_back(c, 1, txn)[0] == codes.POCKET_FAILED


# of two bins the one that works, whichever has failed
def test_return_to_the_other_bin():
    c = ready({2: 8})
    txn = removed(c)
    assert give_back(c, 1, txn)[1][1] == "D02-P01"
    c.ask(messages.CANCEL)
    assert c.ask(messages.FAIL, "D04", 1)[0] == 0
    assert give_back(c, 1, txn)[1][1] == "D02-P01"
    c.ask(messages.CANCEL)
    c = ready({2: 8})
    txn = removed(c)
    assert c.ask(messages.FAIL, "D02", 1)[0] == 0
    assert give_back(c, 1, txn)[1][1] == PLACE


def test_no_more_comes_back_than_was_removed():
    c = ready()
    txn = removed(c)
    for to in (0, 1):
        assert give_back(c, 2001, txn, to)[0] == codes.BAD_QUANTITY
        assert give_back(c, 0, txn, to)[0] == codes.BAD_QUANTITY
    assert c.ask(messages.WASTE, "pat1", "ord1", "morphine", 2001, txn, 1)[0] in (113, codes.WITNESS_NEEDED)
    assert give_back(c, 2000, txn)[0] == 0


def test_of_a_cancelled_removal_nothing_comes_back():
    c = ready()
    txn = c.remove()[1][0]
    c.pull(1)
    c.ask(messages.CANCEL)
    c.push(1)
    for to in (0, 1):
        assert give_back(c, 1, txn, to)[0] == codes.UNKNOWN_REMOVAL


# U9: to a pocket only what was scanned, or somebody says why it cannot be
def test_return_to_a_pocket_by_scan():
    c = ready()
    flagged(c, flags.SCAN_AT_REFILL)
    txn = removed(c)
    assert give_back(c, 500, txn, 1)[0] == codes.SCAN_NEEDED
    assert give_back(c, 500, txn, 1, code="0312345")[1][1] == "D01-P01"
    c.pull(1)
    assert c.confirm(500)[0] == 0
    c.push(1)
    assert c.entries()[-2][entry.F_EXT] == [0, txn, "0312345", None, None, None]
    assert c.ask(messages.BYPASS, 1, 1, "morphine", "")[0] == 0
    assert give_back(c, 500, txn, 1)[0] == 0
    c.ask(messages.CANCEL)
    assert give_back(c, 500, txn, 1)[0] == codes.SCAN_NEEDED
    assert give_back(c, 500, txn, 0)[0] == 0  # the bin asks for none


def test_what_may_go_to_the_bin_only():
    c = ready()
    flagged(c, flags.BIN_ONLY)
    txn = removed(c)
    assert give_back(c, 500, txn, 1)[0] == codes.NOT_ALLOWED
    assert to_bin(c, 500, txn)[0] == 0


def test_a_witness_at_the_return():
    c = ready()
    flagged(c, flags.WITNESS_AT_RETURN)
    txn = removed(c)
    for to in (0, 1):
        assert give_back(c, 500, txn, to)[0] == codes.WITNESS_NEEDED
        assert c.ask(messages.WITNESS, "b2", "4321")[0] == 0
        assert give_back(c, 500, txn, to)[0] == 0
        c.pull(1) if to else c.turn()
        c.confirm(500)
        assert c.entries()[-1][entry.F_WITNESS] == "ben"
        c.push(1) if to else c.let_go()


def test_cancelled_and_interrupted_at_the_bin():
    c = ready()
    txn = removed(c)
    assert give_back(c, 500, txn)[0] == 0
    c.turn()
    assert c.confirm(0)[0] == 0 and c.kinds()[-1] == kinds.CANCELLED
    c.let_go()
    give_back(c, 500, txn)
    c.turn()
    again = reboot(c)
    assert again.kinds()[-2:] == [kinds.INTERRUPTED, kinds.SIGN_OFF]
    assert again.state.must_count == set() and again.state.held.bin.count == 0
    again.let_go()
    assert again.kinds()[-1] == kinds.CLOSED and again.state.alarms == []
    again.sign_on()
    assert to_bin(again, 500, txn)[0] == 0


def filled(c):
    to_bin(c, 500, removed(c))
    to_bin(c, 2, removed(c, "saline", 3), "saline")
    return c


def empty(c, found, badge="b2"):
    assert c.ask(messages.WITNESS, badge, "4321")[0] == 0
    reply = c.ask(messages.EMPTY_BIN, PLACE)
    assert reply[0] == 0, reply
    c.pull(BIN)
    done = c.ask(messages.CONFIRM_BIN, found)
    return reply[1], done


def test_emptied_by_two_item_by_item():
    c = filled(ready())
    start = c.journal.seq
    params, done = empty(c, [["saline", 2], ["morphine", 500]])
    txn = start + 1
    assert params == [txn, PLACE, BIN, 1, None, 0] and done == (0, [txn])
    c.push(BIN)
    told = c.entries(start)
    assert [f[entry.F_KIND] for f in told] == [kinds.ACCESS, 11, kinds.BIN_EMPTIED, kinds.BIN_EMPTIED, 12]
    assert [(f[entry.F_ITEM], amounts(f), f[entry.F_EXT]) for f in told[2:4]] == [
        ("morphine", [500, -500, 0], [0]),
        ("saline", [2, -2, 0], [0]),
    ]
    assert [f[entry.F_WITNESS] for f in told] == ["ben", None, "ben", "ben", None] and told[0][entry.F_ITEM] is None
    assert c.state.held.bin.count == 0 and c.state.open == {} and c.phase() == messages.SIGNED_ON


def test_the_bin_needs_a_witness_who_is_somebody_else():
    c = filled(ready())
    assert c.ask(messages.EMPTY_BIN, PLACE)[0] == codes.WITNESS_NEEDED
    assert c.ask(messages.WITNESS, "b1", "1234")[0] == codes.WITNESS_IS_ACTOR
    assert c.ask(messages.EMPTY_BIN, PLACE)[0] == codes.WITNESS_NEEDED
    for wrong in ("D01-P01", "D04-P02", "D09-P01"):
        assert c.ask(messages.EMPTY_BIN, wrong)[0] == codes.NO_POCKET


def test_what_the_bin_should_not_hold_and_what_is_missing():
    c = filled(ready())
    start = c.journal.seq
    _, done = empty(c, [["morphine", 0], ["saline", 2], ["aspirin", 1], ["nothing", 0]])
    assert done[0] == 0
    told = [(f[entry.F_KIND], f[entry.F_ITEM], amounts(f)) for f in c.entries(start)[2:]]
    assert told == [
        (kinds.DISCREPANCY, "aspirin", [0, 1, 1]),
        (kinds.DISCREPANCY, "morphine", [500, -500, 0]),
        (kinds.BIN_EMPTIED, "aspirin", [1, -1, 0]),
        (kinds.BIN_EMPTIED, "morphine", [0, 0, 0]),
        (kinds.BIN_EMPTIED, "saline", [2, -2, 0]),
    ]
    assert c.entries(start)[2][entry.F_EXT][0] == "anna" and c.state.held.bin.count == 0 and c.state.open == {}


def test_each_item_of_the_bin_must_be_named():
    c = filled(ready())
    start = c.journal.seq
    _, done = empty(c, [["saline", 2]])
    assert done == (codes.COUNT_NEEDED, ["morphine"]) and c.confirm(1)[0] == codes.BAD_REQUEST
    assert c.kinds(start)[2:] == [] and c.phase() == messages.OPEN
    more = [["i%02d" % n, 1] for n in range(47)]
    named = [["morphine", 500], ["saline", 2]]
    assert c.ask(messages.CONFIRM_BIN, named + more) == (codes.TOO_MANY, [48])
    assert c.ask(messages.CONFIRM_BIN, named)[0] == 0


def test_nothing_in_it():
    c = ready()
    start = c.journal.seq
    _, done = empty(c, [])
    assert done == (0, [start + 1]) and c.kinds(start)[-1] == kinds.CANCELLED


# power goes between any two entries: what was not yet taken off the list is still on it, and the access has ended
def test_power_cut_while_it_is_emptied():
    class Cut(Exception):
        pass

    for left in range(4):
        c = filled(ready())
        assert c.ask(messages.WITNESS, "b2", "4321")[0] == 0
        c.ask(messages.EMPTY_BIN, PLACE)
        c.pull(BIN)
        append, writes = c.journal.append, [0]

        def cut(*args, **named):
            if writes[0] == left:
                raise Cut()
            writes[0] += 1
            return append(*args, **named)

        c.journal.append = cut
        try:
            c.ask(messages.CONFIRM_BIN, [["saline", 1], ["morphine", 500]])
            assert left == 3
        except Cut:
            pass
        again = reboot(c)
        assert again.state.open == {} and again.state.must_count == set()
        both = [["saline", 2], ["morphine", 500]]
        assert list(again.state.held.bin.of(PLACE)) == [both, [["saline", 1], both[1]], [["saline", 1]], []][left]
        outcome = [k for k in again.kinds() if k in (kinds.BIN_EMPTIED, kinds.INTERRUPTED)][-1]
        assert outcome == (kinds.BIN_EMPTIED if left == 3 else kinds.INTERRUPTED)
        c = again = append = None


def test_no_room_in_the_journal_for_all_items():
    c = filled(ready())
    while c.journal.free_pages > 35:
        c.stock("D01-P02", 5)
    c.ask(messages.WITNESS, "b2", "4321")
    moved = c.ever_energised
    assert c.ask(messages.EMPTY_BIN, PLACE)[0] == codes.JOURNAL_FULL and c.ever_energised == moved


# ---- waste


def waste(c, quantity, txn, reason=1, item="morphine"):
    return c.ask(messages.WASTE, "pat1", "ord1", item, quantity, txn, reason)


def test_waste_by_two_with_its_reason():
    c = ready()
    txn = removed(c)
    start, moved = c.journal.seq, c.ever_energised
    assert waste(c, 500, txn) == (codes.WITNESS_NEEDED, [])
    for reason in (1, 2, 3, 4, 5):
        assert c.ask(messages.WITNESS, "b2", "4321")[0] == 0
        code, params = waste(c, 100, txn, reason)
        told = c.entries()[-1]
        assert code == 0 and told[entry.F_EXT] == [reason, txn, 100] and params == [c.journal.seq]
        assert told[entry.F_WITNESS] == "ben" and amounts(told) == [None] * 3
    assert waste(c, 100, txn)[0] == codes.WITNESS_NEEDED
    assert set(c.kinds(start)) == {kinds.WASTE} and c.ever_energised == moved
    assert c.state.quantity("D01-P01") == 6000


def test_waste_that_needs_no_witness_names_one_who_is_there():
    c = ready()
    txn = removed(c, "saline", 2)
    assert waste(c, 1, txn, 5, "saline")[0] == 0 and c.entries()[-1][entry.F_WITNESS] is None
    c.ask(messages.WITNESS, "b2", "4321")
    assert waste(c, 1, txn, 5, "saline")[0] == 0 and c.entries()[-1][entry.F_WITNESS] == "ben"


def test_waste_wants_a_reason_and_a_removal():
    c = ready()
    txn = removed(c, "saline", 2)
    assert waste(c, 1, txn, 0, "saline")[0] == codes.REASON_NEEDED
    assert waste(c, 1, txn, 6, "saline")[0] == codes.BAD_REQUEST
    assert waste(c, 3, txn, 1, "saline")[0] == codes.BAD_QUANTITY
    assert waste(c, 1, txn + 1, 1, "saline")[0] == codes.UNKNOWN_REMOVAL
    assert waste(c, 0, txn, 1, "saline")[0] == codes.BAD_QUANTITY
    assert waste(c, 2, txn, 1, "saline")[0] == 0
