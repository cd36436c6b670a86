"""How each fault of nature is done. What strikes later (a kill within a transaction, a message that is lost) is armed
here and counted when it strikes."""

import random
from typing import TYPE_CHECKING

from firmware.journal.flash import PAGE
from simulator.worlds import wire
from simulator.worlds.timeline import stream

if TYPE_CHECKING:
    from simulator.worlds.faults import Fault
    from simulator.worlds.rig import Rig
    from simulator.worlds.world import World

DAY_MS = 86_400_000
BACK_MS = (500, 30_000)
FULL_MS = (5_000, 60_000)
SNAPSHOT_ROTS = 0.25
_LANES = {
    "lost": wire.LOST, "doubled": wire.DOUBLED, "garbled": wire.CHANGED, "late": wire.LATE,
    "turn": wire.OUT_OF_TURN, "changed": wire.CHANGED, "again": wire.AGAIN,
}  # fmt: skip
_KILLS = ("take", "answered", "take", "answered", "put_names", "rewind", "anchor", "start")


def _of(world: "World", fault: "Fault") -> "tuple[Rig, random.Random]":
    return world.rigs[fault.rig % len(world.rigs)], stream(world.seed, "fault", fault.number)


# controller


def power_cut(world: "World", fault: "Fault") -> None:
    """The controller goes off between two events."""
    rig, _ = _of(world, fault)
    if rig.powered:
        world.truth.fault(fault.kind, rig.station)
        rig.cut_power()


def torn_write(world: "World", fault: "Fault") -> None:
    """It goes off within one of the next operations of its flash."""
    rig, chance = _of(world, fault)
    rig.arm_cut(chance.randint(1, 12), chance.choice((0, 1, 6, 16, 128, 251, 253, 255, chance.randrange(4096))))


def cut_in_recovery(world: "World", fault: "Fault") -> None:
    """It goes off, and again while it recovers."""
    rig, chance = _of(world, fault)
    if rig.powered:
        rig.cut_power()
        after = chance.choice((0, 1, 16, 128, 255))
        if not rig.turn_on((chance.randint(1, 3), after)) and not rig.powered:
            world.truth.fault(fault.kind, rig.station)
        else:
            rig.cabinet.chips.power.never()


def bit_rot(world: "World", fault: "Fault") -> None:
    """A bit of its flash flips at rest."""
    rig, chance = _of(world, fault)
    chips = rig.cabinet.chips
    area = chips.store.areas[0]
    if area and chance.random() < SNAPSHOT_ROTS:
        at = chance.randrange(len(area))
        chips.store.areas[0] = area[:at] + bytes([area[at] ^ 1 << chance.randrange(8)]) + area[at + 1 :]
    else:
        pages = len(chips.flash.bytes) // PAGE
        used = [page for page in range(pages) if chips.flash.bytes[page * PAGE] != 0xFF]
        chips.flash.bytes[chance.choice(used or [0]) * PAGE + chance.randrange(PAGE)] ^= 1 << chance.randrange(8)
    world.truth.fault(fault.kind, rig.station)


def clock_jump(world: "World", fault: "Fault") -> None:
    """Its clock is set wrong, and right again after a while."""
    rig, chance = _of(world, fault)
    rig.cabinet.clock_offset_ms = chance.choice((-1, 1)) * chance.choice((6_000, 3_600_000, 2 * DAY_MS, 900 * DAY_MS))
    world.truth.fault(fault.kind, rig.station, f"{rig.cabinet.clock_offset_ms} ms")
    world.timeline.after(chance.randint(5_000, 600_000), lambda: setattr(rig.cabinet, "clock_offset_ms", 0))


def centre_clock_jump(world: "World", fault: "Fault") -> None:
    """The centre's clock is set back, which its core does not follow, or a day ahead for a while."""
    _, chance = _of(world, fault)
    world.clock_offset_ms = chance.choice((-3_600_000, -60_000, 60_000, 7_200_000))
    world.truth.fault(fault.kind, "", f"{world.clock_offset_ms} ms")
    world.timeline.after(chance.randint(5_000, 300_000), lambda: setattr(world, "clock_offset_ms", 0))


# link


def link(world: "World", fault: "Fault") -> None:
    """Something happens to the next few frames, in one direction."""
    rig, chance = _of(world, fault)
    lane = chance.choice((rig.up, rig.down))
    for _ in range(chance.randint(1, 3)):
        lane.arm(_LANES[fault.kind.rsplit(" ", 1)[-1]], fault.kind)


def link_cut(world: "World", fault: "Fault") -> None:
    """The cable is out for a moment."""
    rig, _ = _of(world, fault)
    if rig.powered and rig.host.agent:
        world.truth.fault(fault.kind, rig.station)
        rig.relink()


# agent


def agent_killed(world: "World", fault: "Fault") -> None:
    """SIGKILL: at once, or before or after the next time it makes something durable."""
    rig, chance = _of(world, fault)
    if rig.host.agent is None:
        return
    where = chance.randrange(len(_KILLS) + 2)
    if where < len(_KILLS):
        rig.host.kill_at = (_KILLS[where], chance.random() < 0.5)
    else:
        world.truth.fault(fault.kind, rig.station)
        rig.host.kill()


def agent_power_cut(world: "World", fault: "Fault") -> None:
    """The cabinet's computer goes off; often the controller with it."""
    rig, chance = _of(world, fault)
    if rig.host.agent is None:
        return
    world.truth.fault(fault.kind, rig.station)
    rig.host.lose_power()
    if chance.random() < 0.5:
        rig.cut_power()


def agent_disk_full(world: "World", fault: "Fault") -> None:
    """Its disk takes no more, for a while."""
    rig, chance = _of(world, fault)
    world.truth.fault(fault.kind, rig.station)
    rig.host.set_full(True)
    world.timeline.after(chance.randint(*FULL_MS), lambda: rig.host.set_full(False))


def outbox_deleted(world: "World", fault: "Fault") -> None:
    """Somebody deletes its database, and it starts again."""
    rig, _ = _of(world, fault)
    world.truth.fault(fault.kind, rig.station)
    rig.host.kill({"": world.site.outbox_templates[rig.station].read_bytes()})


def outbox_rolled_back(world: "World", fault: "Fault") -> None:
    """Its database is, after a while, what it was now."""
    rig, chance = _of(world, fault)
    image = rig.host.disk.image()

    def back() -> None:
        if rig.host.agent and not world.peace:
            world.truth.fault(fault.kind, rig.station)
            rig.host.kill(image)

    world.timeline.after(chance.randint(*world.size.later_ms), back)


# broker


def message(world: "World", fault: "Fault") -> None:
    """Something happens to the next messages of a station, in one direction."""
    rig, chance = _of(world, fault)
    lane = world.broker.lane(rig.station, chance.choice(("up", "down")))
    for _ in range(chance.randint(1, 3)):
        lane.arm(_LANES[fault.kind.rsplit(" ", 1)[-1]], fault.kind)


def _broker(world: "World", fault: "Fault", *, wiped: bool) -> None:
    if not world.broker.up:
        return
    _, chance = _of(world, fault)
    world.truth.fault(fault.kind, "")
    world.broker.go_down(wiped)
    world.timeline.after(chance.randint(100, 20_000), world.broker.come_back)


def broker_restarted(world: "World", fault: "Fault") -> None:
    """Everybody is disconnected for moments."""
    _broker(world, fault, wiped=False)


def broker_wiped(world: "World", fault: "Fault") -> None:
    """It comes back without anything it held."""
    _broker(world, fault, wiped=True)


# centre


def centre_killed(world: "World", fault: "Fault") -> None:
    """SIGKILL: at once, or before or after its next commit, or between answers and what follows from them."""
    _, chance = _of(world, fault)
    if world.centre.core is None:
        return
    where = chance.choice(("before", "after", "after", "unfolded", ""))
    world.centre.kill_at = where
    if not where:
        world.truth.fault(fault.kind, "")
        world.centre.kill()


def centre_power_cut(world: "World", fault: "Fault") -> None:
    """Its computer goes off."""
    if world.centre.core:
        world.truth.fault(fault.kind, "")
        world.centre.lose_power()


def centre_disk_full(world: "World", fault: "Fault") -> None:
    """Its disk takes no more, for a while."""
    _, chance = _of(world, fault)
    world.truth.fault(fault.kind, "")
    world.centre.set_full(True)
    world.timeline.after(chance.randint(*FULL_MS), lambda: world.centre.set_full(False))
