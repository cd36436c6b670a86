"""One station of a world: cabinet, its computer, the link between them, and who uses it."""

from collections.abc import Callable

from firmware.wire import frame
from simulator.worlds.broker import Broker
from simulator.worlds.cabinet import Cabinet, Chips
from simulator.worlds.disk import Disk
from simulator.worlds.host import Host
from simulator.worlds.people import Person
from simulator.worlds.site import Site
from simulator.worlds.timeline import Timeline, stream
from simulator.worlds.truth import Branch, Truth
from simulator.worlds.wire import Lane

LINK_MS = (1, 4)
BACK_ON_MS = (500, 60_000)
AGENT_BACK_MS = (500, 30_000)


class Rig:
    """`name` is the station's id, or that and more for a clone of it."""

    def __init__(  # noqa: PLR0913, PLR0917 - what is handed in
        self,
        seed: int,
        name: str,
        station: str,
        site: Site,
        broker: Broker,
        timeline: Timeline,
        utc_ms: Callable[[], int],
        truth: Truth,
        chips: Chips,
        disk: Disk,
        branch: Branch,
    ) -> None:
        self.name, self.station, self.truth, self._timeline = name, station, truth, timeline
        self.chance = stream(seed, name, "rig")
        identity = site.identities[station]
        self.cabinet = Cabinet(identity, chips, timeline, utc_ms, stream(seed, name, "chips"), truth)
        self.host = Host(identity, disk, broker, timeline, utc_ms, stream(seed, name, "agent"))
        self.person = Person(self.cabinet, self.host, timeline, stream(seed, name, "people"))
        self.off = False  # broken for good, or taken away
        self.rolled_back = False
        self.powered = False
        self._armed = False
        truth.follow(self.cabinet, branch)
        wire = stream(seed, name, "link")
        hit = lambda fault: truth.fault(fault, station)  # noqa: E731
        self.up = Lane[bytes](timeline, wire, LINK_MS, self._reaches_host, self._garbled, hit, in_order=True)
        self.down = Lane[bytes](timeline, wire, LINK_MS, self._reaches_controller, self._garbled, hit, in_order=True)
        self._wire = wire
        self.cabinet.send, self.host.write = self.up.send, self.down.send
        self.cabinet.on_death = self._controller_died
        self.host.on_death = self._agent_died

    def start(self) -> None:
        """Turn everything on."""
        self.turn_on()
        self.host.start()

    def turn_on(self, cut: tuple[int, int] | None = None) -> bool:
        """The controller has power (again)."""
        if self.powered or self.off:
            return False
        self.powered = True
        return self.cabinet.turn_on(cut)

    def cut_power(self, back: bool = True) -> None:
        """The controller has no power; it comes back some time later."""
        if self.powered:
            self.cabinet.lose_power()
            if not back:
                self.off = True

    def arm_cut(self, operation: int, after: int) -> None:
        """Its power goes at this operation of its flash from now, after so many bytes."""
        self._armed = True
        self.cabinet.chips.power.cut(operation, after)

    def _controller_died(self) -> None:
        struck = self._armed and self.cabinet.chips.power.is_dead()
        self._armed = False
        if struck:
            self.truth.fault("torn write", self.station)
        self.truth.say(self.name, "power lost")
        self.powered = False
        self.up.cut()
        self.down.cut()
        for drawer, shut in self.cabinet.closed.items():
            if not shut and self.chance.random() < 0.5:
                self.cabinet.closed[drawer] = True
        self._timeline.after(self.chance.randint(*BACK_ON_MS), self.turn_on)

    def _agent_died(self) -> None:
        if self.host.kills:
            self.host.kills = 0
            self.truth.fault("agent killed", self.station)
        if self.host.disk.reordered:
            self.truth.fault("reordered write", self.station)
        self.truth.say(self.name, "agent ended")
        self._timeline.after(self.chance.randint(*AGENT_BACK_MS), self.restart_host)

    def is_answered(self) -> bool:
        """Whether everything that was written has its answer, here and at the controller."""
        station = self.cabinet.station
        return station is not None and self.host.answered() == station.journal.seq == station.journal.released

    def relink(self) -> None:
        """The cable was out for a moment."""
        self.up.cut()
        self.down.cut()
        self.host.relinked()

    def restart_host(self) -> None:
        """The service starts the agent again."""
        if not self.off:
            self.host.start()

    def _reaches_host(self, payload: bytes) -> None:
        if payload:
            self.host.received(payload)
        else:
            self.host.damaged()

    def _reaches_controller(self, payload: bytes) -> None:
        if payload:
            self.cabinet.received(payload)
        elif self.cabinet.station:
            self.cabinet.station.frames_dropped += 1

    def _garbled(self, payload: bytes) -> list[bytes]:
        """What the decoder makes of the frame once a few of its bytes were changed or lost."""
        raw = bytearray(frame.encode(payload))
        at = self._wire.randrange(len(raw) - 1)
        if self._wire.random() < 0.5:
            del raw[at : at + self._wire.randint(1, 4)]
        else:
            raw[at] ^= 1 << self._wire.randrange(8)
        decoder = frame.Decoder()
        got = [bytes(one) for one in decoder.feed(bytes(raw) + b"\0")]
        return got or [b""]
