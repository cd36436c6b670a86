"""One cabinet: the controller's production core over flash that can fail, its drawers, and what really lies in them.

The adapter to `firmware.build` and `firmware.station`. Whatever cuts the power is caught here: the controller is off
until somebody turns it on, and what its flash then holds is all that is left of it.
"""

import random
from collections.abc import Callable
from typing import Any, Protocol

from firmware.build import build
from firmware.config import Config
from firmware.element import Software
from firmware.issue import ring_start
from firmware.journal.flash import begin
from firmware.journal.ram import PowerCut, RamStore
from firmware.station import Station
from firmware.tables import Tables
from firmware.wire import cbor, messages
from simulator.worlds.element import Fitted
from simulator.worlds.files import Files
from simulator.worlds.flash import CachedFile, NorChip, Supply
from simulator.worlds.site import DRAWERS, Identity
from simulator.worlds.timeline import Call, Timeline

TABLE_ROWS = 24
PAGES_AT_ONCE = 8
PAGES_PER_MS = 4
TIME_OF_NETWORK = 2
Action = tuple[Any, ...]
Image = tuple[bytes, list[bytes], dict[str, bytes], list[bytes]]


class Observer(Protocol):
    """Who writes down what a controller really did."""

    def booted(self, cabinet: "Cabinet", adopted: int, damaged: bool) -> None:
        """It has recovered."""

    def appended(self, cabinet: "Cabinet", seq: int) -> None:
        """An entry is durable."""

    def moves(self, cabinet: "Cabinet", action: Action) -> None:
        """It is about to move something."""


class Chips:
    """What does not lose its content without power."""

    def __init__(self, sectors: int, cached: bool, fitted: bool) -> None:
        self.power = Supply()
        self.flash: NorChip | CachedFile = (CachedFile if cached else NorChip)(sectors, self.power)
        self.store = RamStore(self.power)
        self.files = Files(self.power)
        self._count = RamStore(self.power)  # a count in software is copied with the rest
        self.fitted = fitted
        self.element = Fitted(self.power) if fitted else Software(self._count)

    def provision(self, identity: Identity) -> None:
        """A ring as provisioning begins it, with the key of the first entry."""
        begin(self.flash, ring_start(identity.key))

    def image(self) -> Image:
        """A copy of everything, as a thief makes it."""
        return bytes(self.flash.bytes), list(self.store.areas), dict(self.files.held), list(self._count.areas)

    def put_back(self, image: Image) -> None:
        """What was copied, in place of what is there."""
        self.flash.bytes[:] = image[0]
        self.store.areas, self.files.held = list(image[1]), dict(image[2])
        self._count.areas = list(image[3])


class Cabinet:
    """Power, drawers and link of one controller; `send` takes what it says on the link."""

    def __init__(  # noqa: PLR0913, PLR0917 - what is handed in
        self,
        identity: Identity,
        chips: Chips,
        timeline: Timeline,
        utc_ms: Callable[[], int],
        chance: random.Random,
        observer: Observer,
    ) -> None:
        self.identity, self.chips, self.timeline = identity, chips, timeline
        self._hospital_ms, self._chance, self._observer = utc_ms, chance, observer
        self.send: Callable[[bytes], None] = lambda payload: None
        self.station: Station | None = None
        self.clock_offset_ms = 0
        self.closed = dict.fromkeys(range(1, DRAWERS + 1), True)
        self.energised: set[int] = set()
        self.physical: dict[str, int] = {}
        self.on_death: Callable[[], None] = lambda: None
        self.tamper: Callable[[Station], None] = lambda station: None
        self._booted_ms = 0
        self._tick: Call | None = None
        self._pump: Call | None = None
        self._queue: list[Action] = []

    # power

    def turn_on(self, cut: tuple[int, int] | None = None) -> bool:
        """Recover and boot; False if the power went away meanwhile (`cut`: at this operation, after so many bytes)."""
        self.chips.power.restore()
        if cut:
            self.chips.power.cut(*cut)
        self._booted_ms = self.timeline.now_ms
        config = self.identity.controller(self.chips.flash.sectors)
        try:
            station, adopted, damage = self._built(config)
        except PowerCut:
            self.lose_power()
            return False
        self.station = station
        self._watch(station)
        self.tamper(station)
        self._observer.booted(self, adopted, damage is not None)
        readings = {number: (shut, shut) for number, shut in self.closed.items()}
        return self.event("boot", adopted, damage is not None, readings)

    def _built(self, config: Config) -> tuple[Station, int, Any]:
        chips, entropy = self.chips, self._chance.randbytes
        made: tuple[Station, int, Any] = build(
            config, Tables(TABLE_ROWS), chips.flash, chips.store, chips.files, entropy, chips.element
        )
        return made

    def lose_power(self) -> None:
        """Everything in RAM is gone; the locks fall shut."""
        self.chips.flash.crash(self._chance)
        self.station = None
        self.energised.clear()
        self._queue.clear()
        for waiting in (self._tick, self._pump):
            if waiting:
                waiting.cancel()
        self._tick = self._pump = None
        self.on_death()

    def _watch(self, station: Station) -> None:
        append = station.journal.append

        def recorded(*args: Any, **named: Any) -> int:
            seq = int(append(*args, **named))
            self._observer.appended(self, seq)
            return seq

        station.journal.append = recorded

    # events

    def now(self) -> tuple[int, int, int]:
        """UTC, monotonic, quality: as the controller's clock has them."""
        return (
            self._hospital_ms() + self.clock_offset_ms,
            self.timeline.now_ms - self._booted_ms + 1000,
            TIME_OF_NETWORK,
        )

    def event(self, *event: Any) -> bool:
        """Let the controller handle one event and all that follows from it; False if it is off or went off."""
        self._queue.append(event)
        try:
            while self.station and self._queue:
                self.timeline.step()
                self._perform(self.station.handle(self._queue.pop(0), self.now()))
        except PowerCut:
            self.lose_power()
        if self.station is None:
            self._queue.clear()
            return False
        self._arm()
        return True

    def received(self, payload: bytes) -> None:
        """A message of the agent."""
        if self.station is None:
            return
        try:
            fields = cbor.decode(payload)
        except ValueError:
            fields = None
        self.event("message", fields)

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            what = action[0]
            if what == "send":
                self.send(bytes(cbor.encode(action[1])))
            elif what == "release":
                self._observer.moves(self, action)
                self.energised.add(action[1])
                self._queue.append(("latch", action[1], False))
            elif what == "lock" and action[1] in self.energised:
                self.energised.discard(action[1])
                if self.closed[action[1]]:
                    self._queue.append(("latch", action[1], True))

    def _arm(self) -> None:
        if self._tick:
            self._tick.cancel()
        due = self.station.deadline() if self.station else None
        if due is None:
            self._tick = None
        else:
            self._tick = self.timeline.at(self._booted_ms + int(due) - 1000, lambda: self.event("tick"))
        if self._pump is None:
            self._pump = self.timeline.after(1, self._stream)

    def _stream(self) -> None:
        self._pump = None
        pages = self.station.pages(PAGES_AT_ONCE) if self.station else []
        for message in pages:
            self.send(bytes(cbor.encode(message)))
        if pages:
            self._pump = self.timeline.after(PAGES_PER_MS, self._stream)

    # hands

    def pull(self, drawer: int) -> bool:
        """Pull a drawer; False if it is locked."""
        if not self.closed[drawer] or drawer not in self.energised:
            return not self.closed[drawer]
        self.closed[drawer] = False
        self.event("latch", drawer, False)
        self.event("switch", drawer, False)
        return True

    def push(self, drawer: int) -> None:
        """Push it shut."""
        if not self.closed[drawer]:
            self.closed[drawer] = True
            self.event("latch", drawer, True)
            self.event("switch", drawer, True)

    def phase(self) -> int:
        """What the screen shows: the phase of an access."""
        t = self.station.transactions.current if self.station else None
        return int(t.phase()) if t else messages.IDLE
