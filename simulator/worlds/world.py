"""One world: from a seed to what was found. Days with people and faults, nights without a network, then peace.

`only` are the numbers of the faults that are injected (None: all), for shrinking: everything else is drawn alike.
"""

import contextlib
import shutil
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cbor2

from agent import controller
from firmware.wire import cose, messages
from simulator.worlds import check, controls, faults, site
from simulator.worlds.broker import Broker
from simulator.worlds.cabinet import Chips
from simulator.worlds.centre import CentreHost
from simulator.worlds.disk import Disk
from simulator.worlds.rig import Rig
from simulator.worlds.size import FULL, Size
from simulator.worlds.timeline import EndlessError, Timeline, stream
from simulator.worlds.truth import Branch, Enough, Truth, Violation

FITTED = 0.3  # of the cabinets, with a secure element
# An idle link asks for INFO every second, and every minute for an entry that does not read back; here less often: it is
# most of the work of a world, and none of the interest.
CHECK_BY_NIGHT_S = 1800.0
STREAM_MAX_S = controller.STREAM_MAX_S
DAWN_MS = 1_800_000
BACK_MS = (500, 30_000)
WHOLE_EVERY = 40
MORE_VISITS, MORE_MS = 30, 40_000
LAST_S = 15
# many times what the longest world takes that ends
STEPS_MOST = 1_000_000
MS_A_YEAR = 365.25 * 86_400_000


@dataclass
class Found:
    """What one world came to."""

    seed: int
    stations: int
    entries: int
    cabinet_ms: int
    faults: Counter[str]
    violations: list[Violation]
    trace: list[tuple[int, str, str]] = field(repr=False, default_factory=list)
    steps: int = 0


class World:
    """The parts of one seed, wired together."""

    def __init__(self, seed: int, shared: site.Site, folder: Path, size: Size) -> None:
        self.seed, self.site, self.folder, self.size = seed, shared, folder, size
        self.timeline = Timeline(STEPS_MOST)
        self.truth = Truth(self.timeline)
        self.chance = stream(seed, "world")
        self.clock_offset_ms = 0
        self.broker = Broker(self.timeline, stream(seed, "broker"), self.truth.fault)
        disk = Disk(folder, "centre", shared.centre_template)
        self.centre = CentreHost(
            shared, disk, self.broker, self.timeline, self.centre_ms, stream(seed, "centre"), seed % WHOLE_EVERY == 0
        )
        self.centre.sends = self._centre_sends
        self.centre.started = self._centre_started
        self.centre.stopped = self._centre_stopped
        self.rigs = [self._rig(station) for station in site.STATIONS[: self.chance.choice(size.stations)]]
        self.clones: list[Rig] = []
        self.restored = False
        self.peace = False  # what was to come later does not come any more
        self.policy: dict[str, int] = {}

    def _rig(self, station: str) -> Rig:
        cached = self.chance.random() < 0.3
        fitted = stream(self.seed, station, "element").random() < FITTED
        chips = Chips(self.chance.choice(self.size.sectors), cached, fitted)
        chips.provision(self.site.identities[station])
        disk = Disk(self.folder, f"outbox.{station}", self.site.outbox_templates[station])
        return self.new_rig(station, station, chips, disk, Branch())

    def new_rig(self, name: str, station: str, chips: Chips, disk: Disk, branch: Branch) -> Rig:
        """A station, or one more with its identity."""
        return Rig(
            self.seed, name, station, self.site, self.broker, self.timeline, self.hospital_ms, self.truth, chips, disk,
            branch,
        )  # fmt: skip

    def hospital_ms(self) -> int:
        """The true time."""
        return site.START_MS + self.timeline.now_ms

    def centre_ms(self) -> int:
        """The time as the centre's computer has it."""
        return self.hospital_ms() + self.clock_offset_ms

    # what the centre says

    def _centre_sends(self, topic: str, payload: bytes) -> None:
        if not topic.endswith("/answer"):
            return
        _, station, _, verdict, seq, *_ = cbor2.loads(cose.parse(payload)[1])
        if verdict in (messages.ACCEPT, messages.DUP):
            self.truth.acked[station] = max(self.truth.acked.get(station, 0), seq)
        else:
            self.truth.say(station, f"centre answers {'GAP' if verdict == messages.GAP else 'FORK'} at {seq}")

    def _centre_started(self) -> None:
        self.truth.say("centre", "runs")
        for rig in self.rigs:
            check.believed_are_answered(self, rig)
        if not self.restored:
            check.acknowledged_are_held(self)

    def _centre_stopped(self) -> None:
        if self.centre.kills:
            self.centre.kills = 0
            self.truth.fault("centre killed", "")
        if self.centre.disk.reordered:
            self.truth.fault("reordered write", "")
        self.truth.say("centre", "ended")
        self.timeline.after(self.chance.randint(*BACK_MS), self.centre.start)

    # the course

    def run(self, only: Collection[int] | None = None) -> Found:
        """All of it; gives what was found."""
        self._begin()
        plan = faults.plan(self.seed, len(self.rigs), self.size)
        for rig in self.rigs:
            self._visits(rig, plan)
        for number, fault in enumerate(plan.faults):
            if only is None or number in only:
                self.timeline.at(fault.at_ms, partial(faults.inject, self, fault))
        for night in plan.nights:
            self.timeline.at(night.from_ms, self._evening)
            self.timeline.at(night.to_ms - DAWN_MS, self._dawn)
            self.timeline.at(night.to_ms, self._morning)
        with contextlib.suppress(Enough):
            self._to_the_end(plan.end_ms)
        cabinet_ms = self.timeline.now_ms * len(self.rigs)
        truth = self.truth
        return Found(
            self.seed, len(self.rigs), truth.entries, cabinet_ms, truth.faults, truth.violations, truth.trace,
            self.timeline.steps,
        )  # fmt: skip

    def _to_the_end(self, end_ms: int) -> None:
        try:
            self.timeline.run(end_ms)
            self._more()
            self._peace()
        except EndlessError:
            check.who_waits(self)
        else:
            check.all_of(self)

    def _evening(self) -> None:
        self.truth.fault("outage", "")
        self.broker.night = True
        self.broker.go_down()
        controller.CHECK_AFTER_S = controller.STREAM_MAX_S = CHECK_BY_NIGHT_S

    def _dawn(self) -> None:
        controller.STREAM_MAX_S = STREAM_MAX_S

    def _morning(self) -> None:
        self.broker.night = False
        self.broker.come_back()
        controller.CHECK_AFTER_S = self.size.check_s

    def _begin(self) -> None:
        self.centre.start()
        for rig in self.rigs:
            rig.start()
        self.centre.ask_all(site.beginnings([rig.station for rig in self.rigs]))
        self.timeline.run(faults.BEGIN_MS)

    def _visits(self, rig: Rig, plan: faults.Plan) -> None:
        """By day one after the other; at night a few, or many where the network is missed."""
        chance = stream(self.seed, rig.name, "visits")
        for day_ms in plan.days_ms:
            at_ms = day_ms
            while at_ms < day_ms + self.size.day_ms:
                self.timeline.at(at_ms, rig.person.visit)
                at_ms += chance.randint(*self.size.pause_ms)
        for night in plan.nights:
            for _ in range(chance.choice(self.size.night_visits)):
                self.timeline.at(chance.randint(night.from_ms, night.to_ms), rig.person.visit)

    def change_policy(self, station: str) -> None:
        """The pharmacy changes a table of one station."""
        value = self.policy.get(station, 0) + 1
        rows = [["early_min", value]]
        if self.centre.ask("reference", station=station, table="policy", rows=rows, mode="snapshot").get("version"):
            self.policy[station] = value

    def _more(self) -> None:
        """Who found little to do comes a few times more."""
        for _ in range(MORE_VISITS):
            if self.truth.entries >= self.size.entries_least:
                break
            for rig in self.rigs:
                rig.person.visit()
            self.timeline.run(self.timeline.now_ms + MORE_MS)

    def _peace(self) -> None:
        """All faults end; everybody is on, counts what is owed, and the centre hears of it."""
        self.peace = True
        faults.end_all(self)
        self.timeline.run(self.timeline.now_ms + self.size.peace_ms)
        for _ in range(2):
            for rig in self.rigs:
                self._recount(rig)
            self.timeline.run(self.timeline.now_ms + self.size.settle_ms)
        for _ in range(LAST_S):
            if self._is_all_told():
                break
            self.timeline.run(self.timeline.now_ms + 1000)
        self.centre.catch_up()

    def _is_all_told(self) -> bool:
        """Nothing is on its way: a seal may have been written just now. Who is attacked may never be answered."""
        return self.centre.is_caught_up() and all(
            rig.is_answered() or (not check.clean(self, rig) and self.truth.is_quiet(rig.station)) for rig in self.rigs
        )

    def _recount(self, rig: Rig) -> None:
        station = rig.cabinet.station
        if station:
            for drawer in rig.cabinet.closed:
                rig.cabinet.push(drawer)
            owed = sorted(station.state.must_count)
            rig.person.recount(owed, lambda well: None)


@contextlib.contextmanager
def folder_of(shared: site.Site, seed: int) -> Iterator[Path]:
    """A folder for the disks of one world."""
    folder = shared.folder / f"world-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _links_ask_seldom(size: Size) -> Iterator[None]:
    before, controller.CHECK_AFTER_S = controller.CHECK_AFTER_S, size.check_s
    try:
        yield
    finally:
        controller.CHECK_AFTER_S, controller.STREAM_MAX_S = before, STREAM_MAX_S


def run(  # noqa: PLR0913, PLR0917 - what a world is made of
    seed: int,
    shared: site.Site,
    size: Size = FULL,
    only: Collection[int] | None = None,
    control: str = "",
    until: str = "",
) -> Found:
    """One world, from its seed; `control` is a bad variant to be found out, a violation of kind `until` the end."""
    with folder_of(shared, seed) as folder, _links_ask_seldom(size):
        world = World(seed, shared, folder, size)
        world.truth.until = until
        try:
            with controls.put_in(world, control):
                return world.run(only)
        finally:
            world.centre.kill()
            for rig in (*world.rigs, *world.clones):
                rig.host.kill()
