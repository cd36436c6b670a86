"""Who comes to the cabinet: badges, PINs, witnesses, people and patients of this cabinet only."""

from firmware.wire import messages
from tests.scenarios import site as sites
from tests.scenarios.language import Failed, sentence
from tests.scenarios.site import PIN, ROLES
from tests.scenarios.world import World

USER, WITNESS, CRITICAL, PATIENTS, USERS, MUST_CHANGE = 2, 17, 18, 21, 23, 24
"""Where STATE has them (docs/wire.md section 2); 0 is the message's number."""
BYPASS = {"unreadable": 1, "missing": 2, "the scanner fails": 3, "other": 4, "no reason": 0}


@sentence("When", "{name:who} signs on[ with PIN {pin:number}]")
def sign_on(world: World, name: str, pin: int | None = None) -> None:
    """Badge and PIN."""
    world.ask(messages.SIGN_ON, sites.badge(name), PIN if pin is None else str(pin))


@sentence("When", "somebody tries badge {badge:name} with PIN {pin:number}")
def try_badge(world: World, badge: str, pin: int) -> None:
    """A badge as such, known or not."""
    world.ask(messages.SIGN_ON, badge, str(pin))


@sentence("When", "{count:number} wrong PINs of {name:who}")
def wrong_pins(world: World, count: int, name: str) -> None:
    """Somebody guesses."""
    for _ in range(count):
        world.ask(messages.SIGN_ON, sites.badge(name), "000000")
    world.refused = False


@sentence("When", "{who} signs off")
def sign_off(world: World, who: str) -> None:
    """Leaves."""
    world.by(who)
    world.ask(messages.SIGN_OFF)


@sentence("When", "{name:who} comes as witness[ with PIN {pin:number}]")
def witness(world: World, name: str, pin: int | None = None) -> None:
    """Another person, with badge and PIN of her own, sees the next step."""
    world.ask(messages.WITNESS, sites.badge(name), PIN if pin is None else str(pin))


@sentence("When", "{who} lets {name:who} in as {role:words} for {hours:number} hours, PIN {pin:number}")
def grant(world: World, who: str, name: str, role: str, hours: int, pin: int) -> None:
    """A user of this cabinet only, for some hours; she has to change the PIN first."""
    world.by(who)
    args = (sites.badge(name), sites.user(name), ROLES[role], sites.ALL_CLASSES, hours, str(pin))
    world.ask(messages.GRANT, *args)


@sentence("When", "{who} changes the PIN from {old:number} to {new:number}")
def change_pin(world: World, who: str, old: int, new: int) -> None:
    """A PIN of her own."""
    world.by(who)
    world.ask(messages.CHANGE_PIN, str(old), str(new))


@sentence("When", "{who} adds patient {patient:name} for {hours:number} hours")
def add_patient(world: World, who: str, patient: str, hours: int) -> None:
    """A patient nobody knows yet."""
    world.by(who)
    world.ask(messages.ADD_PATIENT, patient, hours)


@sentence("When", "{who} adds {count:number} patients")
def add_patients(world: World, who: str, count: int) -> None:
    """As many nobody knows, for an hour."""
    for number in range(count):
        add_patient(world, who, f"JANE-{number}", 1)


@sentence("When", "{who} says that the code of {item:name} cannot be read: {why:words}")
def bypass_code(world: World, who: str, item: str, why: str) -> None:
    """`unreadable`, `missing`, `the scanner fails`, `other`; or `no reason`. Stands in for one scan."""
    world.by(who)
    world.ask(messages.BYPASS, 1, BYPASS[why], item, "")


@sentence("When", "{who} says that the label of {place} cannot be read: {why:words}")
def bypass_label(world: World, who: str, place: str, why: str) -> None:
    """The same for a pocket's label."""
    world.by(who)
    world.ask(messages.BYPASS, 2, BYPASS[why], "", place)


@sentence("Then", "{name:who} is signed on")
def is_signed_on(world: World, name: str) -> None:
    """Whom the screen names."""
    if world.state[USER] != sites.user(name):
        raise Failed(f"signed on is {world.state[USER] or 'nobody'}")


@sentence("Then", "nobody is signed on")
def nobody_signed_on(world: World) -> None:
    """The screen waits for a badge."""
    if world.state[USER]:
        raise Failed(f"signed on is {world.state[USER]}")


@sentence("Then", "{name:who} is the witness")
def is_witness(world: World, name: str) -> None:
    """Whom the screen names as witness of the next step."""
    if world.state[WITNESS] != sites.user(name):
        raise Failed(f"the witness is {world.state[WITNESS] or 'nobody'}")


@sentence("Then", "nobody is the witness")
def no_witness(world: World) -> None:
    """There is none, or no more."""
    if world.state[WITNESS]:
        raise Failed(f"the witness is {world.state[WITNESS]}")


@sentence("Then", "she has to change the PIN")
def has_to_change(world: World) -> None:
    """The screen asks for a new PIN first."""
    if world.state[MUST_CHANGE] != 1:
        raise Failed("she does not have to")


@sentence("Then", "the cabinet knows these guests: {list}")
def guests(world: World, list: list[str]) -> None:
    """Users and patients of this cabinet only, by name; or `none`."""
    patients, users = world.state[PATIENTS], world.state[USERS]
    held = sorted([row[0] for row in patients] + [row[0] for row in users]) or ["none"]
    if held != sorted(name if name in [row[0] for row in patients] else sites.user(name) for name in list):
        raise Failed(f"it knows {held}")


@sentence("Then", "a critical override is on")
def critical_on(world: World) -> None:
    """The screen says so, and until when."""
    if world.state[CRITICAL] <= world.hospital.utc_ms:
        raise Failed("there is none")


@sentence("Then", "no critical override is on")
def critical_off(world: World) -> None:
    """It is over, or never was."""
    if world.state[CRITICAL]:
        raise Failed(f"there is one until {world.state[CRITICAL]}")
