"""The uplink core against a centre that loses, delays and forgets."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.uplink import ANSWER_TIMEOUT_S, BATCH_PAGES, WINDOW, Batch, Uplink
from firmware.wire import messages


def uplink(taken=0, answered=0, linger_s=1.0):
    core = Uplink(taken, answered, linger_s, lambda: 0.0)
    return core, core.connected(0.0)


def test_a_page_lingers_unless_it_is_urgent():
    core, sent = uplink()
    assert sent == []
    assert core.taken(1, False, 10.0) == []
    assert core.deadline == 11.0
    assert core.taken(2, False, 10.5) == []
    assert core.tick(11.0) == [Batch(1, 2)]
    assert core.taken(3, True, 11.1) == [Batch(3, 3)]


def test_a_backlog_goes_at_once_in_a_window_of_four():
    core, sent = uplink(taken=1000)
    assert sent == [Batch(1 + 64 * n, 64 * (n + 1)) for n in range(WINDOW)]
    assert core.answer(messages.ACCEPT, 64, 1.0) == [Batch(257, 320)]


def test_a_gap_goes_back_once_for_the_whole_window():
    core, _ = uplink(taken=256)
    core.answer(messages.ACCEPT, 64, 1.0)
    again = core.answer(messages.GAP, 64, 1.1)
    assert again[0] == Batch(65, 128)
    assert core.answer(messages.GAP, 64, 1.2) == []


def test_without_an_answer_one_batch_probes_with_longer_waits():
    core, _ = uplink(taken=256)
    assert core.deadline == ANSWER_TIMEOUT_S
    assert core.tick(ANSWER_TIMEOUT_S) == [Batch(1, 64)]
    assert core.deadline == ANSWER_TIMEOUT_S * 3
    assert len(core.answer(messages.ACCEPT, 64, 10.0)) > 1


def test_a_fork_stops_the_stream():
    core, _ = uplink(taken=10)
    assert core.answer(messages.FORK, 3, 1.0) == []
    assert core.taken(11, True, 2.0) == []
    assert core.connected(3.0) == []
    assert core.deadline is None


def test_a_centre_that_lost_entries_gets_them_again():
    core, _ = uplink(taken=10, answered=10)
    core.taken(11, True, 1.0)
    assert core.answer(messages.GAP, 4, 1.1) == [Batch(5, 11)]


def test_silence_is_seen_after_thirty_seconds_and_ends_with_an_answer():
    core, _ = uplink(taken=1)
    assert not core.silent(29.0)
    assert core.silent(30.0)
    core.answer(messages.ACCEPT, 1, 31.0)
    assert not core.silent(100.0)


def test_a_heartbeat_without_answer_is_silence_too():
    core, _ = uplink()
    core.expect_answer(5.0)
    assert core.silent(35.0)
    assert core.deadline is None


def test_answers_beyond_the_outbox_leave_nothing_to_send():
    core, _ = uplink(taken=64)
    assert core.answer(messages.DUP, 500, 1.0) == []
    assert core.taken(128, True, 2.0) == []
    assert core.depth == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 700), st.floats(0, 0.6))
def test_every_entry_arrives_once_and_in_order_whatever_is_lost(seed, count, loss):
    rng = random.Random(seed)
    core, todo = uplink()
    stored, taken, now = 0, 0, 0.0
    answers: list[tuple[int, int]] = []
    for _ in range(5000):
        now += rng.random()
        if taken < count:
            taken = min(count, taken + rng.randint(1, 50))
            todo += core.taken(taken, rng.random() < 0.3, now)
        for batch in todo:
            assert 1 <= batch.last - batch.first + 1 <= BATCH_PAGES
            if rng.random() < loss:
                continue
            verdict = (
                messages.GAP if batch.first > stored + 1 else messages.ACCEPT if batch.last > stored else messages.DUP
            )
            stored = max(stored, batch.last) if verdict == messages.ACCEPT else stored
            answers += [] if rng.random() < loss else [(verdict, stored)]
        todo = core.answer(*answers.pop(0), now) if answers else core.tick(now)
        if rng.random() < 0.02:
            core.disconnected()
            todo = core.connected(now)
        if core.answered == count:
            break
    assert stored == core.answered == count
