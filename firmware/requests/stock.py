# What the pharmacy does with the pockets: refill, load, unload, take out what expires, count; empty a return bin; take
# a place out of use and back.
from firmware import codes, delivery, layers, pockets, profile, schema
from firmware.journal import kinds
from firmware.order import Order
from firmware.requests import opening

REASONS_TO_FAIL = (1, 2, 3, 4)  # person, lock, lid, sensors


# `label` is the serial on the package as a number, or None; `via` how it was read, 0 without
def refill(s, item, quantity, lot, expiry_min, code_scanned, label, via):
    if (label is None) != (via == 0):
        return codes.BAD_REQUEST, []
    order = Order(kinds.PURPOSE_REFILL, s.session.user, item, quantity, (lot, expiry_min, code_scanned))
    order.label, order.via = label, via
    rows = s.pockets.of_item(item)
    waiting = pockets.unloaded(rows) if label is not None and delivery.loads(s, label) else None
    if waiting:
        order.purpose = kinds.PURPOSE_LOAD
    return _put(s, order, waiting or pockets.hungriest(rows))


def load(s, place, quantity, lot, expiry_min, code_scanned):
    row = s.pockets.at(place)
    if row is None:
        return codes.NO_POCKET, []
    return _put(s, Order(kinds.PURPOSE_LOAD, s.session.user, row.item, quantity, (lot, expiry_min, code_scanned)), row)


def _put(s, order, row):
    lot, expiry_min, code_scanned = order.extra
    if not layers.is_lot(lot or "") or not layers.is_expiry(expiry_min or 0):
        return codes.TOO_LONG if lot and len(lot) > layers.LOT_MAX else codes.BAD_REQUEST, []
    labelled = order.label is not None and not profile.policy(s.tables, "drug_scan")
    order.scanned = labelled or opening.scanned(s, code_scanned, order.item)
    reason, params = delivery.refusal(s, order)
    if not reason:
        reason = _no_room(row, order) or s.pockets.lot_code(row.place, *layers.named(lot, expiry_min))
    rows = [row] if row else s.pockets.of_item(order.item)
    return opening.begin(s, order, None if reason else row, rows, reason, params)


# of a labelled package as much is put away as finds room, which is seen at the open pocket
def _no_room(row, order):
    if row is None:
        return codes.POCKET_FULL
    if order.purpose == kinds.PURPOSE_LOAD and row.quantity:
        return codes.NOT_EMPTY
    fits = order.label is not None or order.quantity <= row.capacity - row.quantity
    return codes.NONE if fits else codes.BAD_QUANTITY


def count(s, place):
    return _at(s, kinds.PURPOSE_COUNT, place)


def unload(s, place):
    return _at(s, kinds.PURPOSE_UNLOAD, place)


# asked for is what has expired; what is about to may be taken out as well
def outdate(s, place):
    row = s.pockets.at(place)
    lot = (row.lot or None, row.expiry_min or None) if row else ()
    return _at(s, kinds.PURPOSE_OUTDATE, place, s.pockets.expired(place), lot)


def _at(s, purpose, place, quantity=0, extra=()):
    row = s.pockets.at(place)
    if row is None:
        return codes.NO_POCKET, []
    order = Order(purpose, s.session.user, row.item, quantity, extra)
    nothing = purpose == kinds.PURPOSE_OUTDATE and row.quantity == 0
    return opening.begin(s, order, None if nothing else row, [row], codes.NOT_ENOUGH, [0, 0])


def empty_bin(s, place):
    row = s.pockets.bin_at(place)
    if row is None:
        return codes.NO_POCKET, []
    return _open_bin(s, Order(kinds.PURPOSE_EMPTY_BIN, s.session.user, "", 0), row)


# each item may take two entries: nothing is opened that could not be written down
def _open_bin(s, order, row):
    if not s.transactions.room_to_empty():
        return codes.JOURNAL_FULL, []
    return opening.begin(s, order, row, [row], codes.NONE, [])


# the place or drawer is not used until it was recovered
def fail(s, target, reason):
    if reason not in REASONS_TO_FAIL:
        return codes.BAD_REQUEST if reason else codes.REASON_NEEDED, []
    row = _first_at(s, target)
    if row is None:
        return codes.NO_POCKET, []
    order = Order(kinds.PURPOSE_FAIL, s.session.user, row.item, 0)
    code = opening.ask(s, order, row)
    if code:
        return opening.refuse(s, order, row, code, [])
    whole = not schema.is_place(target)
    item = None if whole else row.item or None
    seq = s.journal.append(kinds.FAILED, order.user, None, item, target, txn=0, ext=(reason,))
    if whole:
        s.transactions.leave(row.drawer)
        s.settle()
    return codes.NONE, [seq]


# opens it (of a drawer the first pocket) and has it counted; the others of the drawer must be counted after
def recover(s, target):
    row = _first_at(s, target)
    if row is None:
        return codes.NO_POCKET, []
    order = Order(kinds.PURPOSE_RECOVER, s.session.user, row.item, 0)
    order.target = target
    if order.whole_bin():
        return _open_bin(s, order, row)
    return opening.begin(s, order, row, [row], codes.NONE, [])


def _first_at(s, target):
    if schema.is_place(target):
        return s.pockets.at(target) or s.pockets.bin_at(target)
    rows = s.pockets.in_drawer(int(target[1:]))
    return rows[0] if rows else s.pockets.bin_at(target + "-P01")
