"""Hosts and units on serial lines in virtual time: daisy-chained cradles, bytes at the line's speed, some of them lost,
doubled or flipped on the way."""

import random
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.handheld.clock import written
from agent.handheld.unit import Action, Unit
from firmware.cradle.ear import Ear
from firmware.cradle.host import STARRED, Host

_BITS_A_BYTE = 10
Event = tuple[Any, ...]
# what a person does: gives how long it takes, or what to wait for
Deeds = Generator[int | Callable[[], bool], None, None]


class Clock:
    """Virtual time, in ms from its start, as hosts and people say it."""

    zone = UTC

    def __init__(self, start: datetime) -> None:
        self._start = start
        self.now_ms = 0

    def utc_ms(self) -> int:
        """The same as UTC."""
        return int(self._start.timestamp() * 1000) + self.now_ms

    def time12(self) -> str:
        """TIME of a host."""
        return written(self._start + timedelta(milliseconds=self.now_ms))


class Noise:
    """Each byte is damaged with probability `rate`: a bit flipped, the byte lost, or doubled."""

    def __init__(self, rng: random.Random, rate: float) -> None:
        self._rng, self._rate = rng, rate
        self.bytes = self.damaged = 0

    def __call__(self, data: bytes) -> bytes:
        self.bytes += len(data)
        return b"".join(self._byte(byte) for byte in data)

    def _byte(self, byte: int) -> bytes:
        if self._rng.random() >= self._rate:
            return bytes([byte])
        self.damaged += 1
        how = self._rng.randrange(3)
        return (bytes([byte ^ 1 << self._rng.randrange(8)]), b"", bytes([byte, byte]))[how]


class Seat:
    """A unit, the line it is on, and what it printed. `saved` is its memory, kept before anything else was done."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.line: Line | None = None
        self.bids = False
        self.saved = ""
        self.printed: list[dict[str, Any]] = []
        self.bad_beeps = 0

    def serve(self) -> bool:
        """Do what the unit wants; True if it wanted anything."""
        actions = self.unit.actions()
        for action in actions:
            self._act(action)
        return bool(actions)

    def _act(self, action: Action) -> None:
        name, *values = action
        if name == "send":
            if self.line and self.line.owner is self:
                self.line.fly(values[0], None)
        elif name == "save":
            self.saved = values[0]
        elif name == "print":
            self.printed.append(values[0])
        elif name == "beep":
            self.bad_beeps += not values[0]
        else:
            self.bids = name == "bid"


class Line:
    """A host and the units in its cradles; `told` takes its events, and says of STARRED ones whether they are good."""

    def __init__(self, world: "World", host: Host, told: Callable[[Event], bool], noise: Noise) -> None:
        self.host, self._told, self._noise, self._world = host, told, noise, world
        self.seats: list[Seat] = []
        self.owner: Seat | None = None
        self._ear = Ear(host)
        self._flying: list[tuple[int, int, Seat | None, bytes]] = []
        self._free_ms: dict[bool, int] = {True: 0, False: 0}
        self._count = 0
        self.frames = 0

    def put(self, seat: Seat) -> None:
        """A unit is put into a cradle of this line."""
        seat.line = self
        self.seats.append(seat)
        seat.unit.plug(True, self._world.now_ms)
        self.settle()

    def take(self, seat: Seat) -> None:
        """A unit is taken out; what flies to it is lost."""
        seat.unit.plug(False, self._world.now_ms)
        seat.serve()
        self.seats.remove(seat)
        seat.line = None
        self.settle()

    def fly(self, data: bytes, target: Seat | None) -> None:
        """Bytes go on their way, at the line's speed; `target` None is the host."""
        self.frames += 1
        heard = self._noise(data)
        start = max(self._world.now_ms, self._free_ms[target is None])
        arrives = start + len(data) * _BITS_A_BYTE * 1000 // self.host.baud
        self._free_ms[target is None] = arrives
        self._count += 1
        self._flying.append((arrives, self._count, target, heard))
        self._flying.sort(key=lambda flight: flight[:2])

    def deadline(self) -> int | None:
        """When something is due here."""
        due = [self._ear.deadline(), self._flying[0][0] if self._flying else None]
        due += [seat.unit.deadline() for seat in self.seats]
        return min((at for at in due if at is not None), default=None)

    def step(self) -> None:
        """Do what is due now."""
        now_ms = self._world.now_ms
        while self._flying and self._flying[0][0] <= now_ms:
            _, _, target, data = self._flying.pop(0)
            if target is None:
                self._ear.heard(data, now_ms)
            elif target is self.owner:
                target.unit.heard(data, now_ms)
            self.settle()
        for seat in self.seats:
            seat.unit.tick(now_ms)
        self._ear.tick(now_ms)
        self.settle()

    def settle(self) -> None:
        """Until nobody wants anything more."""
        busy = True
        while busy:
            busy = self._serve_host()
            for seat in self.seats:
                busy = seat.serve() or busy
            self._guard()

    def _serve_host(self) -> bool:
        events, self.host.events = self.host.events, []
        for event in events:
            good = self._told(event)
            if event[0] in STARRED:
                self.host.accept() if good else self.host.refuse()
        if self.host.deadline() == 0:
            self._ear.tick(self._world.now_ms)
        actions = self.host.actions()
        for _, data in actions:
            if self.owner:
                self.fly(data, self.owner)
        return bool(events or actions)

    # the line passes along the chain of cradles to the next unit that bids for it
    def _guard(self) -> None:
        if self.owner in self.seats and self.owner is not None and self.owner.bids:
            return
        at = self.seats.index(self.owner) + 1 if self.owner in self.seats else 0
        order = self.seats[at:] + self.seats[:at]
        self.owner = next((seat for seat in order if seat.bids), None)
        if self.owner:
            self.owner.unit.granted(self._world.now_ms)


class World:
    """The clock of all lines, and the people."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lines: list[Line] = []
        self._busy: list[tuple[int, Deeds]] = []
        self._waiting: list[tuple[Callable[[], bool], Deeds]] = []

    @property
    def now_ms(self) -> int:
        """What the clock says."""
        return self.clock.now_ms

    def begin(self, deeds: Deeds) -> None:
        """Somebody starts to work now."""
        self._busy.append((self.now_ms, deeds))

    def run(self, most_ms: int) -> bool:
        """Until all people are done; False if they are not after so long."""
        end_ms = self.now_ms + most_ms
        while self._busy or self._waiting:
            lines = [(due, line) for line in self.lines if (due := line.deadline()) is not None]
            next_ms = min([due for due, _ in lines] + [at for at, _ in self._busy], default=end_ms + 1)
            if next_ms > end_ms:
                return False
            self.clock.now_ms = max(self.now_ms, next_ms)
            for due, line in lines:
                if due <= self.now_ms:
                    line.step()
            self._people()
        return True

    def _people(self) -> None:
        ready = [deeds for at, deeds in self._busy if at <= self.now_ms]
        self._busy = [(at, deeds) for at, deeds in self._busy if at > self.now_ms]
        ready += [deeds for until, deeds in self._waiting if until()]
        self._waiting = [(until, deeds) for until, deeds in self._waiting if deeds not in ready]
        for deeds in ready:
            self._go_on(deeds)

    def _go_on(self, deeds: Deeds) -> None:
        wait = next(deeds, None)
        if callable(wait):
            self._waiting.append((wait, deeds))
        elif wait is not None:
            self._busy.append((self.now_ms + wait, deeds))
