"""The discrete-event clock: order within a place, barriers, sleep, failure."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.clock import Clock, Life

PLACES = ("A", "B", "C")
WHERE = st.one_of(st.none(), st.sampled_from(PLACES), st.sets(st.sampled_from(PLACES), min_size=1))
EVENTS = st.lists(st.tuples(st.integers(0, 50), WHERE, st.integers(0, 2), st.integers(0, 3)), max_size=30)


def places_of(where):
    return PLACES if where is None else (where,) if isinstance(where, str) else tuple(where)


@given(EVENTS, st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_events_that_share_a_place_run_one_after_another_in_order(events, limit):
    clock = Clock(PLACES, 0, limit=limit)
    log = {place: [] for place in PLACES}
    busy = set()
    most = [0, 0]

    def act(number, where, turns, children):
        async def run():
            most[0] += 1
            most[1] = max(most)
            assert not busy.intersection(places_of(where))
            busy.update(places_of(where))
            for place in places_of(where):
                log[place].append((clock.now(place), number))
            for child in range(children):
                clock.at(clock.now(places_of(where)[0]) + child, where, act((*number, child), where, 0, 0))
            for _ in range(turns):
                await asyncio.sleep(0)
            busy.difference_update(places_of(where))
            most[0] -= 1

        return run

    async def main():
        for n, (time, where, turns, children) in enumerate(events):
            clock.at(time, where, act((n,), where, turns, children))
        await clock.run(1000)

    asyncio.run(main())
    expected = sum((1 + children) * len(places_of(where)) for _, where, _, children in events)
    assert sum(map(len, log.values())) == expected
    assert most[1] <= limit
    for happened in log.values():
        times = [time for time, _ in happened]
        assert times == sorted(times)
        roots = [entry for entry in happened if len(entry[1]) == 1]
        assert roots == sorted(roots)


def test_places_overlap_but_a_barrier_waits_for_all():
    seen = []

    async def main():
        clock = Clock(PLACES, 0)
        both = asyncio.Barrier(2)

        async def meet():
            await both.wait()
            seen.append("met")

        async def barrier():
            seen.append(("barrier", clock.now("A"), clock.now("C")))

        clock.at(5, "A", meet)
        clock.at(7, "B", meet)
        clock.at(6, None, barrier)
        clock.at(3, "C", lambda: asyncio.sleep(0))
        # B's event at 7 must not begin before the barrier at 6, so A would wait for ever: move it
        clock.at(5, "B", meet)
        clock.at(8, "A", meet)
        await clock.run(10)

    asyncio.run(main())
    assert seen == ["met", "met", ("barrier", 6, 6), "met", "met"]


def test_the_future_beyond_the_window_waits():
    order = []

    async def main():
        clock = Clock(PLACES, 0, window_ms=10)

        async def slow():
            await asyncio.sleep(0.01)
            order.append("slow")

        async def far():
            order.append("far")

        clock.at(1, "A", slow)
        clock.at(50, "B", far)
        await clock.run(100)

    asyncio.run(main())
    assert order == ["slow", "far"]


def test_a_life_sleeps_in_hospital_time_and_others_act_meanwhile():
    log = []

    async def main():
        clock = Clock(PLACES, 0)
        life = Life(clock, "A")

        async def story():
            log.append(("begin", clock.now("A")))
            await life.sleep(100)
            log.append(("end", clock.now("A")))

        async def other():
            log.append(("other", clock.now("A")))

        life.begin(10, story)
        clock.at(50, "A", other)
        cancelled = clock.at(60, "A", other)
        cancelled.cancel()
        await clock.run(1000)
        assert clock.low() >= 110 or not log

    asyncio.run(main())
    assert log == [("begin", 10), ("other", 50), ("end", 110)]


def test_what_fails_in_an_event_ends_the_run():
    async def main():
        clock = Clock(PLACES, 0)
        life = Life(clock, "A")

        async def story():
            await life.sleep(1)
            raise ValueError("dropped a vial")

        life.begin(0, story)
        await clock.run(10)

    with pytest.raises(ValueError, match="dropped a vial"):
        asyncio.run(main())


def test_each_event_ends_only_when_its_place_is_at_rest():
    log = []

    async def main():
        async def settle(place):
            await asyncio.sleep(0)
            log.append(f"{place} rests")

        clock = Clock(PLACES, 0, settle)

        async def act():
            log.append("act")

        clock.at(1, "A", act)
        clock.at(2, "A", act)
        await clock.run(10)

    asyncio.run(main())
    assert log == ["act", "A rests", "act", "A rests"]
