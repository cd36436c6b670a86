"""Around the drawers: case, mains, battery, fridges, the clock, wires; all the power."""

from tests.scenarios.language import sentence
from tests.scenarios.panel import HAND_MS
from tests.scenarios.world import World


@sentence("When", "somebody opens the case")
def open_case(world: World) -> None:
    """Where the electronics are."""
    world.hand(world.cabinet.case, True)


@sentence("When", "somebody shuts the case")
def shut_case(world: World) -> None:
    """Shut again."""
    world.hand(world.cabinet.case, False)


@sentence("When", "the mains fail[, with {percent:number} percent in the battery]")
def mains_fail(world: World, percent: int = 100) -> None:
    """The cabinet goes on from its battery."""
    world.cabinet.gauge.percent = percent
    world.hand(world.cabinet.mains, False)


@sentence("When", "the battery is down to {percent:number} percent")
def battery(world: World, percent: int) -> None:
    """The cabinet looks at it once a minute."""
    world.cabinet.gauge.percent = percent


@sentence("When", "the mains come back")
def mains_back(world: World) -> None:
    """They do."""
    world.hand(world.cabinet.mains, True)


@sentence("When", "fridge {drawer:number} is at {degrees:number} degrees")
def fridge_at(world: World, drawer: int, degrees: int) -> None:
    """Its temperature from now on; the cabinet looks at it once a minute."""
    world.cabinet.thermometers[drawer].centi = 100 * degrees


@sentence("When", "the thermometer of fridge {drawer:number} is silent")
def fridge_silent(world: World, drawer: int) -> None:
    """It measures nothing."""
    world.cabinet.thermometers[drawer].centi = None


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
