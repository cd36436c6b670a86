# The contract every storage type keeps, as checks that each type's suite inherits. `suites` lists them all.
from firmware import chart, codes
from firmware.storage import types

NUMBER, POCKET, OTHER = 5, 2, 3
RELEASE_MS, AJAR_MS, LATCH_MS = 10000, 60000, 500
MOVERS = (chart.UNLOCK, chart.LID, chart.DISPENSE)
WALK = 4000
EVENTS = (
    (chart.RELEASE, POCKET, 0),
    (chart.RELEASE, POCKET, 2),
    (chart.RELOCK, 0, 0),
    ("switch", 0, 0),
    (chart.LATCHED, 0, 0),
    (chart.UNLATCHED, 0, 0),
    (chart.LID_OPENED, POCKET, 0),
    (chart.LID_OPENED, OTHER, 0),
    (chart.LID_CLOSED, POCKET, 0),
    (chart.LID_CLOSED, OTHER, 0),
    (chart.BUTTON, POCKET, 1),
    (chart.BUTTON, OTHER, -1),
    (chart.DROP, POCKET, 0),
    (chart.DROP, OTHER, 0),
    (chart.FAIL, 0, 0),
    (chart.TICK, 0, 0),
)


def whats(facts):
    return [what for what, _ in facts]


# Feeds one drawer and keeps account of what its facts add up to.
class Rig:
    def __init__(self, kind):
        self.drawer = types.make(NUMBER, kind, chart.times(RELEASE_MS, AJAR_MS, LATCH_MS))
        self.now_ms = 1000
        self.on = set()  # what is energised
        self.is_open = False
        self.alarms = set()

    def start(self, closed=True, latched=True, was_open=False, alarms=(), up=()):
        self.alarms, self.is_open = set(alarms), was_open
        return self._account(self.drawer.start(closed, latched, was_open, alarms, self.now_ms, up))

    def on_event(self, event, at=0, n=0):
        return self._account(self.drawer.handle(event, self.now_ms, at, n))

    # facts of the ticks on the way, at every deadline and at the end
    def wait(self, ms):
        end, told = self.now_ms + ms, []
        while self.drawer.deadline_ms is not None and self.drawer.deadline_ms <= end:
            self.now_ms = max(self.now_ms, self.drawer.deadline_ms)
            told += self.on_event(chart.TICK)
        self.now_ms = end
        return told + self.on_event(chart.TICK)

    def _account(self, facts):
        for what, value in facts:
            if what in MOVERS:
                self.on.add(what)
            elif what == chart.LOCK_OFF:
                self.on.clear()
            elif what == chart.DID_OPEN:
                assert not self.is_open
                self.is_open = True
            elif what == chart.DID_CLOSE:
                assert self.is_open and value >= 0
                self.is_open = False
            elif what == chart.ALARM:
                assert value not in self.alarms
                self.alarms.add(value)
            elif what == chart.CLEARED:
                assert value in self.alarms
                self.alarms.discard(value)
        assert self.alarms == self.drawer.alarms
        return facts


# Small numbers from a seed, the same on both interpreters.
class Dice:
    def __init__(self, seed):
        self._state = seed

    def below(self, n):
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) % n


class Contract:
    kind = 0
    units = 0  # how `release` asks

    def locked(self):
        rig = Rig(self.kind)
        assert rig.start() == [] and rig.drawer.state == chart.LOCKED
        return rig

    def release(self, rig, pocket=POCKET):
        return rig.on_event(chart.RELEASE, pocket, self.units)

    # everything a person does until she can reach the pocket; the facts of the last step
    def reach(self, rig):
        rig.on_event(chart.UNLATCHED)
        return rig.on_event(chart.OPENED)

    def shut(self, rig):
        rig.on_event(chart.LATCHED)
        return rig.on_event(chart.CLOSED)

    # ---- deny by default: unknown is locked, and nothing but a release of the locked drawer moves anything

    def check_nothing_moves_before_the_sensors_were_read(self):
        rig = Rig(self.kind)
        for event, at, n in EVENTS:
            told = rig.on_event(chart.CLOSED if event == "switch" else event, at, n)
            assert not [w for w in whats(told) if w in MOVERS], event
            assert not rig.drawer.usable()

    def check_only_a_release_moves_anything(self):
        for event, at, n in EVENTS:
            if event in (chart.RELEASE, "switch"):
                continue
            rig = self.locked()
            told = rig.on_event(event, at, n) + rig.wait(AJAR_MS)
            assert not [w for w in whats(told) if w in MOVERS], event

    def check_a_release_moves_the_pocket_asked_for_and_only_once(self):
        rig = self.locked()
        told = self.release(rig)
        assert len([w for w in whats(told) if w in MOVERS]) == 1
        assert rig.drawer.pocket == POCKET and rig.drawer.moving()
        assert self.release(rig, OTHER) == []
        assert rig.drawer.pocket == POCKET

    def check_no_release_while_open_forced_failed_or_not_latched(self):
        for events in (
            (chart.UNLATCHED,),
            (chart.UNLATCHED, chart.OPENED),
            (chart.OPENED,),
            (chart.FAIL,),
            (chart.UNLATCHED, chart.OPENED, chart.CLOSED),
        ):
            rig = self.locked()
            for event in events:
                rig.on_event(event)
            assert self.release(rig) == [], events

    # whatever comes: one thing at a time is energised, for a bounded time, only for the pocket asked for, and what
    # can be reached was released
    def check_whatever_comes(self):
        dice, rig, released, waited_ms = Dice(self.kind + 7), self.locked(), False, 0
        for _ in range(WALK):
            event, at, n = EVENTS[dice.below(len(EVENTS))]
            if event == "switch":
                event = chart.OPENED if rig.drawer.closed else chart.CLOSED
            if event == chart.TICK:
                ms = (1, LATCH_MS, RELEASE_MS, AJAR_MS)[dice.below(4)]
                rig.now_ms += ms
                waited_ms += ms
            before = rig.drawer.state
            told = rig.on_event(event, at, n)
            moved = [w for w in whats(told) if w in MOVERS]
            released = (released and rig.drawer.moving()) or (event == chart.RELEASE and before == chart.LOCKED)
            assert not moved or released
            assert len(moved) <= 1 and (not moved or rig.drawer.pocket == POCKET)
            assert chart.REACHED not in whats(told) or released
            assert not rig.on or rig.drawer.deadline_ms is not None or rig.drawer.state == chart.FAILED
            assert rig.on <= {self.energises(rig.drawer.state)} or rig.drawer.state == chart.FAILED
            assert rig.drawer.latched or rig.drawer.state not in (chart.LOCKED, chart.DOUBTED)
            if rig.drawer.usable():
                assert rig.drawer.state in (chart.LOCKED, chart.RELEASED) or not rig.alarms

    def energises(self, state):
        return {
            chart.RELEASED: chart.UNLOCK,
            chart.LID_RELEASED: chart.LID,
            chart.DISPENSING: chart.DISPENSE,
        }.get(state)

    # ---- the way there and back

    def check_reached_then_shut(self):
        rig = self.locked()
        self.release(rig)
        told = self.reach(rig)
        assert chart.REACHED in whats(told) and rig.on == set() and rig.alarms == set()
        rig.wait(3000)
        told = self.shut(rig)
        assert [f for f in told if f[0] == chart.DID_CLOSE] and rig.drawer.state == chart.LOCKED
        assert rig.drawer.usable() and not rig.drawer.moving() and rig.drawer.deadline_ms is None

    def check_asked_back_before_it_opened(self):
        rig = self.locked()
        self.release(rig)
        assert chart.LOCK_OFF in whats(rig.on_event(chart.RELOCK)) and rig.on == set()
        assert rig.drawer.state == chart.LOCKED

    def check_asked_back_with_the_bolt_drawn(self):
        rig = self.locked()
        rig.on_event(chart.RELEASE, POCKET, 0)
        rig.on_event(chart.UNLATCHED)
        assert rig.on_event(chart.RELOCK) == [(chart.LOCK_OFF, 0)] and rig.drawer.state == chart.SETTLING
        rig.on_event(chart.LATCHED)
        assert rig.drawer.state == chart.LOCKED

    def check_a_drawer_nobody_knew_comes_open(self):
        rig = Rig(self.kind)
        assert (chart.ALARM, codes.ALARM_FORCED) in rig.on_event(chart.OPENED) and not rig.drawer.usable()

    def check_not_coming_open_is_a_jam(self):
        rig = self.locked()
        self.release(rig)
        due = rig.drawer.deadline_ms
        rig.now_ms = due - 1
        assert rig.on_event(chart.TICK) == [] and rig.on != set()
        rig.now_ms = due
        told = rig.on_event(chart.TICK)
        assert (chart.NOT_OPENED, self.not_opened) in told and rig.on == set()
        assert rig.drawer.state == chart.LOCKED

    not_opened = chart.REASON_JAMMED

    # ---- limits, a millisecond before, at and after

    def check_left_open(self):
        for late_ms in (-1, 0, 1):
            rig = self.locked()
            self.release(rig)
            self.reach(rig)
            opened_ms = rig.drawer.deadline_ms - AJAR_MS
            rig.now_ms = opened_ms + AJAR_MS + late_ms
            told = rig.on_event(chart.TICK)
            assert told == ([] if late_ms < 0 else [(chart.ALARM, codes.ALARM_LEFT_OPEN)])
            assert rig.wait(AJAR_MS) == ([] if late_ms >= 0 else [(chart.ALARM, codes.ALARM_LEFT_OPEN)])
            assert (chart.CLEARED, codes.ALARM_LEFT_OPEN) in self.shut(rig)

    def check_released_and_never_pulled(self):
        rig = self.locked()
        rig.on_event(chart.RELEASE, POCKET, 0)
        rig.on_event(chart.UNLATCHED)
        for late_ms in (-1, 0):
            rig.now_ms = 1000 + RELEASE_MS + late_ms
            told = rig.on_event(chart.TICK)
            assert told == ([] if late_ms < 0 else [(chart.LOCK_OFF, 0), (chart.NOT_OPENED, chart.REASON_NOT_OPENED)])
        assert rig.on == set() and rig.drawer.state == chart.SETTLING
        rig.on_event(chart.LATCHED)
        assert rig.drawer.state == chart.LOCKED

    def check_shut_but_never_latched(self):
        rig = self.locked()
        rig.on_event(chart.UNLATCHED)
        assert rig.wait(LATCH_MS - 1) == [] and rig.drawer.moving()
        assert rig.wait(1) == [(chart.ALARM, codes.ALARM_JAMMED)] and not rig.drawer.usable()
        assert rig.on_event(chart.LATCHED) == [(chart.CLEARED, codes.ALARM_JAMMED)]

    def check_sensors_disagree(self):
        rig = self.locked()
        assert rig.on_event(chart.OPENED) == [(chart.ALARM, codes.ALARM_FORCED), (chart.DID_OPEN, 0)]
        assert rig.wait(LATCH_MS - 1) == []
        assert rig.wait(1) == [(chart.ALARM, codes.ALARM_DISAGREE)]
        assert (chart.CLEARED, codes.ALARM_DISAGREE) in rig.on_event(chart.CLOSED)
        assert rig.drawer.state == chart.LOCKED

    def check_latched_while_open_agrees_again(self):
        rig = self.locked()
        rig.on_event(chart.UNLATCHED)
        rig.on_event(chart.OPENED)
        rig.on_event(chart.LATCHED)
        assert (chart.ALARM, codes.ALARM_DISAGREE) in rig.wait(LATCH_MS)
        assert rig.on_event(chart.UNLATCHED) == [(chart.CLEARED, codes.ALARM_DISAGREE)]
        assert rig.drawer.state == chart.OPEN

    # ---- lock that does not answer, boot

    def check_a_failed_lock_is_tried_again_until_it_answers(self):
        rig = self.locked()
        self.release(rig)
        rig.on_event(chart.FAIL)
        assert rig.drawer.state == chart.FAILED and not rig.drawer.usable()
        assert rig.wait(chart.RETRY_MS - 1) == []
        rig.on_event(chart.FAIL)
        assert rig.wait(chart.RETRY_MS - 1) == []
        assert rig.wait(1) == [(chart.LOCK_OFF, 0)] and rig.drawer.state == chart.LOCKED

    def check_boot(self):
        for closed, latched, was_open, told, state in (
            (True, True, False, [], chart.LOCKED),
            (True, True, True, [(chart.DID_CLOSE, 0)], chart.LOCKED),
            (True, False, False, [], chart.SETTLING),
            (True, False, True, [(chart.DID_CLOSE, 0)], chart.SETTLING),
            (False, False, True, [], chart.OPEN),
            (False, False, False, [(chart.ALARM, codes.ALARM_FORCED), (chart.DID_OPEN, 0)], chart.OPEN),
        ):
            rig = Rig(self.kind)
            assert rig.start(closed, latched, was_open) == told and rig.drawer.state == state
            assert self.release(rig) == [] or state == chart.LOCKED
        rig = Rig(self.kind)
        assert rig.start(alarms=(codes.ALARM_LEFT_OPEN,)) == [(chart.CLEARED, codes.ALARM_LEFT_OPEN)]


# What holds where there are lids or a flap.
class WithLids(Contract):
    def check_another_lid_beside_the_open_one(self):
        rig = self.locked()
        self.release(rig)
        self.reach(rig)
        assert rig.on_event(chart.LID_OPENED, OTHER) == [(chart.ALARM, codes.ALARM_LID_FORCED)]
        assert not rig.drawer.usable()
        rig.on_event(chart.LID_CLOSED, OTHER)
        assert (chart.CLEARED, codes.ALARM_LID_FORCED) in rig.on_event(chart.LID_CLOSED, POCKET)

    def check_boot_over_an_open_lid(self):
        for latched, state in ((True, chart.LOCKED), (False, chart.SETTLING)):
            rig = Rig(self.kind)
            told = rig.start(latched=latched, up=(POCKET,))
            assert told == [(chart.ALARM, codes.ALARM_LID_FORCED)] and not rig.drawer.usable()
            assert rig.drawer.state == state
            assert rig.on_event(chart.LID_CLOSED, POCKET) == [(chart.CLEARED, codes.ALARM_LID_FORCED)]


class Matrix(Contract):
    kind = types.MATRIX


class Tower(Contract):
    kind = types.TOWER


class Fridge(Contract):
    kind = types.FRIDGE


class Lidded(WithLids):
    kind = types.LIDDED

    def reach(self, rig):
        rig.on_event(chart.UNLATCHED)
        told = rig.on_event(chart.OPENED)
        assert (chart.LID, RELEASE_MS) in told and chart.REACHED not in whats(told)
        return rig.on_event(chart.LID_OPENED, POCKET)

    def shut(self, rig):
        rig.on_event(chart.LID_CLOSED, POCKET)
        return Contract.shut(self, rig)

    def opened(self):
        rig = self.locked()
        self.release(rig)
        rig.on_event(chart.UNLATCHED)
        rig.on_event(chart.OPENED)
        return rig

    def check_another_lid_is_forced(self):
        rig = self.opened()
        assert rig.on_event(chart.LID_OPENED, OTHER) == [(chart.ALARM, codes.ALARM_LID_FORCED)]
        assert chart.REACHED in whats(rig.on_event(chart.LID_OPENED, POCKET))
        assert not rig.drawer.usable()
        assert rig.on_event(chart.LID_CLOSED, OTHER) == []
        assert rig.on_event(chart.LID_OPENED, POCKET) == []  # bounced
        assert rig.on_event(chart.LID_CLOSED, POCKET) == [(chart.CLEARED, codes.ALARM_LID_FORCED)]
        assert rig.drawer.state == chart.OPEN

    def check_a_lid_shut_once_is_shut_for_good(self):
        rig = self.opened()
        rig.on_event(chart.LID_OPENED, POCKET)
        rig.on_event(chart.LID_CLOSED, POCKET)
        assert rig.on_event(chart.LID_OPENED, POCKET) == [(chart.ALARM, codes.ALARM_LID_FORCED)]

    def check_a_lid_that_does_not_open(self):
        rig = self.opened()
        assert rig.wait(RELEASE_MS - 1) == [] and rig.on == {chart.LID}
        told = rig.wait(1)
        assert (chart.NOT_OPENED, chart.REASON_JAMMED) in told and (chart.ALARM, codes.ALARM_JAMMED) in told
        assert rig.on == set() and rig.drawer.state == chart.OPEN

    def check_a_drawer_shut_over_an_open_lid_stays_out_of_use(self):
        rig = self.opened()
        rig.on_event(chart.LID_OPENED, POCKET)
        assert (chart.ALARM, codes.ALARM_LID_FORCED) in Contract.shut(self, rig)
        assert rig.drawer.state == chart.LOCKED and not rig.drawer.usable()
        assert rig.on_event(chart.LID_CLOSED, POCKET) == [(chart.CLEARED, codes.ALARM_LID_FORCED)]
        assert rig.drawer.usable()

    def check_shut_over_an_open_lid_and_not_latched(self):
        for lids in ((POCKET,), ()):
            rig = self.opened()
            rig.on_event(chart.LID_OPENED, POCKET)
            for lid in lids:
                rig.on_event(chart.LID_CLOSED, lid)
                rig.on_event(chart.LID_OPENED, lid)
            rig.on_event(chart.CLOSED)
            assert rig.drawer.state == chart.SETTLING and codes.ALARM_LID_FORCED in rig.alarms

    def check_shut_before_the_lid_was_lifted(self):
        rig = self.opened()
        assert (chart.LOCK_OFF, 0) in rig.on_event(chart.CLOSED) and rig.drawer.state == chart.SETTLING
        rig = self.opened()
        told = Contract.shut(self, rig)
        assert (chart.NOT_OPENED, chart.REASON_NOT_OPENED) in told and rig.on == set()

    def check_torn_out_and_pushed_back_over_a_lid(self):
        for latched, state in ((True, chart.LOCKED), (False, chart.SETTLING)):
            rig = self.locked()
            rig.on_event(chart.OPENED)
            rig.on_event(chart.LID_OPENED, OTHER)
            if not latched:
                rig.on_event(chart.UNLATCHED)
            rig.on_event(chart.CLOSED)
            assert rig.drawer.state == state and rig.alarms == {codes.ALARM_LID_FORCED}

    def check_boot_shut_over_a_lid_that_was_open(self):
        for latched, state in ((True, chart.LOCKED), (False, chart.SETTLING)):
            rig = Rig(self.kind)
            told = rig.start(latched=latched, was_open=True, up=(POCKET,))
            assert whats(told) == [chart.DID_CLOSE, chart.ALARM] and rig.alarms == {codes.ALARM_LID_FORCED}
            assert rig.drawer.state == state and not rig.is_open

    def check_a_lid_solenoid_that_does_not_answer(self):
        for event in (chart.FAIL, chart.RELOCK):
            rig = self.opened()
            assert rig.on_event(event) == [(chart.LOCK_OFF, 0)] and rig.drawer.state == chart.OPEN


class Bin(WithLids):
    kind = types.BIN
    units = 1
    not_opened = chart.REASON_NOT_OPENED

    def reach(self, rig):
        assert rig.on == {chart.LID}
        return rig.on_event(chart.LID_OPENED, POCKET)

    def shut(self, rig):
        return rig.on_event(chart.LID_CLOSED, POCKET)

    def check_boot_over_the_flap_that_was_released(self):
        rig = Rig(self.kind)
        assert rig.start(was_open=True, up=(POCKET,)) == [] and rig.drawer.state == chart.LID_OPEN
        assert rig.wait(AJAR_MS) == [(chart.ALARM, codes.ALARM_LEFT_OPEN)]
        self.shut(rig)
        assert rig.drawer.state == chart.LOCKED and rig.drawer.usable() and not rig.is_open and rig.alarms == set()

    def check_the_door_stays_shut_for_a_return(self):
        rig = self.locked()
        assert whats(self.release(rig)) == [chart.LID]
        told = rig.on_event(chart.OPENED)
        assert (chart.ALARM, codes.ALARM_FORCED) in told and rig.on == set()

    def check_the_bolt_drawn_meanwhile(self):
        rig = self.locked()
        self.release(rig)
        assert (chart.LOCK_OFF, 0) in rig.on_event(chart.UNLATCHED) and rig.drawer.state == chart.SETTLING
        rig = self.locked()
        self.release(rig)
        self.reach(rig)
        rig.on_event(chart.UNLATCHED)
        self.shut(rig)
        assert rig.drawer.state == chart.SETTLING and not rig.is_open

    def check_the_door_torn_open_beside_the_flap(self):
        for latched, state in ((True, chart.LOCKED), (False, chart.SETTLING)):
            rig = self.locked()
            self.release(rig)
            self.reach(rig)
            rig.on_event(chart.LID_OPENED, POCKET)  # bounced
            assert rig.on_event(chart.OPENED) == [(chart.ALARM, codes.ALARM_FORCED)]
            rig.on_event(chart.LATCHED if latched else chart.UNLATCHED)
            rig.on_event(chart.CLOSED)
            assert rig.drawer.state == state and rig.alarms == {codes.ALARM_LID_FORCED}
        rig = self.locked()
        rig.on_event(chart.OPENED)
        rig.on_event(chart.LID_OPENED, POCKET)
        rig.on_event(chart.CLOSED)
        assert rig.drawer.state == chart.LOCKED and not rig.drawer.usable()

    def check_emptied_through_the_door(self):
        rig = self.locked()
        assert whats(rig.on_event(chart.RELEASE, POCKET, 0)) == [chart.UNLOCK]
        assert chart.REACHED in whats(Contract.reach(self, rig))
        Contract.shut(self, rig)
        assert rig.drawer.state == chart.LOCKED and rig.alarms == set()

    def check_a_flap_nobody_released_is_forced(self):
        rig = self.locked()
        assert rig.on_event(chart.LID_OPENED, POCKET) == [(chart.ALARM, codes.ALARM_LID_FORCED)]
        assert not rig.drawer.usable()


class Shelf(Contract):
    kind = types.SHELF

    def opened(self):
        rig = self.locked()
        self.release(rig)
        self.reach(rig)
        return rig

    def check_buttons_count_what_is_taken_and_put(self):
        rig = self.opened()
        for n, seen in ((1, 1), (1, 2), (-1, 1)):
            assert rig.on_event(chart.BUTTON, POCKET, n) == [] and rig.drawer.seen == seen

    def check_a_button_of_another_place(self):
        rig = self.opened()
        assert rig.on_event(chart.BUTTON, OTHER, 1) == [(chart.ALARM, codes.ALARM_DISAGREE)]
        assert rig.drawer.seen == 0
        assert (chart.CLEARED, codes.ALARM_DISAGREE) in self.shut(rig)

    def check_a_button_behind_the_shut_door(self):
        rig = self.locked()
        assert rig.on_event(chart.BUTTON, POCKET, 1) == [(chart.ALARM, codes.ALARM_DISAGREE)]
        assert rig.drawer.seen == 0


class Single(Contract):
    kind = types.SINGLE
    units = 2

    def reach(self, rig):
        assert rig.on == {chart.DISPENSE}
        rig.on_event(chart.UNLATCHED)
        rig.on_event(chart.OPENED)
        assert chart.REACHED not in whats(rig.on_event(chart.DROP, POCKET))
        return rig.on_event(chart.DROP, POCKET)

    def check_one_notch_too_many(self):
        rig = self.locked()
        self.release(rig)
        self.reach(rig)
        assert rig.on_event(chart.DROP, POCKET) == [(chart.ALARM, codes.ALARM_DISAGREE)] and rig.drawer.seen == 2

    def check_fewer_than_asked_for(self):
        rig = self.locked()
        self.release(rig)
        rig.on_event(chart.OPENED)
        rig.on_event(chart.DROP, POCKET)
        assert rig.wait(chart.TURN_MS - 1) == []
        told = rig.wait(1)
        assert chart.REACHED in whats(told) and (chart.ALARM, codes.ALARM_DISAGREE) in told and rig.drawer.seen == 1

    def check_shut_again_after_the_first(self):
        rig = self.locked()
        self.release(rig)
        rig.on_event(chart.OPENED)
        rig.on_event(chart.DROP, POCKET)
        told = self.shut(rig)
        assert chart.REACHED in whats(told) and (chart.ALARM, codes.ALARM_DISAGREE) in told and rig.on == set()

    def check_the_front_is_told_after_its_doses(self):
        rig = self.locked()
        self.release(rig)
        rig.on_event(chart.DROP, POCKET)
        assert rig.on_event(chart.DROP, POCKET) == []
        told = whats(rig.on_event(chart.OPENED))
        assert chart.DID_OPEN in told and chart.REACHED in told and rig.on == set()

    def check_nothing_came(self):
        for events, state in (
            ((chart.UNLATCHED,), chart.SETTLING),
            ((chart.UNLATCHED, chart.OPENED), chart.OPEN),
            ((), chart.LOCKED),
        ):
            for end in (chart.TICK, chart.RELOCK):
                rig = self.locked()
                self.release(rig)
                for event in events:
                    rig.on_event(event)
                if end == chart.TICK:
                    assert (chart.ALARM, codes.ALARM_JAMMED) in rig.wait(chart.TURN_MS)[:3]
                else:
                    assert rig.on_event(end) == [(chart.LOCK_OFF, 0)]
                assert rig.on == set() and (end == chart.TICK or rig.drawer.state == state)

    def check_shut_again_and_not_latched(self):
        for drops in (0, 1):
            rig = self.locked()
            self.release(rig)
            rig.on_event(chart.UNLATCHED)
            rig.on_event(chart.OPENED)
            for _ in range(drops):
                rig.on_event(chart.DROP, POCKET)
            told = whats(rig.on_event(chart.CLOSED))
            assert (chart.REACHED in told) == bool(drops) and rig.drawer.state == chart.SETTLING

    def check_a_motor_that_does_not_answer_with_the_front_out(self):
        rig = self.locked()
        self.release(rig)
        rig.on_event(chart.UNLATCHED)
        rig.on_event(chart.OPENED)
        assert rig.on_event(chart.FAIL) == [(chart.LOCK_OFF, 0)] and rig.drawer.state == chart.OPEN

    def check_filled_with_it_wholly_open(self):
        rig = self.locked()
        assert whats(rig.on_event(chart.RELEASE, POCKET, 0)) == [chart.UNLOCK]
        assert chart.REACHED in whats(Contract.reach(self, rig))


class Coil(Contract):
    kind = types.COIL
    units = 2

    def fall(self, rig):
        assert rig.on_event(chart.DROP, POCKET) == []
        return rig.on_event(chart.DROP, POCKET)

    def reach(self, rig):
        self.fall(rig)
        return Contract.reach(self, rig)

    def check_the_door_stays_shut_until_all_have_fallen(self):
        rig = self.locked()
        assert whats(self.release(rig)) == [chart.DISPENSE]
        assert whats(self.fall(rig)) == [chart.LOCK_OFF, chart.UNLOCK] and rig.on == {chart.UNLOCK}

    def check_fewer_than_asked_for(self):
        rig = self.locked()
        self.release(rig)
        rig.on_event(chart.DROP, POCKET)
        assert rig.wait(chart.TURN_MS - 1) == []
        told = rig.wait(1)
        assert (chart.UNLOCK, RELEASE_MS) in told and (chart.ALARM, codes.ALARM_DISAGREE) in told
        assert rig.drawer.seen == 1

    def check_asked_back_after_the_first_has_fallen(self):
        rig = self.locked()
        self.release(rig)
        rig.on_event(chart.DROP, POCKET)
        assert (chart.ALARM, codes.ALARM_DISAGREE) in rig.on_event(chart.RELOCK) and rig.on == set()

    def check_the_bolt_drawn_meanwhile(self):
        rig = self.locked()
        self.release(rig)
        assert (chart.LOCK_OFF, 0) in rig.on_event(chart.UNLATCHED) and rig.drawer.state == chart.SETTLING

    def check_what_falls_unasked(self):
        rig = self.locked()
        assert rig.on_event(chart.DROP, POCKET) == [(chart.ALARM, codes.ALARM_DISAGREE)]

    def check_another_coil_turns(self):
        rig = self.locked()
        self.release(rig)
        assert rig.on_event(chart.DROP, OTHER) == [(chart.ALARM, codes.ALARM_DISAGREE)] and rig.drawer.seen == 0


SUITES = (Matrix, Lidded, Single, Tower, Fridge, Shelf, Coil, Bin)


# every check of a class and of those it inherits from
def checks(suite):
    return sorted({name for name in dir(suite) if name.startswith("check_")})
