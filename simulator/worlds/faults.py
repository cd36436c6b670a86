"""What goes wrong in a world: which fault, when and to whom is drawn beforehand; how it is done stands in `inflict`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.worlds import attacks, inflict
from simulator.worlds.size import Size
from simulator.worlds.timeline import stream

if TYPE_CHECKING:
    from simulator.worlds.world import World

BEGIN_MS = 15_000
MINUTE_MS = 60_000
HEAVY_MOST = 2


@dataclass(frozen=True)
class Fault:
    """One fault: `chance` is the name of its own stream."""

    number: int
    at_ms: int
    kind: str
    rig: int

    def __str__(self) -> str:
        return f"#{self.number} {self.kind} at {self.at_ms} ms, station {self.rig + 1}"


@dataclass(frozen=True)
class Night:
    """The network is away."""

    from_ms: int
    to_ms: int


@dataclass(frozen=True)
class Plan:
    """All that was drawn for one world."""

    faults: tuple[Fault, ...]
    days_ms: tuple[int, ...]
    nights: tuple[Night, ...]
    end_ms: int


Inflict = Callable[["World", Fault], None]

# kind: (weight, how); the names are those under which faults are counted
LIGHT: dict[str, tuple[int, Inflict]] = {
    "power cut": (10, inflict.power_cut),
    "torn write": (14, inflict.torn_write),
    "cut in recovery": (8, inflict.cut_in_recovery),
    "clock jump": (5, inflict.clock_jump),
    "centre clock jump": (2, inflict.centre_clock_jump),
    "link frame lost": (8, inflict.link),
    "link frame doubled": (6, inflict.link),
    "link frame garbled": (8, inflict.link),
    "link cut": (6, inflict.link_cut),
    "agent killed": (9, inflict.agent_killed),
    "agent power cut": (6, inflict.agent_power_cut),
    "agent disk full": (6, inflict.agent_disk_full),
    "outbox deleted": (5, inflict.outbox_deleted),
    "outbox rolled back": (5, inflict.outbox_rolled_back),
    "message lost": (9, inflict.message),
    "message doubled": (8, inflict.message),
    "message late": (8, inflict.message),
    "message out of turn": (8, inflict.message),
    "message changed": (8, inflict.message),
    "message again": (8, inflict.message),
    "broker restarted": (4, inflict.broker_restarted),
    "broker wiped": (4, inflict.broker_wiped),
    "centre killed": (8, inflict.centre_killed),
    "centre power cut": (6, inflict.centre_power_cut),
    "centre disk full": (4, inflict.centre_disk_full),
    "batch forged": (5, attacks.batch_forged),
    "answer forged": (5, attacks.answer_forged),
}
HEAVY: dict[str, tuple[int, Inflict]] = {
    "bit rot": (5, inflict.bit_rot),
    "cabinet cloned": (4, attacks.cloned),
    "cabinet rolled back": (4, attacks.rolled_back),
    "centre restored": (4, attacks.centre_restored),
}
# what happens by itself in the course of the others
FOLLOWING = ("reordered write", "ring full", "outage")
ALL = (*LIGHT, *HEAVY, *FOLLOWING)


def plan(seed: int, rigs: int, size: Size) -> Plan:
    """What this seed has in store."""
    chance = stream(seed, "plan")
    days, nights, at_ms = [], [], BEGIN_MS
    for _ in range(chance.choice(size.nights)):
        days.append(at_ms)
        at_ms += size.day_ms
        nights.append(Night(at_ms, at_ms + chance.randint(*size.night_minutes) * MINUTE_MS))
        at_ms = nights[-1].to_ms + 10_000
    days.append(at_ms)
    count = chance.randint(*size.faults)
    drawn = [_when(chance.random(), chance.random(), days, nights, size) for _ in range(count)]
    kinds = chance.choices(list(LIGHT), [weight for weight, _ in LIGHT.values()], k=len(drawn))
    heavy = chance.choices(list(HEAVY), [weight for weight, _ in HEAVY.values()], k=chance.randint(0, HEAVY_MOST))
    targets = [chance.randrange(rigs) for _ in drawn]
    for at, kind in enumerate(dict.fromkeys(heavy)):
        kinds[at], targets[at] = kind, at  # one station meets at most one of these
        drawn[at] = days[chance.randrange(len(days))] + chance.randrange(size.day_ms // 2)
    made = zip(range(len(drawn)), drawn, kinds, targets, strict=True)
    return Plan(tuple(Fault(*one) for one in made), tuple(days), tuple(nights), at_ms + size.day_ms)


def _when(which: float, where: float, days: list[int], nights: list[Night], size: Size) -> int:
    """Nine of ten by day."""
    if which < 0.9:
        return days[int(which / 0.9 * len(days))] + int(where * size.day_ms)
    night = nights[int((which - 0.9) * 10 * len(nights)) % len(nights)]
    return night.from_ms + int(where * (night.to_ms - night.from_ms))


def inject(world: "World", fault: Fault) -> None:
    """Do it; what can not be done now is not counted."""
    _, how = (LIGHT | HEAVY)[fault.kind]
    how(world, fault)


def end_all(world: "World") -> None:
    """No fault stands or waits any more; everything is on."""
    world.broker.clear_faults()
    world.broker.come_back()
    world.clock_offset_ms = 0
    world.centre.kill_at = ""
    world.centre.set_full(False)
    world.centre.start()
    for rig in world.rigs:
        rig.up.clear()
        rig.down.clear()
        rig.cabinet.clock_offset_ms = 0
        rig.host.kill_at = None
        rig.host.set_full(False)
        rig.cabinet.chips.power.never()
        rig.turn_on()
        rig.restart_host()
