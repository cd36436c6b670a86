# What lots lie in one pocket: lists of (lot, expiry_min, quantity), first to expire first. Pure; shared with the
# centre, so that journal, cabinet and centre agree. expiry_min is minutes since 1970, 0 unknown; what is unknown comes
# last. Stock of which nothing is known is the layer ("", 0).
from firmware.journal import kinds

UNKNOWN = ("", 0)
LIMIT = 6  # layers a pocket, one of them kept for UNKNOWN
LOT_MAX = 20  # GS1, application identifier 10
_NEVER = 0xFFFFFFFF


# printable ASCII: it is a label's text
def is_lot(value):
    return isinstance(value, str) and len(value) <= LOT_MAX and all(" " <= c <= "~" for c in value)


def is_expiry(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _NEVER


# what an entry says of a lot: null and what no label can carry are unknown
def named(lot, expiry_min):
    return (lot if is_lot(lot) else ""), (expiry_min if is_expiry(expiry_min) else 0)


def _order(layer):
    return layer[1] or _NEVER, layer[0]


def total(layers):
    return sum([quantity for _, _, quantity in layers])


# Is there a layer for this lot, or room for another? UNKNOWN always has room.
def has_room(layers, lot, expiry_min):
    known = [layer[:2] for layer in layers if layer[:2] != UNKNOWN]
    return (lot, expiry_min) == UNKNOWN or (lot, expiry_min) in known or len(known) < LIMIT - 1


# What has no room of its own is added to what nothing is known of; who asks `has_room` first never gets there.
def put(layers, lot, expiry_min, quantity):
    if quantity <= 0:
        return list(layers)
    if not has_room(layers, lot, expiry_min):
        lot, expiry_min = UNKNOWN
    held = sum([layer[2] for layer in layers if layer[:2] == (lot, expiry_min)])
    others = [layer for layer in layers if layer[:2] != (lot, expiry_min)]
    return sorted(others + [(lot, expiry_min, held + quantity)], key=_order)


# -> (layers left, layers taken): first expired, first out. Beyond what is there nothing is taken.
def take(layers, quantity):
    left, taken = [], []
    for lot, expiry_min, held in layers:
        part = min(held, quantity)
        quantity -= part
        if part:
            taken.append((lot, expiry_min, part))
        if held > part:
            left.append((lot, expiry_min, held - part))
    return left, taken


# What lies there after a count: the last to expire is what is missing, what is more nothing is known of.
def settle(layers, counted):
    missing = total(layers) - counted
    if missing <= 0:
        return put(layers, "", 0, -missing)
    return take(layers, counted)[1]


# [lot or "", expiry_min] of the layer that is taken first
def first(layers):
    return list(layers[0][:2]) if layers else ["", 0]


def expired(layers, now_min):
    return [layer for layer in layers if 0 < layer[1] <= now_min]


# The layers after an entry of this kind, whose ext names what was put. In the end they are what the entry says.
def step(layers, kind, change, after, ext):
    if kind in (kinds.REMOVE, kinds.OUTDATE):
        layers = take(layers, -change)[0]
    elif kind in _PUT:
        at = _PUT[kind]
        lot, expiry_min = named(*ext[at : at + 2]) if len(ext) > at + 1 else UNKNOWN
        layers = put(layers, lot, expiry_min, change)
    return settle(layers, after)


# where in the ext of an entry lot and expiry are
_PUT = {kinds.RETURN: 3, kinds.REFILL: 1, kinds.LOAD: 1}
