"""The line of cradles: its speed, who is heard, and what goes wrong on it."""

import asyncio
import os
import random
import selectors
from types import SimpleNamespace

import pytest

from simulator import hurry
from simulator.cradle_line import CradleLine, LineFaults, Way, faults
from tests.hurried import hurrying

SPEED = 40
hurried = hurrying(SPEED)


def opened(jack):
    return os.open(jack.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)


async def heard(fd, count):
    """`count` bytes from a port; fewer if no more come for ten seconds."""
    data = b""
    try:
        async with asyncio.timeout(10):
            while len(data) < count:
                try:
                    data += os.read(fd, 4096)
                except BlockingIOError:
                    await asyncio.sleep(0.005)
    except TimeoutError:
        return data
    return data


def test_a_byte_takes_ten_bits_of_the_lines_time():
    way = Way(960, None)
    way.put(b"x" * 96, 5.0)
    assert way.left_s(5.0) == pytest.approx(0.1)
    assert way.due(5.0 + 1 / 1000) == b""
    assert len(way.due(5.0501)) == 48
    # what comes while the line is busy waits for it
    way.put(b"y" * 96, 5.06)
    assert way.due(5.1501) == b"x" * 48 + b"y" * 48
    assert len(way.due(6.0)) == 48 and way.left_s(6.0) == 0
    assert way.passed == 192


def test_a_way_holds_little_as_a_uart_does():
    way = Way(960, None)
    way.put(b"x" * way.room, 0.0)
    assert way.room == 0
    way.due(1.0)
    assert way.room > 0


@pytest.mark.req("P57", "P63", "P70")
def test_one_unit_at_a_time_has_the_line_and_passes_it_along_the_chain():
    async def story():
        async with CradleLine(3) as line:
            host, first, third = opened(line.host), opened(line.units[0]), opened(line.units[2])
            await heard(host, 1)
            assert line.owner == 0
            os.write(third, b"not heard")
            os.write(first, b"first")
            os.write(host, b"host")
            assert (await heard(host, 5), await heard(first, 4), await heard(third, 1)) == (b"first", b"host", b"")
            os.close(first)
            await heard(host, 1)
            assert line.owner == 2
            os.write(third, b"third")
            assert await heard(host, 5) == b"third"
            line.pull(2)
            await heard(host, 1)
            assert line.owner is None
            os.close(third)
            os.close(host)

    hurried(story())


def test_each_fault_does_what_it_says():
    data = bytes(range(256)) * 40

    def through(**chances):
        spoilt = LineFaults(random.Random(1), **chances)
        way = Way(10_000, spoilt)
        out, now_s = b"", 0.0
        for at in range(0, len(data), 256):
            way.put(data[at : at + 256], now_s)
            while way.left_s(now_s) > 0:
                now_s += 0.01
                out += way.due(now_s)
        return out, now_s

    clean, clean_s = through()
    assert clean == data
    assert len(through(lose=0.01)[0]) < len(data) < len(through(double=0.01)[0])
    flipped = through(corrupt=0.01)[0]
    wrong = [a ^ b for a, b in zip(flipped, data, strict=True) if a != b]
    assert wrong and all(bits.bit_count() == 1 for bits in wrong)
    late, late_s = through(late=0.001)
    assert late == data and late_s > clean_s
    cut = through(cut=0.001, cut_s=0.1)[0]
    assert len(cut) < len(data) and all(byte in data for byte in cut)


def test_faults_come_as_often_as_they_are_asked_for():
    spoilt = faults(1, 0.03)
    assert spoilt.lose + spoilt.double + spoilt.corrupt == pytest.approx(0.03)
    for _ in range(100):
        spoilt.pass_through(bytes(1000))
    assert 2500 < spoilt.done < 3500


def test_a_hurried_loop_is_as_much_faster_as_it_says(monkeypatch):
    real_s = 0.0

    def waited(_selector, timeout=None):
        nonlocal real_s
        real_s += max(timeout or 0, 0)
        return []

    async def story():
        began_s = asyncio.get_running_loop().time()
        await asyncio.sleep(10)
        return asyncio.get_running_loop().time() - began_s

    monkeypatch.setattr(hurry, "time", SimpleNamespace(monotonic=lambda: real_s))
    monkeypatch.setattr(selectors.SelectSelector, "select", waited)
    assert hurried(story()) == pytest.approx(10)
    assert real_s == pytest.approx(10 / SPEED)
