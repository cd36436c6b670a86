# Seals: the element's number is in the journal before it counts, at the right moments, and what it says of a journal
# that was rolled back. docs/journal.md section 6.
import gc

from fakes import Chips, ready, reboot

from firmware import codes, seals
from firmware.element import Software
from firmware.journal import entry, kinds
from firmware.journal.journal import RESERVE_PAGES
from firmware.journal.ram import PowerCut, RamStore
from firmware.requests import service
from firmware.wire import messages

REQ = ("A12.b",)


# an element that says what it is told
class Counter:
    name = "atecc608"

    def __init__(self, count=0):
        self.count = count
        self.fails = False

    def read(self):
        if self.fails:
            raise OSError(5)
        return self.count

    def increment(self):
        self.count = self.read() + 1
        return self.count


def sealed_cabinet(element=None):
    chips = Chips()
    chips.element = element or Software(RamStore(chips.power))
    return ready(None, chips)


# [counter, reason] of each
def told(c, since=0):
    return [f[entry.F_EXT] for f in c.entries(since) if f[entry.F_KIND] == kinds.SEAL]


def standing(c):
    return [alarm for alarm, _ in c.state.alarms]


def removal(c, item, order, quantity, drawer):
    assert c.remove(item, quantity, "pat1", order)[0] == 0
    c.pull(drawer)
    assert c.confirm(quantity)[0] == 0
    c.push(drawer)


def test_a_boot_is_sealed_after_its_entries_and_says_what_counts():
    c = sealed_cabinet()
    assert c.entries()[0][entry.F_EXT][2] == "software"
    assert c.kinds()[1] == kinds.SEAL and told(c)[0] == [1, seals.BOOT]
    c = reboot(c)
    assert c.kinds()[-1] == kinds.SEAL and told(c)[-1][1] == seals.BOOT
    assert told(c)[-1][0] == c.chips.element.read() == len(told(c))
    assert Counter.name == "atecc608" and ready().entries()[0][entry.F_EXT][2] == "none"


def test_a_minute_after_the_first_entry_and_then_not_until_there_is_one():
    c = sealed_cabinet()
    c.wait(10**6)  # signed off by now, and sealed
    start, due = c.journal.seq, c.station.deadline()
    assert c.kinds()[-1] == kinds.SEAL and due is None
    c.wait(10**9)
    assert c.journal.seq == start
    c.event("tamper", True)
    first_ms = c.mono_ms
    c.mono_ms += 30000
    c.event("tamper", False)
    assert c.station.deadline() == first_ms + seals.WITHIN_MS
    c.wait(seals.WITHIN_MS)
    assert c.kinds(start) == [kinds.ALARM, kinds.ALARM_CLEARED, kinds.SEAL]
    assert told(c, start)[0][1] == seals.LATE


def test_after_64_entries_at_once():
    c = sealed_cabinet()
    c.wait(60000)
    start = c.journal.seq
    for _ in range(32):
        c.event("tamper", True)
        c.event("tamper", False)
        c.answer(c.journal.seq)
    kinds_then = c.kinds(start)
    assert kinds_then.index(kinds.SEAL) == 64 and len(kinds_then) == 65
    assert told(c, start)[0][1] == seals.MANY


def test_the_outcome_of_a_schedule_ii_item_is_sealed_at_once_and_no_other():
    c = sealed_cabinet()
    c.wait(60000)
    c.sign_on()
    start = c.journal.seq
    removal(c, "saline", "", 1, 1)
    assert told(c, start) == []
    removal(c, "morphine", "ord1", 2000, 1)
    since = c.kinds(start)
    assert since[since.index(kinds.SEAL) - 1] == kinds.REMOVE and told(c, start)[0][1] == seals.SCHEDULE_II
    start = c.journal.seq
    assert c.remove()[0] == 0 and c.ask(messages.CANCEL)[0] == 0
    assert c.kinds(start) == [kinds.ACCESS, kinds.CANCELLED, kinds.SEAL]


def test_power_may_go_at_any_moment_without_an_alarm():
    c = sealed_cabinet()
    image, areas = _image(c.chips)
    for operation in range(1, 14):
        for after in (0, 200) if operation in (4, 5) else (5,):
            c.chips.flash.bytes[:] = image
            c.chips.snapshots.areas[:], c.chips.element._store.areas[:] = areas
            c.closed = {drawer: True for drawer in c.closed}
            c = reboot(c)
            c.sign_on()
            c.chips.power.cut(operation, after)
            try:
                removal(c, "morphine", "ord1", 2000, 1)
                c.wait(130000)
            except PowerCut:
                pass
            c = reboot(c)
            assert [a for a in standing(c) if a >= codes.ALARM_ROLLED_BACK] == [], (operation, after)
            assert told(c)[-1][0] == c.chips.element.read() == len(told(c)), (operation, after)
            gc.collect()


def _image(chips):
    return bytes(chips.flash.bytes), (list(chips.snapshots.areas), list(chips.element._store.areas))


def test_a_journal_that_was_rolled_back_says_so_once_and_goes_on():
    c = sealed_cabinet(Counter())
    before = bytes(c.chips.flash.bytes), list(c.chips.snapshots.areas)
    removal(c, "morphine", "ord1", 2000, 1)
    count = c.chips.element.count
    c.chips.flash.bytes[:], c.chips.snapshots.areas[:] = before
    c = reboot(c)
    assert standing(c) == [codes.ALARM_ROLLED_BACK]
    assert c.kinds()[-2:] == [kinds.ALARM, kinds.SEAL] and told(c)[-1] == [count + 1, seals.BOOT]
    alarms = c.kinds().count(kinds.ALARM)
    c = reboot(c)
    assert c.kinds().count(kinds.ALARM) == alarms and standing(c) == [codes.ALARM_ROLLED_BACK]
    _maintain(c)
    assert standing(c) == []


# by who holds the key; the last entry of it is sealed
def _maintain(c):
    c.event("service", True)
    c.sign_on()
    assert c.ask(messages.MAINTENANCE, service.BEGIN, 3)[0] == 0
    assert told(c)[-1][1] == seals.ASKED
    c.event("service", False)
    assert c.kinds()[-1] == kinds.SEAL and told(c)[-1][1] == seals.ASKED


def test_another_element_is_alarm_14_and_seals_go_on_from_its_count():
    c = sealed_cabinet(Counter(7000))
    assert told(c)[0] == [7001, seals.BOOT] and standing(c) == []
    c.chips.element = Counter(3)
    c = reboot(c)
    assert standing(c) == [codes.ALARM_ELEMENT] and told(c)[-1] == [4, seals.BOOT]
    _maintain(c)
    assert reboot(c).state.alarms == []


def test_an_element_that_does_not_answer_is_alarm_14_and_is_asked_again_each_minute():
    c = sealed_cabinet(Counter())
    c.wait(300000)
    start, c.chips.element.fails = c.journal.seq, True
    c.event("tamper", True)
    c.wait(3 * seals.WITHIN_MS)
    assert c.kinds(start) == [kinds.ALARM, kinds.ALARM] and standing(c)[-1] == codes.ALARM_ELEMENT
    c.chips.element.fails = False
    c.wait(seals.WITHIN_MS)
    assert c.kinds(start)[-1] == kinds.SEAL


# the seal is durable, the element has not counted: it is made up for at the next one
def test_an_element_that_fails_to_count_is_made_up_for():
    c = sealed_cabinet(Counter())
    c.wait(60000)

    def broken():
        raise OSError(5)

    c.chips.element.increment = broken
    c.event("tamper", True)
    c.wait(seals.WITHIN_MS)
    assert told(c)[-1][0] == c.chips.element.count + 1
    del c.chips.element.increment
    c.wait(seals.WITHIN_MS)
    assert told(c)[-1][0] == c.chips.element.count == len(told(c))
    assert standing(c) == [codes.ALARM_TAMPER, codes.ALARM_ELEMENT]


def test_there_are_no_seals_in_the_reserve():
    c = sealed_cabinet()
    while c.journal.free_pages >= RESERVE_PAGES:
        c.event("tamper", True)
        c.event("tamper", False)
    free, start = c.journal.free_pages, c.journal.seq
    c.wait(10 * seals.WITHIN_MS)
    assert told(c, start) == [] and free - c.journal.free_pages <= 2  # alarm 5, signed off
    c.answer(c.journal.seq)
    c.wait(seals.WITHIN_MS)
    assert c.kinds()[-1] == kinds.SEAL
