# Inventory rules. Pure: rows are anything with the fields of Pocket. Shared with the centre.
from collections import namedtuple

USABLE = 0
MUST_COUNT = 1
FAILED = 2  # or its drawer is not shut
NOT_LOADED = 3
QUARANTINED = 4
EXPIRED = 5  # what would be taken first; it gives nothing and takes nothing until that is out
BIN = 6  # an item in a return bin

# lot and expiry_min (minutes since 1970, 0 unknown) are those of the layer that expires first
Pocket = namedtuple(
    "Pocket",
    ("place", "drawer", "pocket", "item", "min", "max", "capacity", "quantity", "state", "lot", "expiry_min"),
)
_NEVER = 0xFFFFFFFF


def usable(rows):
    return [row for row in rows if row.state == USABLE]


# The one that could be used soonest: what it lacks is what the person is told. None of none.
def nearest(rows):
    return min(rows, key=lambda row: _LACKS_LEAST.index(row.state)) if rows else None


_LACKS_LEAST = (USABLE, BIN, MUST_COUNT, EXPIRED, QUARANTINED, NOT_LOADED, FAILED)


def _hunger(row):
    return (row.quantity > 0, row.quantity - row.max, row.drawer, row.pocket)


# P46 in the reading RD-P13: among the usable pockets of the item that are below their max the empty ones come first,
# then the greatest (max - quantity), then the lower drawer and pocket. None when nothing is below max.
def hungriest(rows):
    below = [row for row in usable(rows) if row.quantity < row.max]
    return min(below, key=_hunger) if below else None


# Of the places of an item that were unloaded the lowest; None of none.
def unloaded(rows):
    waiting = [row for row in rows if row.state == NOT_LOADED]
    return min(waiting, key=lambda row: row.place) if waiting else None


# Of the usable pockets with enough the one that expires first, then the one with the least sufficient quantity; None
# when no single pocket holds enough.
def for_removal(rows, quantity):
    enough = [row for row in usable(rows) if row.quantity >= quantity]
    return min(enough, key=_first_out) if enough else None


def _first_out(row):
    return (row.expiry_min or _NEVER, row.quantity, row.drawer, row.pocket)


# [largest amount one pocket can give, amount in all usable pockets]
def available(rows):
    held = [row.quantity for row in usable(rows)]
    return [max(held), sum(held)] if held else [0, 0]


# What a removal that no pocket can give is told of: an empty pocket only if no other may hold any.
def promising(rows):
    return [row for row in rows if row.quantity or row.state == MUST_COUNT] or rows


# Back to the pocket of the removal if it is usable and has room up to capacity, else to the hungriest with room.
def for_return(rows, quantity, removed_from):
    with_room = [row for row in usable(rows) if row.quantity + quantity <= row.capacity]
    for row in with_room:
        if row.place == removed_from:
            return row
    return hungriest(with_room)
