"""What is in the pockets before the story begins, and what the book holds."""

from decimal import Decimal
from typing import Any

from firmware.wire import messages
from tests.scenarios.language import Failed, sentence
from tests.scenarios.world import World

SCANNED = "scanned"
STATES = {
    "usable": 0, "to be counted": 1, "failed": 2, "not loaded": 3, "in quarantine": 4, "expired": 5, "of the bin": 6,
}  # fmt: skip
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
            world.at_pocket(units, messages.REFILL, item, units, lot, date, SCANNED, None, 0, was=row[QUANTITY])
        else:
            world.at_pocket(0, messages.UNLOAD, place)
            world.at_pocket(units, messages.LOAD, place, units, lot, date, SCANNED)
    _must_be(world, place, item)


def _must_be(world: World, place: str, item: str) -> None:
    if world.site.item_at(place) != item:
        raise Failed(f"{place} is not a pocket of {item}")


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


@sentence(
    "Then",
    "next out of {place} comes lot {lot:name}, expiring {date}",
    "next out of {place} comes what expires {date}",
)
def next_lot(world: World, place: str, date: int, lot: str = "") -> None:
    """The layer of the pocket that expires first; nobody knows the lot if none is said."""
    row = book_row(world, place)
    if row[LOT:] != [lot, date]:
        raise Failed(f"next comes lot {row[LOT]!r}, expiring at minute {row[EXPIRY]}")


@sentence("Then", "{place} is to hold {low:amount} to {high:amount}")
def pocket_levels(world: World, place: str, low: Decimal, high: Decimal) -> None:
    """The lowest and highest stock the cabinet works with."""
    row, item = book_row(world, place), world.site.item_at(place)
    if row[MIN:CAPACITY] != [world.site.units(item, low), world.site.units(item, high)]:
        raise Failed(f"it is to hold {row[MIN]} to {row[MAX]} smallest units")
