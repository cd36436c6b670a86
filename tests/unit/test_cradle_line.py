"""Host and units on a bad line, in virtual time: every exchange ends right or says why, nothing is lost or doubled."""

import random
from dataclasses import dataclass, field

import pytest
from cradle_rig import Rig, spoilt
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware.cradle import records

MINUTE_MS = 60_000
LATE_MS = 5000
SETTINGS = settings(max_examples=60, deadline=None)


@dataclass
class Line:
    """Chances per byte of being lost or doubled, per frame of being late, cut short or wrong in one bit.

    `flip` is the chance per byte of a wrong bit: then the check field may miss what is wrong with a frame.
    """

    seed: int
    lose: float = 0.0
    double: float = 0.0
    flip_once: float = 0.0
    flip: float = 0.0
    late: float = 0.0
    cut: float = 0.0
    clean: bool = False
    rng: random.Random = field(init=False)

    def __post_init__(self):
        self.rng = random.Random(self.seed)

    def happens(self, chance):
        return self.rng.random() < chance

    def __call__(self, to_host, data):
        if self.clean:
            return [(0, data)]
        if self.happens(self.flip_once):
            data = self.flipped(data, self.rng.randrange(len(data)))
        if self.happens(self.cut):
            data = data[: self.rng.randrange(len(data))]
        late = self.rng.randrange(LATE_MS) if self.happens(self.late) else 0
        at = self.rng.randrange(len(data) + 1)
        between = self.rng.choice((0, 50, 300)) if late else 0
        return [(late, self.spoilt(data[:at])), (between, self.spoilt(data[at:]))]

    def flipped(self, data, at):
        return data[:at] + bytes([data[at] ^ 1 << self.rng.randrange(8)]) + data[at + 1 :]

    def spoilt(self, data):
        for at in range(len(data)):
            if self.happens(self.flip):
                data = self.flipped(data, at)
        return b"".join(self.arrives(byte) for byte in data)

    def arrives(self, byte):
        return bytes([byte]) * (0 if self.happens(self.lose) else 2 if self.happens(self.double) else 1)


def sealed(text):
    return f"{text}|#{records.record_hash(text.encode())}".encode()


def whole(data):
    text, _, found = data.decode("latin-1").rpartition("|#")
    return found == records.record_hash(text.encode("latin-1"))


class Story:
    """Units at the cradles. Addresses are given on the way."""

    port = "cradle"

    def __init__(self, line, power, units):
        self.line, self.rng = line, line.rng
        self.taken = []
        self.rig = Rig(self.port, fault=line, app=self.app, power=power, wait_ms=1000, cycle_ms=1000)
        addresses = self.addresses(units)
        self.units = [self.rig.unit(address, check=lambda flag, data: whole(data)) for address in addresses]
        self.up = {n: [] for n in range(units)}
        self.down = {n: [] for n in range(units)}

    def addresses(self, units):
        return [None] * units

    def app(self, event):
        """The host's application: takes what is whole, and sometimes cannot."""
        if event[0] != "record":
            return True
        if not whole(event[3]) or self.rng.random() < 0.05:
            return False
        self.taken.append(event[3])
        return True

    def play(self, rounds=12):
        self.rig.cycle()
        for _ in range(rounds):
            for n, unit in enumerate(self.units):
                self.act(n, unit)
            self.rig.run(self.rng.randrange(1, 40_000))
            self.holds()
        self.line.clean = True
        self.finish()
        self.holds()

    def finish(self):
        for unit in self.units:
            self.rig.put(unit)
        assert self.rig.run(60 * MINUTE_MS, lambda: all(map(self.idle, self.units))), self.rig.log[-40:]

    def act(self, n, unit):
        draw = self.rng.random()
        if draw < 0.3:
            self.up[n].append(sealed(f"unit {n} record {len(self.up[n])}"))
            unit.terminal.queue("P", self.up[n][-1])
        elif draw < 0.5 and unit.terminal.address:
            item = self.item(n)
            assert self.rig.host.give(unit.terminal.address, [item])
            self.down[n].append(item)
        elif draw < 0.6:
            self.rig.pull(unit)
        else:
            self.rig.put(unit)

    def item(self, n):
        number = len(self.down[n])
        if self.rng.random() < 0.5:
            return ("block", "S", sealed(f"{n}: {number}"))
        # lists of one name and size, text or binary, which only their content tells apart
        return ("file", f"{number % 2}.lst", (b"%04d" % number) * 40 + self.rng.choice((b"", b"\x03")))

    def holds(self):
        """At every moment: what a unit may forget the application has; no two units have one address."""
        told = [data for unit in self.units for _, data in unit.got("uploaded")]
        assert set(told) <= set(self.taken) and len(told) == len(set(told))
        owned = [unit.terminal.address for unit in self.units if unit.terminal.address]
        assert len(owned) == len(set(owned))
        assert self.port != "cradle" or all(self.rig.book.knows(address) for address in owned)

    def idle(self, unit):
        address = unit.terminal.address
        return address and not unit.terminal.uploads.items and not self.rig.book.status(address).waiting

    def records_of(self, n):
        return [data for data in self.taken if data.startswith(f"unit {n} ".encode())]

    def items_of(self, n):
        return [event for event in self.units[n].events if event[0] in ("file", "block")]

    def check_items(self, n, ever=list):
        """Blocks once and in order; of each list the newest, and no older one after a newer."""
        got, meant = ever(self.items_of(n)), self.down[n]
        assert [item for item in got if item[0] == "block"] == [item for item in meant if item[0] == "block"]
        for name in ("0.lst", "1.lst"):
            came, given = ([item for item in items if item[1] == name] for items in (got, meant))
            assert came[-1:] == given[-1:] and [item for item in given if item in came] == came


class StationStory(Story):
    """Units that know their addresses, one after the other at a station."""

    port = "station"

    def addresses(self, units):
        return ["HK", "AB", "zz"][:units]

    def finish(self):
        for unit in self.units:
            for other in self.units:
                self.rig.pull(other)
            self.rig.put(unit)
            assert self.rig.run(10 * MINUTE_MS, lambda unit=unit: self.idle(unit)), self.rig.log[-40:]


RATES = st.sampled_from([0.0, 0.001, 0.005, 0.02])
FRAMES = st.sampled_from([0.0, 0.05, 0.2])
SEEDS = st.integers(0, 2**32)


@SETTINGS
@given(
    st.builds(Line, seed=SEEDS, lose=RATES, double=RATES, flip_once=FRAMES, late=FRAMES, cut=FRAMES),
    st.integers(6, 9),
    st.integers(1, 3),
    st.sampled_from([Story, StationStory]),
)
@pytest.mark.req("P63", "P64", "P68", "P95")
def test_on_a_bad_line_nothing_is_lost_or_doubled(line, power, units, at):
    story = at(line, power, units)
    story.play()
    for n in range(units):
        assert story.records_of(n) == story.up[n]
        story.check_items(n)
    assert all(why for _, why in story.rig.got("trouble"))


def once(things):
    return list(dict.fromkeys(things))


# what the check field misses may bring a block twice, never a wrong one: who keeps records knows one that it has
@SETTINGS
@given(st.builds(Line, seed=SEEDS, flip=st.sampled_from([0.005, 0.02, 0.05])), st.integers(6, 9), st.integers(1, 3))
@example(Line(1500, lose=0.005, flip=0.02, late=0.05), 6, 3)
def test_what_the_check_field_misses_is_found_by_the_hashes(line, power, units):
    story = Story(line, power, units)
    story.play()
    for n in range(units):
        assert once(story.records_of(n)) == story.up[n]
        story.check_items(n, once)


class Nth:
    """Spoils frames by their number on the line."""

    def __init__(self, faults):
        self.faults, self.count = faults, -1

    def __call__(self, to_host, data):
        self.count += 1
        how = self.faults.get(self.count)
        return [(0, data)] if how is None else spoilt(data, how)


def day(faults):
    """A unit without an address and with two records; two items for it, once it has one. Until all is done."""

    def app(event):
        if event[0] == "assigned":
            rig.host.give(event[1], [("block", "S", b"hello"), ("file", "picks.lst", b"x" * 40)])
        return True

    rig = Rig(fault=Nth(faults), app=app, power=5, wait_ms=1000, cycle_ms=1000)
    unit = rig.unit()
    unit.terminal.queue("P", b"first")
    unit.terminal.queue("P", b"second")
    rig.cycle()

    def over():
        return not unit.terminal.uploads.items and rig.got("given")[1:]

    assert rig.run(10 * MINUTE_MS, over), (faults, rig.log)
    return rig, unit


def came(rig, unit):
    return [event[2] for event in rig.got("record")], [e for e in unit.events if e[0] in ("file", "block")]


@pytest.mark.req("P68", "P71", "P74", "P95")
def test_any_two_frames_may_be_spoilt():
    rig, unit = day({})
    frames, right = len(rig.log), came(rig, unit)
    assert right == ([b"first", b"second"], [("block", "S", b"hello"), ("file", "picks.lst", b"x" * 40)])
    for first in range(frames):
        for how in ("lose", "damage", "cut", 1500):
            for second in range(first, frames):
                faults = {second: "lose", first: how}
                assert came(*day(faults)) == right, faults


def test_a_file_that_is_too_large_is_neither_sent_nor_taken():
    rig = Rig()
    with pytest.raises(ValueError, match="1048576 bytes"):
        rig.host.give("AA", [("file", "f", bytes((1 << 20) + 1))])
    assert rig.host.give("AA", [("file", "f", b"x" * (1 << 20))])
