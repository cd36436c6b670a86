"""The link's dialogue against a fake controller, with a wire that loses what the test says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import controller
from agent.actions import Good, Inventory, LinkUp, Missing, Reply, Reset, Rewind, Send, StartLog, Take, Trouble
from agent.controller import Controller
from firmware import codes
from firmware.journal import chain, kinds
from firmware.wire import cbor, messages
from tests.agent.fake_cabinet import LOG, STATION, Cabinet


class Rig:
    """A core, a fake controller, and a wire between them; `lose(n)` says which frames get lost (counted from 0)."""

    def __init__(self, cabinet, seq=0, head=None, lose=lambda n: False):
        self.cabinet, self.lose, self.frames = cabinet, lose, 0
        self.core = Controller(STATION, LOG, seq, head, 0)
        self.now = 0.0
        self.taken, self.other = [], []

    def carry(self, actions):
        """Carry out actions until all is quiet; what goes over the wire either way may be lost."""
        todo = list(actions)
        while todo:
            action = todo.pop(0)
            if isinstance(action, Send):
                for payload in self._sent(action.payload):
                    todo += self.core.received(payload, self.now) if self._passes() else []
            elif isinstance(action, Take):
                self.taken.append(action.page)
                todo += self.core.kept(action.page.seq)
            elif isinstance(action, StartLog):
                todo += self.core.moved(0, action.head0, self.now)
            else:
                self.other.append(action)

    def _sent(self, payload):
        return self.cabinet.handle(payload) if self._passes() else []

    def _passes(self):
        self.frames += 1
        return not self.lose(self.frames - 1)

    def say(self, payloads):
        for payload in payloads:
            self.carry(self.core.received(payload, self.now))

    def settle(self, steps=200):
        """Let time pass from deadline to deadline, until none is left."""
        for _ in range(steps):
            if self.core.deadline is None:
                return
            self.now = max(self.now, self.core.deadline)
            self.carry(self.core.tick(self.now))
        raise AssertionError("does not come to rest")

    def of(self, kind):
        return [action for action in self.other if isinstance(action, kind)]


def filled(count, **options):
    cabinet = Cabinet(**options)
    for _ in range(count):
        cabinet.append(kinds.REMOVE, "D01-P01", 5)
    return cabinet


def test_reads_all_from_the_genesis_on():
    rig = Rig(filled(200))
    rig.carry(rig.core.opened(0))
    assert [page.seq for page in rig.taken] == list(range(1, 201))
    assert rig.taken[-1].head == rig.cabinet.heads[200]
    assert [page.page for page in rig.taken] == [rig.cabinet.pages[n] for n in range(1, 201)]


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 150), max_size=60), st.integers(1, 150))
def test_lost_frames_lose_no_page(lost, count):
    rig = Rig(filled(count), lose=lambda n: n in lost)
    rig.carry(rig.core.opened(0))
    rig.settle()
    assert [page.seq for page in rig.taken] == list(range(1, count + 1))


def test_a_page_lost_while_live_is_found_without_another_one():
    rig = Rig(filled(3))
    rig.carry(rig.core.opened(0))
    rig.settle()
    rig.cabinet.append(kinds.SIGN_ON)
    rig.cabinet.append(kinds.REMOVE, "D01-P01", 4)
    rig.cabinet.stream()  # both pages get lost, only the change of state arrives
    rig.say([rig.cabinet.state()])
    rig.settle()
    assert [page.seq for page in rig.taken] == [1, 2, 3, 4, 5]


def test_a_page_that_does_not_continue_the_chain_is_refused_and_asked_for_again():
    rig = Rig(filled(2))
    rig.carry(rig.core.opened(0))
    stranger = filled(5)
    rig.cabinet.append(kinds.SIGN_ON)
    rig.carry(rig.core.received(cbor.encode([messages.PAGE, 3, stranger.pages[5]]), 0))
    assert [trouble.code for trouble in rig.of(Trouble)] == [codes.UNVERIFIED_PAGE]
    assert [good.about for good in rig.of(Good)] == [rig.of(Trouble)[0].about], "and the alarm clears"
    rig.settle()
    assert [page.page for page in rig.taken] == [rig.cabinet.pages[n] for n in (1, 2, 3)]


def test_an_entry_that_does_not_read_back_is_told_and_asked_for_ever_more_seldom():
    rig = Rig(filled(20))
    del rig.cabinet.pages[3]
    rig.carry(rig.core.opened(0))
    while rig.now < 3600:
        rig.now = rig.core.deadline
        rig.carry(rig.core.tick(rig.now))
    assert [page.seq for page in rig.taken] == [1, 2]
    assert {missing.seq for missing in rig.of(Missing)} == {3}
    assert {trouble.code for trouble in rig.of(Trouble)} == {codes.UNVERIFIED_PAGE}
    assert len([None for message in rig.cabinet.seen if message[0] == messages.STREAM]) < 80
    rig.carry(rig.core.moved(5, rig.cabinet.heads[5], rig.now))
    assert [page.seq for page in rig.taken] == [1, 2, *range(6, 21)], "once it need not be read, the others come"
    rig.settle()


def test_nor_is_one_that_no_info_has_told_of_asked_for_each_second(monkeypatch):
    rig = Rig(filled(3))
    rig.carry(rig.core.opened(0))
    rig.settle()
    monkeypatch.setattr(controller, "CHECK_AFTER_S", 10_000)
    end = rig.now + 3600
    for _ in range(5):
        rig.cabinet.append(kinds.SIGN_ON)
    del rig.cabinet.pages[4]
    rig.say(rig.cabinet.stream())
    while rig.now < end:
        rig.now = rig.core.deadline
        rig.carry(rig.core.tick(rig.now))
    assert rig.core.info.last_seq == 3 and {missing.seq for missing in rig.of(Missing)} == {4}
    assert len([None for message in rig.cabinet.seen if message[0] == messages.STREAM]) < 80


def test_lost_frames_alone_do_not_make_an_entry_missing():
    rig = Rig(filled(20), lose=lambda n: n in {4, 24, 25, 26, 27, 28, 29, 30})
    rig.carry(rig.core.opened(0))
    rig.settle()
    assert [page.seq for page in rig.taken] == list(range(1, 21)) and not rig.of(Missing)


def test_a_page_that_never_verifies_is_not_asked_for_again_at_once():
    rig = Rig(filled(9))
    rig.cabinet.pages[4] = rig.cabinet.pages[2]
    rig.carry(rig.core.opened(0))
    assert [page.seq for page in rig.taken] == [1, 2, 3] and rig.of(Trouble)
    assert len([None for message in rig.cabinet.seen if message[0] == messages.STREAM]) == 2, "then with the time"


def test_a_head_that_is_not_the_controllers_rewinds_once_then_stops():
    rig = Rig(filled(4), seq=4, head=bytes(32))
    rig.carry(rig.core.opened(0))
    assert len(rig.of(Rewind)) == 1
    rig.carry(rig.core.moved(4, bytes(32), 0))
    rig.carry(rig.core.ping(0))
    assert len(rig.of(Rewind)) == 1
    assert rig.of(Trouble)[-1].code == codes.UNVERIFIED_PAGE


def test_an_outbox_ahead_of_the_controller_is_trouble():
    rig = Rig(filled(4), seq=9, head=bytes(32))
    rig.carry(rig.core.opened(0))
    assert rig.of(Trouble)[0].code == codes.UNVERIFIED_PAGE
    assert not rig.taken


def test_a_controller_that_an_older_state_was_put_back_into_is_not_read_when_it_gets_as_far_again():
    rig = Rig(filled(4), seq=6, head=bytes(32))
    rig.carry(rig.core.opened(0))
    for _ in range(6):
        rig.cabinet.append(kinds.SIGN_ON)
        rig.carry(rig.core.ping(rig.now))
        rig.settle()
    assert not rig.taken and not rig.of(Rewind), "what the outbox holds of the true history stays"
    assert [trouble.code for trouble in rig.of(Trouble)] == [codes.UNVERIFIED_PAGE]
    rig.carry(rig.core.moved(3, rig.cabinet.heads[3], rig.now))
    assert [page.seq for page in rig.taken] == list(range(4, 11)), "the centre says where it goes on"


def test_an_outbox_too_far_behind_starts_again():
    cabinet = filled(4, ring=3)
    cabinet.released = 10
    cabinet.append(kinds.SIGN_ON)
    rig = Rig(cabinet, seq=1, head=cabinet.heads[1])
    rig.carry(rig.core.opened(0))
    assert rig.of(Reset)


def test_a_controller_of_another_station_is_refused():
    rig = Rig(filled(3))
    rig.core = Controller("ICU2", LOG, 0, None, 0)
    rig.carry(rig.core.opened(0))
    assert rig.of(Trouble)[0].code == codes.WRONG_STATION
    assert not rig.taken


@pytest.mark.parametrize("lost", [{3}, {4}, {3, 4, 5}])
def test_a_lost_request_or_reply_is_repeated_and_done_once(lost):
    rig = Rig(Cabinet())
    rig.carry(rig.core.opened(0))
    rig.settle()
    start = rig.frames
    rig.lose = lambda n: n - start + 3 in lost
    _, actions = rig.core.request(messages.SIGN_ON, ["b", "1234"], rig.now)
    rig.carry(actions)
    rig.settle()
    assert [(reply.code, reply.params) for reply in rig.of(Reply)] == [(0, ["u1", 32767, 0])]
    assert [page.kind for page in rig.taken] == [kinds.SIGN_ON]


def test_requests_wait_their_turn_and_one_without_reply_ends_with_link_down():
    rig = Rig(Cabinet(), lose=lambda n: True)
    for _ in range(3):
        rig.carry(rig.core.request(messages.SIGN_OFF, [], 0.0)[1])
    rig.carry(rig.core.tick(100.0))
    assert [reply.code for reply in rig.of(Reply)] == [codes.LINK_DOWN] * 3


def test_too_many_requests_are_refused_at_once():
    rig = Rig(Cabinet(), lose=lambda n: True)
    for _ in range(40):
        rig.carry(rig.core.request(messages.SIGN_OFF, [], 0.0)[1])
    assert [reply.code for reply in rig.of(Reply)] == [codes.BUSY] * 8


def test_link_goes_down_when_info_stays_away_and_comes_back():
    rig = Rig(filled(1))
    rig.carry(rig.core.opened(0))
    rig.settle()
    rig.lose = lambda n: True
    rig.carry(rig.core.ping(rig.now))
    for _ in range(5):
        rig.now = rig.core.deadline
        rig.carry(rig.core.tick(rig.now))
    assert [link.up for link in rig.of(LinkUp)] == [True, False]
    rig.lose = lambda n: False
    rig.settle()
    assert [link.up for link in rig.of(LinkUp)] == [True, False, True]


def test_after_a_boot_the_stream_goes_on():
    rig = Rig(filled(3))
    rig.carry(rig.core.opened(0))
    rig.say(rig.cabinet.reboot())
    assert [page.seq for page in rig.taken] == [1, 2, 3, 4]
    rig.cabinet.append(kinds.SIGN_ON)
    rig.say(rig.cabinet.stream())
    assert rig.taken[-1].seq == 5


def test_inventory_comes_whole_even_if_a_part_is_lost():
    rig = Rig(Cabinet(), lose=lambda n: n == 6)
    rig.carry(rig.core.opened(0))
    rig.settle()
    assert [[row[0] for row in inventory.rows] for inventory in rig.of(Inventory)][-1] == list(rig.cabinet.stock)


@pytest.mark.parametrize("junk", [b"", b"\xff", cbor.encode(7), cbor.encode([99]), cbor.encode([messages.INFO, 1])])
def test_junk_is_reported_and_dropped(junk):
    core = Controller(STATION, LOG, 0, None, 0)
    assert [type(action) for action in core.received(junk, 0)] == [Trouble]


def test_the_alarm_of_a_bad_message_clears_with_the_next_good_one_of_its_kind():
    cabinet = Cabinet()
    core = Controller(STATION, LOG, 0, None, 0)
    about = f"link {messages.STATE}"
    assert [a.about for a in core.received(cbor.encode([messages.STATE, 1]), 0)] == [about]
    assert not [a for a in core.received(cabinet.info(), 0) if isinstance(a, Good)]
    assert [a.about for a in core.received(cabinet.state(), 0) if isinstance(a, Good)] == [about]
    assert not [a for a in core.received(cabinet.state(), 0) if isinstance(a, Good)]


def test_head0_is_the_genesis():
    rig = Rig(filled(1))
    rig.carry(rig.core.opened(0))
    assert rig.taken[0].head == chain.next_head(chain.head0(rig.cabinet.genesis), chain.leaf(_entry(rig.cabinet, 1)))


def _entry(cabinet, seq):
    return chain.parse_page(cabinet.pages[seq])[0]
