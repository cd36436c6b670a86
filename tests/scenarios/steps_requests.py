"""What is asked for at the pockets, and what is said there."""

from decimal import Decimal

from firmware.wire import messages
from tests.scenarios.language import sentence
from tests.scenarios.world import World

REASONS_TO_WASTE = {"part of a dose": 1, "dropped": 2, "refused": 3, "expired": 4, "other": 5, "no reason": 0}
REASONS_TO_FAIL = {"a person says so": 1, "its lock": 2, "its lid": 3, "its sensors": 4, "no reason": 0}
ITEM_ASKED = 5
"""Where STATE has it."""


@sentence(
    "When",
    "{who} asks to remove {amount} of {item:name}[ for {patient:name}][ with order {order:name}]"
    "[ without an order, reason {reason:number}][ out of kit {kit:name}]"
    "[, answering {answer:name}][, code {code:name}]",
)
def ask_to_remove(
    world: World, who: str, amount: Decimal, item: str, patient: str = "", order: str = "", reason: int = 0,
    kit: str = "", answer: str = "", code: str | None = None,
) -> None:  # fmt: skip
    """A removal is asked for. `reason` is why there is no order, the answer that to the drug's prompt (`yes`, `no`),
    `code` what was scanned."""
    world.by(who)
    yes_no = {"": 0, "yes": 1, "no": 2}[answer]
    units = world.site.units(item, amount)
    params = world.ask(messages.REMOVE, patient, order, item, units, None, code, reason, kit, yes_no)
    if params and not world.refused:
        world.removals[patient, item] = params[0]


@sentence(
    "When",
    "{who} asks to return {amount} of {item:name}[ for {patient:name}] to {where:words}[, code {code:name}]",
    "{who} asks to return {amount} of {item:name}[ for {patient:name}] to {where:words}[, code {code:name}]"
    ", of removal {removal:number}",
)
def ask_to_return(
    world: World, who: str, amount: Decimal, item: str, where: str, patient: str = "", code: str | None = None,
    removal: int | None = None,
) -> None:  # fmt: skip
    """`the bin` or `a pocket`; of the last removal of this drug for this patient, or the one named (0: none known)."""
    world.by(who)
    to = {"the bin": 0, "a pocket": 1}[where]
    txn = world.removals.get((patient, item), 0) if removal is None else removal
    world.ask(messages.RETURN, patient, "", item, world.site.units(item, amount), txn, to, code)


@sentence(
    "When",
    "{who} wastes {amount} of {item:name}[ for {patient:name}], {why:words}[, of removal {removal:number}]",
)
def waste(
    world: World, who: str, amount: Decimal, item: str, why: str, patient: str = "", removal: int | None = None
) -> None:
    """Why: `part of a dose`, `dropped`, `refused`, `expired`, `other`; or `no reason`."""
    world.by(who)
    txn = world.removals.get((patient, item), 0) if removal is None else removal
    units = world.site.units(item, amount)
    world.ask(messages.WASTE, patient, "", item, units, txn, REASONS_TO_WASTE[why])


@sentence(
    "When",
    "{who} asks to refill {amount} of {item:name}[, lot {lot:name}][, expiring {date}][, code {code:name}]",
)
def ask_to_refill(
    world: World, who: str, amount: Decimal, item: str, lot: str | None = None, date: int | None = None,
    code: str | None = None,
) -> None:  # fmt: skip
    """The cabinet chooses the pocket."""
    world.by(who)
    world.ask(messages.REFILL, item, world.site.units(item, amount), lot, date, code)


@sentence("When", "{who} asks to load {amount} into {place}[, lot {lot:name}][, expiring {date}][, code {code:name}]")
def ask_to_load(
    world: World, who: str, amount: Decimal, place: str, lot: str | None = None, date: int | None = None,
    code: str | None = None,
) -> None:  # fmt: skip
    """Takes a pocket into use."""
    world.by(who)
    units = world.site.units(world.site.item_at(place), amount)
    world.ask(messages.LOAD, place, units, lot, date, code)


@sentence("When", "{who} asks to count {place}")
def ask_to_count(world: World, who: str, place: str) -> None:
    """An inventory of one pocket."""
    world.by(who)
    world.ask(messages.COUNT, place)


@sentence("When", "{who} asks to unload {place}")
def ask_to_unload(world: World, who: str, place: str) -> None:
    """Takes a pocket out of use."""
    world.by(who)
    world.ask(messages.UNLOAD, place)


@sentence("When", "{who} asks to take out what expires in {place}")
def ask_to_outdate(world: World, who: str, place: str) -> None:
    """Outdate removal."""
    world.by(who)
    world.ask(messages.OUTDATE, place)


@sentence("When", "{who} asks to empty the bin {place}")
def ask_to_empty(world: World, who: str, place: str) -> None:
    """The return bin is emptied by two."""
    world.by(who)
    world.ask(messages.EMPTY_BIN, place)


@sentence("When", "{who} says that {target} has failed: {why:words}")
def say_failed(world: World, who: str, target: str, why: str) -> None:
    """`a person says so`, `its lock`, `its lid`, `its sensors`; or `no reason`."""
    world.by(who)
    world.ask(messages.FAIL, target, REASONS_TO_FAIL[why])


@sentence("When", "{who} asks to recover {target}")
def ask_to_recover(world: World, who: str, target: str) -> None:
    """Opens what has failed, so that it is counted and used again."""
    world.by(who)
    world.ask(messages.RECOVER, target)


@sentence(
    "When",
    "{who} takes {amount}[, having counted {counted:amount}][, label {place}]",
    "{who} puts {amount}[, having counted {counted:amount}][, label {place}]",
    "{who} counts {amount}[, label {place}]",
)
def confirm(world: World, who: str, amount: Decimal, counted: Decimal | None = None, place: str | None = None) -> None:
    """What she says she took, put or counted; what was in the pocket before; the pocket label she scanned."""
    world.by(who)
    item = world.state[ITEM_ASKED]
    before = None if counted is None else world.site.units(item, counted)
    world.ask(messages.CONFIRM, world.site.units(item, amount), before, place)


@sentence("When", "{who} finds in the bin {found:list}")
def confirm_bin(world: World, who: str, found: list[str]) -> None:
    """What lies in the return bin: `2 of morphine, 1 of saline`; or `nothing`."""
    world.by(who)
    pairs = [part.split(" of ") for part in found if part != "nothing"]
    world.ask(messages.CONFIRM_BIN, [[item, world.site.units(item, Decimal(count))] for count, item in pairs])


@sentence("When", "{who} cancels")
def cancel(world: World, who: str) -> None:
    """Gives up what was asked for."""
    world.by(who)
    world.ask(messages.CANCEL)
