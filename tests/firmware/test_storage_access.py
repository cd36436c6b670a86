# Removals from storage that is more than a drawer: what moves, in which order, and what is in the journal.
from fakes import CONFIRM_MS, RELEASE_MS, ready

from firmware import codes
from firmware.chart import TURN_MS
from firmware.journal import entry, kinds
from firmware.wire import messages

REQ = ("P5", "F20", "F21")


def seen(c, since):
    return [(f[entry.F_KIND], f[entry.F_TXN]) for f in c.entries(since)]


# as STATE tells
def seen_units(c):
    return c.said()[22]


def test_only_the_lid_of_the_pocket_opens():
    c = ready({1: 2})
    start = c.journal.seq
    assert c.remove()[1][1] == "D01-P01"
    assert c.moved == [("release", 1, 1, RELEASE_MS)] and c.light == (1, 1)
    c.pull(1)
    assert c.moved[1:] == [("lid", 1, 1, RELEASE_MS)]
    assert c.confirm(2000)[0] == codes.NOT_OPENED
    c.event("lid", 1, 1, False)
    assert c.confirm(2000)[0] == 0
    c.event("lid", 1, 1, True)
    c.push(1)
    txn = start + 1
    assert seen(c, start) == [(kind, txn) for kind in (kinds.ACCESS, kinds.OPENED, kinds.REMOVE, kinds.CLOSED)]
    assert c.state.alarms == [] and len(c.moved) == 2


def test_another_lid_raises_alarm_7():
    c = ready({1: 2})
    c.remove()
    c.pull(1)
    c.event("lid", 1, 2, False)
    assert c.state.alarms == [[codes.ALARM_LID_FORCED, 1]]


def test_a_lid_whose_solenoid_does_not_answer_cancels_the_access():
    c = ready({1: 2})
    start = c.journal.seq
    c.remove()
    c.fail = "lid"
    c.pull(1)
    assert seen(c, start)[-1] == (kinds.CANCELLED, start + 1)
    c.push(1)
    assert c.phase() == messages.SIGNED_ON and c.remove()[0] == 0


def test_a_lid_that_stays_shut_is_cancelled_as_jammed():
    c = ready({1: 2})
    start = c.journal.seq
    c.remove()
    c.pull(1)
    c.wait(RELEASE_MS)
    assert [f[entry.F_EXT] for f in c.entries(start) if f[entry.F_KIND] == kinds.CANCELLED] == [[3]]
    c.push(1)
    assert c.phase() == messages.SIGNED_ON


def test_a_coil_lets_fall_as_many_units_as_were_asked_for():
    c = ready({1: 7})
    c.remove(quantity=2500)  # of 1000 a unit: three must fall
    assert c.moved == [("dispense", 1, 1, 3)]
    for n in (1, 2):
        c.event("drop", 1, 1)
        assert seen_units(c) == n and len(c.moved) == 1
    c.event("drop", 1, 1)
    assert c.moved[1:] == [("release", 1, 1, RELEASE_MS)]
    c.pull(1)
    assert c.confirm(2500)[0] == 0
    c.push(1)
    assert c.state.alarms == [] and seen_units(c) is None


def test_a_coil_that_gives_too_few_says_so():
    c = ready({1: 7})
    c.remove(quantity=2000)
    c.event("drop", 1, 1)
    c.wait(TURN_MS)
    assert c.state.alarms == [[codes.ALARM_DISAGREE, 1]] and seen_units(c) == 1
    c.pull(1)
    assert c.confirm(1000)[0] == 0
    c.push(1)
    assert c.state.alarms == []


def test_a_coil_is_filled_through_its_door():
    c = ready({3: 7})
    assert c.ask(messages.REFILL, "saline", 6, None, None, None, None, 0)[1][1] == "D03-P01"
    assert c.moved == [("release", 3, 1, RELEASE_MS)]


def test_a_shelf_counts_its_buttons():
    c = ready({1: 6})
    c.remove()
    c.pull(1)
    for n in (1, 1, 1, -1):
        c.event("button", 1, 1, n)
    assert seen_units(c) == 2
    c.event("button", 1, 2, 1)
    assert c.state.alarms == [[codes.ALARM_DISAGREE, 1]] and seen_units(c) == 2


def test_single_doses_come_out_one_after_the_other():
    c = ready({1: 3})
    c.remove(quantity=2000)
    assert c.moved == [("dispense", 1, 1, 2)]
    c.pull(1)
    c.event("drop", 1, 1)
    assert c.confirm(2000)[0] == codes.NOT_OPENED
    c.event("drop", 1, 1)
    assert c.confirm(2000)[0] == 0
    c.push(1)
    assert c.state.alarms == [] and c.phase() == messages.SIGNED_ON


def test_not_confirmed_counts_from_the_closing_for_each_type():
    for kind in (2, 3, 6, 7):
        c = ready({1: kind})
        c.remove()
        for _ in range(2 if kind == 7 else 0):
            c.event("drop", 1, 1)
        c.pull(1)
        if kind == 2:
            c.event("lid", 1, 1, False)
            c.event("lid", 1, 1, True)
        for _ in range(2 if kind == 3 else 0):
            c.event("drop", 1, 1)
        c.push(1)
        c.wait(CONFIRM_MS - 1)
        assert c.kinds()[-1] == kinds.CLOSED, kind
        c.wait(1)
        assert kinds.INTERRUPTED in c.kinds() and "D01-P01" in c.state.must_count, kind
