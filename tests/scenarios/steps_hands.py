"""Hands at the cabinet: drawers and lids pulled, pushed, forced and jammed; what unlocks."""

from firmware.schema import place_name
from simulator.cabinet.cabinet import Stuck, drawer_of, pocket_of
from tests.scenarios.language import Failed, sentence
from tests.scenarios.locks import name_of
from tests.scenarios.world import World


@sentence("When", "{who} pulls drawer {drawer:number}")
def pull(world: World, who: str, drawer: int) -> None:
    """The drawer has to be unlocked."""
    try:
        world.pull(drawer)
    except Stuck as stuck:
        raise Failed(str(stuck)) from stuck


@sentence("When", "the front of drawer {drawer:number} comes out")
def front_comes(world: World, drawer: int) -> None:
    """Moved by the motor of a single-dose drawer, which has to be turning."""
    pockets = next(d.capacities for d in world.site.layout().drawer if d.drawer == drawer)
    if not any(world.cabinet.driven(place_name(drawer, pocket + 1)) for pocket in range(len(pockets))):
        raise Failed("no motor of it turns")
    world.hand(world.cabinet.pull, drawer, True)


@sentence("When", "{who} pushes drawer {drawer:number}")
def push(world: World, who: str, drawer: int) -> None:
    """Closes it."""
    world.hand(world.cabinet.push, drawer)


@sentence("When", "{who} lifts the lid of {place}")
def lift(world: World, who: str, place: str) -> None:
    """The lid over a pocket, or the flap of the return bin; it has to be unlocked."""
    try:
        world.lift(place)
    except Stuck as stuck:
        raise Failed(str(stuck)) from stuck


@sentence("When", "{who} shuts the lid of {place}")
def lower(world: World, who: str, place: str) -> None:
    """Shuts it."""
    world.hand(world.cabinet.lower, place)


@sentence("When", "somebody forces the lid of {place}")
def force_lid(world: World, place: str) -> None:
    """Tears it open, locked as it is."""
    world.hand(world.cabinet.lift, place, True)


@sentence("When", "the lid of {place} jams")
def jam_lid(world: World, place: str) -> None:
    """It does not come up."""
    world.cabinet.jammed_lids.add((drawer_of(place), pocket_of(place)))


@sentence("When", "{who} presses the {button:name} button of {place}[, {times:number} times]")
def press(world: World, who: str, button: str, place: str, times: int = 1) -> None:
    """The `take` or `put` button beside a place of a shelf."""
    for _ in range(times):
        world.hand(world.cabinet.press, place, button == "put")
        world.hand(world.cabinet.press, place, button == "put", False)


@sentence("When", "{count:number} doses fall at {place}", "{count:number} dose falls at {place}")
def doses_fall(world: World, count: int, place: str) -> None:
    """They pass the light barrier of a coil, or the notch of a single-dose front, while its motor turns."""
    for _ in range(count):
        world.hand(world.cabinet.fall, place)
        world.hand(world.cabinet.fall, place, False)
    world.locks.spoken_of(place)


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


@sentence("Then", "drawer {drawer:number} unlocks[ and pocket {pocket:number} is lit]")
def unlocks(world: World, drawer: int, pocket: int | None = None) -> None:
    """This drawer's lock has let go, and no other's."""
    if world.locks.unlocked != [name_of(drawer)]:
        raise Failed(f"unlocked: {world.locks.unlocked or 'nothing'}")
    if pocket is not None and world.cabinet.lit != (drawer, pocket):
        raise Failed(f"lit: {world.cabinet.lit}")
    world.locks.unlocked.clear()


@sentence("Then", "the lid of {place} unlocks", "the motor of {place} turns")
def lid_unlocks(world: World, place: str) -> None:
    """This one, and nothing else."""
    if world.locks.unlocked != [place]:
        raise Failed(f"unlocked: {world.locks.unlocked or 'nothing'}")
    world.locks.unlocked.clear()


@sentence("Then", "the lid of {place} stays shut")
def lid_stays_shut(world: World, place: str) -> None:
    """Somebody tries, and it holds."""
    try:
        world.hand(world.cabinet.lift, place)
    except Stuck:
        return
    raise Failed(f"the lid of {place} opens")


@sentence("Then", "nothing unlocks")
def nothing_unlocks(world: World) -> None:
    """No lock has let go since the text last spoke of one."""
    if world.locks.unlocked:
        raise Failed(f"unlocked: {world.locks.unlocked}")


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
