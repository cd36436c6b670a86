"""Host and units on a bad line, in virtual time: every exchange ends right or says why, nothing is lost or doubled."""

import random
from dataclasses import dataclass, field

import pytest
from cradle_rig import Rig
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware.cradle import addresses, records

MINUTE_MS = 60_000
SETTINGS = settings(max_examples=60, deadline=None)


@dataclass
class Line:
    """Chances per byte of being lost, doubled or flipped in one bit, per frame of being late or cut short."""

    seed: int
    lose: float = 0.0
    double: float = 0.0
    flip: float = 0.0
    late: float = 0.0
    cut: float = 0.0
    clean: bool = False
    rng: random.Random = field(init=False)

    def __post_init__(self):
        self.rng = random.Random(self.seed)

    def __call__(self, to_host, data):
        if self.clean:
            return [(0, data)]
        if self.rng.random() < self.cut:
            data = data[: self.rng.randrange(len(data))]
        late = self.rng.randrange(5000) if self.rng.random() < self.late else 0
        at = self.rng.randrange(len(data) + 1)
        return [
            (late, self._spoil(data[:at])),
            (self.rng.choice((0, 0, 50, 300)) if late else 0, self._spoil(data[at:])),
        ]

    def _spoil(self, data):
        return b"".join(self._arrives(byte) for byte in data)

    def _arrives(self, byte):
        draw = self.rng.random()
        if draw < self.lose:
            return b""
        if draw < self.lose + self.flip:
            return bytes([byte ^ 1 << self.rng.randrange(8)])
        return bytes([byte]) * (2 if draw > 1 - self.double else 1)


def sealed(text):
    return f"{text}|#{records.record_hash(text.encode())}".encode()


def whole(data):
    text, _, found = data.decode("latin-1").rpartition("|#")
    return found == records.record_hash(text.encode("latin-1"))


RATES = st.sampled_from([0.0, 0.001, 0.005, 0.02])
LINES = st.builds(
    Line,
    seed=st.integers(0, 2**32),
    lose=RATES,
    double=RATES,
    flip=RATES,
    late=st.sampled_from([0, 0.05]),
    cut=st.sampled_from([0, 0.03]),
)


class Story:
    def __init__(self, line, power, units, port="cradle"):
        self.line = line
        self.taken = []
        self.rig = Rig(port, fault=line, app=self.app, power=power, wait_ms=1000, cycle_ms=1000)
        self.rng = line.rng
        self.units = [self.rig.unit(check=lambda flag, data: whole(data)) for _ in range(units)]
        self.up = {n: [] for n in range(units)}
        self.down = {n: [] for n in range(units)}

    def app(self, event):
        if event[0] != "record":
            return True
        if not whole(event[3]) or self.rng.random() < 0.05:
            return False
        self.taken.append(event[3])
        return True

    def work(self, rounds):
        for _ in range(rounds):
            for n, unit in enumerate(self.units):
                self.one(n, unit)
            self.rig.run(self.rng.randrange(1, 40_000))
            self.soundly()

    def one(self, n, unit):
        draw = self.rng.random()
        if draw < 0.3:
            data = sealed(f"unit {n} record {len(self.up[n])}")
            unit.terminal.queue("P", data)
            self.up[n].append(data)
        elif draw < 0.5 and unit.terminal.address and self.rig.book.knows(unit.terminal.address):
            item = self.item(n)
            if self.rig.host.give(unit.terminal.address, [item]):
                self.down[n].append(item)
        elif draw < 0.6:
            self.rig.pull(unit)
        else:
            self.rig.put(unit)

    def item(self, n):
        if self.rng.random() < 0.5:
            return ("block", "S", sealed(f"{n}: {len(self.down[n])}"))
        name = f"{len(self.down[n])}.lst"
        return ("file", name, self.rng.choice((b"", b"text\n", b"\x03\x1b\xff")) * self.rng.randrange(200))

    def soundly(self):
        """What holds at every moment: what a unit may forget, the application has."""
        told = [data for unit in self.units for _, data in unit.got("uploaded")]
        assert set(told) <= set(self.taken)
        assert len(told) == len(set(told))
        owned = [unit.terminal.address for unit in self.units if unit.terminal.address]
        assert len(owned) == len(set(owned))
        assert all(self.rig.book.knows(address) for address in owned)

    def finish(self):
        self.line.clean = True
        for unit in self.units:
            self.rig.put(unit)
        assert self.rig.run(60 * MINUTE_MS, self.idle), self.rig.log[-40:]
        self.soundly()

    def idle(self):
        waiting = [self.rig.book.status(u.terminal.address).waiting for u in self.units if u.terminal.address]
        return all(u.terminal.address and not u.terminal.uploads.items for u in self.units) and not any(waiting)


@SETTINGS
@given(LINES, st.integers(6, 9), st.integers(1, 4))
@pytest.mark.req("P95", "P68")
def test_on_a_bad_line_nothing_is_lost_or_doubled(line, power, units):
    story = Story(line, power, units)
    story.rig.cycle()
    story.work(12)
    story.finish()
    for n, unit in enumerate(story.units):
        assert [data for data in story.taken if data.startswith(f"unit {n} ".encode())] == story.up[n]
        assert [event for event in unit.events if event[0] in ("file", "block")] == story.down[n]
    for _, why in story.rig.got("trouble"):
        assert why
