"""Hands and things: drawers pulled, pushed, forced and jammed; power; hospital time."""

from simulator.cabinet.cabinet import Stuck
from tests.scenarios.language import Failed, sentence
from tests.scenarios.panel import HAND_MS
from tests.scenarios.world import World


@sentence("When", "{who} pulls drawer {drawer:number}")
def pull(world: World, who: str, drawer: int) -> None:
    """The drawer has to be unlocked."""
    try:
        world.pull(drawer)
    except Stuck as stuck:
        raise Failed(str(stuck)) from stuck


@sentence("When", "{who} pushes drawer {drawer:number}")
def push(world: World, who: str, drawer: int) -> None:
    """Closes it."""
    world.hand(world.cabinet.push, drawer)


@sentence("When", "somebody forces drawer {drawer:number}")
def force(world: World, drawer: int) -> None:
    """Tears it open, locked as it is."""
    world.hand(world.cabinet.pull, drawer, True)


@sentence("When", "the latch of drawer {drawer:number} jams")
def jam(world: World, drawer: int) -> None:
    """From now on it does not move."""
    world.hand(world.cabinet.jam, drawer)


@sentence("When", "somebody frees the latch of drawer {drawer:number}")
def free(world: World, drawer: int) -> None:
    """It moves again."""
    world.hand(world.cabinet.jam, drawer, False)


@sentence("When", "the lock chip does not answer")
def chip_gone(world: World) -> None:
    """The wire to the locks is broken."""
    world.running.bus.absent.add(0x20)


@sentence("When", "the lock chip answers again")
def chip_back(world: World) -> None:
    """The wire is mended."""
    world.running.bus.absent.discard(0x20)


@sentence("When", "{span} pass", "{span} passes")
def time_passes(world: World, span: int) -> None:
    """Hospital time goes on; it stands still otherwise, but for the moments a hand needs."""
    if world.panel:
        world.running.pass_time(span)
    else:
        world.hospital.passed_ms += span


@sentence("When", "the clock is set back by {span}")
def clock_back(world: World, span: int) -> None:
    """Hospital time jumps; the controller's own time goes on."""
    world.hospital.set_by_ms -= span
    if world.panel:
        world.running.pass_time(HAND_MS)


@sentence("When", "the clock is set forward by {span}")
def clock_forward(world: World, span: int) -> None:
    """The other way."""
    world.hospital.set_by_ms += span
    if world.panel:
        world.running.pass_time(HAND_MS)


@sentence("When", "nobody knows the time")
def no_time(world: World) -> None:
    """The clock has no source any more."""
    world.hospital.quality = 0


@sentence("When", "the power goes out")
def power_out(world: World) -> None:
    """All of it, in that moment: every lock is off."""
    world.power_off()


@sentence("When", "the power comes back")
def power_back(world: World) -> None:
    """The controller starts and reads its journal."""
    world.power_on()


@sentence("When", "the power is about to go out when a drawer unlocks")
def power_out_at_unlock(world: World) -> None:
    """In the moment the next lock is energised, before the cabinet can answer."""
    world.cut_power_when_unlocked()


@sentence("Then", "drawer {drawer:number} unlocks[ and pocket {pocket:number} is lit]")
def unlocks(world: World, drawer: int, pocket: int | None = None) -> None:
    """This drawer's lock has let go, and no other's."""
    if world.unlocked != [drawer]:
        raise Failed(f"unlocked: {world.unlocked or 'nothing'}")
    if pocket is not None and world.cabinet.lit != (drawer, pocket):
        raise Failed(f"lit: {world.cabinet.lit}")
    world.unlocked.clear()


@sentence("Then", "nothing unlocks")
def nothing_unlocks(world: World) -> None:
    """No lock has let go since the text last spoke of one."""
    if world.unlocked:
        raise Failed(f"unlocked: {world.unlocked}")


@sentence("Then", "drawer {drawer:number} stays shut")
def stays_shut(world: World, drawer: int) -> None:
    """Somebody pulls, and it holds."""
    try:
        world.hand(world.cabinet.pull, drawer)
    except Stuck:
        return
    raise Failed(f"drawer {drawer} opens")


@sentence("Then", "no light is on")
def dark(world: World) -> None:
    """No pocket is shown."""
    if world.cabinet.lit != (0, 0):
        raise Failed(f"lit: {world.cabinet.lit}")


