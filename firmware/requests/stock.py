# What the pharmacy does with the pockets: refill, count.
from firmware import codes, pockets
from firmware.journal import kinds
from firmware.requests import opening
from firmware.transactions import Order


def refill(s, item, quantity, lot, expiry):
    rows = s.pockets.of_item(item)
    order = Order(kinds.PURPOSE_REFILL, s.session.user, item, quantity, (lot, expiry))
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
