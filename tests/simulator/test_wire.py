"""The cable: counts, faults, absent ends."""

import asyncio
import os
import random

from hypothesis import given
from hypothesis import strategies as st

from simulator.wire import WAITING_LIMIT, Faults, Wire
from tests.waits import PATIENCE_S


async def until(ready):
    async with asyncio.timeout(PATIENCE_S):
        while not ready():
            await asyncio.sleep(0.001)


def drain(fd, n):
    out = b""
    while len(out) < n:
        try:
            out += os.read(fd, 65536)
        except BlockingIOError:
            break
    return out


def on_wire(story, faults=None):
    async def main():
        wire = Wire(faults)
        wire.plug_in()
        controller = wire.open_controller_end()
        agent = os.open(wire.agent.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            await story(wire, controller, agent)
        finally:
            os.close(controller)
            os.close(agent)
            wire.close()

    asyncio.run(main())


def test_bytes_pass_both_ways_and_those_to_the_controller_are_counted():
    async def story(wire, controller, agent):
        wire.power(True)
        everything = bytes(range(256))
        os.write(agent, everything)
        await until(lambda: wire.delivered() == 256)
        assert drain(controller, 256) == everything
        os.write(controller, everything)
        await until(lambda: wire.agent.taken == 256)
        assert drain(agent, 256) == everything

    on_wire(story)


def test_without_power_nothing_reaches_the_controller_and_power_forgets_the_past():
    async def story(wire, controller, agent):
        wire.power(True)
        os.write(agent, b"old")
        await until(lambda: wire.delivered() == 3)
        wire.power(False)
        os.write(agent, b"lost")
        await asyncio.sleep(0)
        wire._down()
        wire.power(True)
        assert wire.delivered() == 0
        os.write(agent, b"new")
        await until(lambda: wire.delivered() == 3)
        assert drain(controller, 3) == b"new"

    on_wire(story)


def test_an_end_that_does_not_read_blocks_nobody_and_loses_only_beyond_a_bound():
    async def story(wire, controller, agent):
        wire.power(True)
        wire.controller.give(b"x" * (WAITING_LIMIT + 100_000))
        assert wire.delivered() is None
        assert wire.controller.taken + wire.controller.waiting == WAITING_LIMIT
        got = 0
        async with asyncio.timeout(PATIENCE_S):
            while got < WAITING_LIMIT:
                got += len(drain(controller, 1))
                await asyncio.sleep(0)
        assert got == WAITING_LIMIT == wire.delivered()

    on_wire(story)


@given(st.binary(max_size=2000), st.integers())
def test_faults_are_the_same_for_the_same_seed_and_none_without_chances(data, seed):
    spoilt = [Faults(random.Random(seed), 0.01, 0.01, 0.01).pass_through(data) for _ in range(2)]
    assert spoilt[0] == spoilt[1]
    assert Faults(random.Random(seed)).pass_through(data) == data


def test_each_fault_shows():
    data = bytes(10_000)
    assert len(Faults(random.Random(1), lose=0.1).pass_through(data)) < len(data)
    assert len(Faults(random.Random(1), double=0.1).pass_through(data)) > len(data)
    corrupt = Faults(random.Random(1), corrupt=0.1).pass_through(data)
    assert len(corrupt) == len(data)
    assert all(byte.bit_count() <= 1 for byte in corrupt)
    assert any(corrupt)
