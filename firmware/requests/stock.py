# What the pharmacy does with the pockets: refill, count.
from firmware import codes, pockets
from firmware.journal import kinds
from firmware.requests import opening
from firmware.transactions import Order


def refill(s, item, quantity, lot, expiry, code):
    rows = s.pockets.of_item(item)
    order = Order(kinds.PURPOSE_REFILL, s.session.user, item, quantity, (lot, expiry))
    order.scanned = opening.scanned(s, code, item)
    chosen, reason = pockets.hungriest(rows), codes.POCKET_FULL
    if chosen and quantity > chosen.capacity - chosen.quantity:
        chosen, reason = None, codes.BAD_QUANTITY
    return opening.begin(s, order, chosen, rows, reason, [])


def count(s, place):
    row = s.pockets.at(place)
    order = Order(kinds.PURPOSE_COUNT, s.session.user, row.item if row else "", 0)
    if row is None:
        return codes.NO_POCKET, []
    return opening.begin(s, order, row, [row], codes.NO_POCKET, [])


def _to_come(s, *_args):
    return codes.BAD_REQUEST, []


load = unload = outdate = empty_bin = fail = recover = _to_come
