"""What is in the pockets before the story begins, what is asked for and said at them, and what the book holds."""

from decimal import Decimal
from typing import Any

from firmware.wire import messages
from tests.scenarios.language import Failed, sentence
from tests.scenarios.world import World

SCANNED = "scanned"
REASONS_TO_WASTE = {"part of a dose": 1, "dropped": 2, "refused": 3, "expired": 4, "other": 5, "no reason": 0}
REASONS_TO_FAIL = {"a person says so": 1, "its lock": 2, "its lid": 3, "its sensors": 4, "no reason": 0}
STATES = {
    "usable": 0, "to be counted": 1, "failed": 2, "not loaded": 3, "in quarantine": 4, "expired": 5, "of the bin": 6,
}  # fmt: skip
ITEM_ASKED = 5
"""Where STATE has it."""
PLACE, ITEM, QUANTITY, MIN, MAX, CAPACITY, STATE, LOT, EXPIRY = range(9)


# ---- before


@sentence("Given", "{amount} of {item:name} in {place}")
def stock_is(world: World, amount: Decimal, item: str, place: str) -> None:
    """The pharmacy has counted this; nobody knows the lot."""
    with world.pharmacist():
        world.at_pocket(world.site.units(item, amount), messages.COUNT, place)
    _must_be(world, place, item)


@sentence("Given", "{place} is stocked with {amount}")
def stocked(world: World, place: str, amount: Decimal) -> None:
    """The pharmacy has counted this behind a lid, in a shelf, coil or fridge as well."""
    stock_is(world, amount, world.site.item_at(place), place)


@sentence("Given", "{amount} of {item:name} in {place}, lot {lot:name}, expiring {date}")
def lot_is(world: World, amount: Decimal, item: str, place: str, lot: str, date: int) -> None:
    """The pharmacy has put this in: an empty pocket is loaded, any other refilled."""
    units = world.site.units(item, amount)
    with world.pharmacist():
        row = book_row(world, place)
        if row[QUANTITY]:
            world.at_pocket(units, messages.REFILL, item, units, lot, date, SCANNED, was=row[QUANTITY])
        else:
            world.at_pocket(0, messages.UNLOAD, place)
            world.at_pocket(units, messages.LOAD, place, units, lot, date, SCANNED)
    _must_be(world, place, item)


def _must_be(world: World, place: str, item: str) -> None:
    if world.site.item_at(place) != item:
        raise Failed(f"{place} is not a pocket of {item}")


# ---- asking


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
    "{who} asks to return {amount} of {item:name} for {patient:name} to {where:words}[, code {code:name}]",
    "{who} asks to return {amount} of {item:name} for {patient:name} to {where:words}[, code {code:name}]"
    ", of removal {removal:number}",
)
def ask_to_return(
    world: World, who: str, amount: Decimal, item: str, patient: str, where: str, code: str | None = None,
    removal: int | None = None,
) -> None:  # fmt: skip
    """`the bin` or `a pocket`; of the last removal of this drug for this patient, or the one named (0: none known)."""
    world.by(who)
    to = {"the bin": 0, "a pocket": 1}[where]
    txn = world.removals.get((patient, item), 0) if removal is None else removal
    world.ask(messages.RETURN, patient, "", item, world.site.units(item, amount), txn, to, code)


@sentence(
    "When",
    "{who} wastes {amount} of {item:name} for {patient:name}, {why:words}[, of removal {removal:number}]",
)
def waste(
    world: World, who: str, amount: Decimal, item: str, patient: str, why: str, removal: int | None = None
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


# ---- at the open pocket


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


# ---- afterwards


def book_row(world: World, place: str) -> list[Any]:
    rows = [row for row in world.running.inventory() if row[PLACE] == place]
    if not rows:
        raise Failed(f"the cabinet knows no pocket {place}")
    return rows[0]


@sentence("Then", "the book has {amount} of {item:name} in {place}")
def book_has(world: World, amount: Decimal, item: str, place: str) -> None:
    """What the cabinet's own inventory says of a pocket, or of a drug in the return bin."""
    rows = [row for row in world.running.inventory() if row[PLACE] == place and row[ITEM] == item]
    held = sum(row[QUANTITY] for row in rows)
    if held != world.site.units(item, amount):
        raise Failed(f"the book has {held} smallest units of {item} in {place}")


@sentence("Then", "{place} is {state:words}")
def pocket_state(world: World, place: str, state: str) -> None:
    """How the pocket stands: usable, to be counted, failed, not loaded, in quarantine, expired."""
    names = {value: name for name, value in STATES.items()}
    held = names[book_row(world, place)[STATE]]
    if held != state:
        raise Failed(f"{place} is {held}")


@sentence("Then", "next out of {place} comes lot {lot:name}, expiring {date}")
def next_lot(world: World, place: str, lot: str, date: int) -> None:
    """The layer of the pocket that expires first."""
    row = book_row(world, place)
    if row[LOT:] != [lot, date]:
        raise Failed(f"next comes lot {row[LOT]!r}, expiring at minute {row[EXPIRY]}")


@sentence("Then", "{place} is to hold {low:amount} to {high:amount}")
def pocket_levels(world: World, place: str, low: Decimal, high: Decimal) -> None:
    """The lowest and highest stock the cabinet works with."""
    row, item = book_row(world, place), world.site.item_at(place)
    if row[MIN:CAPACITY] != [world.site.units(item, low), world.site.units(item, high)]:
        raise Failed(f"it is to hold {row[MIN]} to {row[MAX]} smallest units")
