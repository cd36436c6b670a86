# What one access is about: what was asked for, what it does to the book, what its outcome says. Pure.
from firmware import codes, schema
from firmware.flags import BLIND_COUNT, VERIFIED_COUNT
from firmware.journal import kinds

COUNT_NONE = 0
COUNT_VERIFIED = 1
COUNT_BLIND = 2

OUTCOME = {
    kinds.PURPOSE_REMOVE: kinds.REMOVE,
    kinds.PURPOSE_RETURN: kinds.RETURN,
    kinds.PURPOSE_REFILL: kinds.REFILL,
    kinds.PURPOSE_COUNT: kinds.COUNT,
    kinds.PURPOSE_RETURN_BIN: kinds.RETURN_BIN,
    kinds.PURPOSE_LOAD: kinds.LOAD,
    kinds.PURPOSE_UNLOAD: kinds.UNLOAD,
    kinds.PURPOSE_OUTDATE: kinds.OUTDATE,
    kinds.PURPOSE_EMPTY_BIN: kinds.BIN_EMPTIED,
    kinds.PURPOSE_RECOVER: kinds.COUNT,
}
# before anything is taken or put, what is there is counted, if the item's mode says so
COUNTED_FIRST = (kinds.PURPOSE_REMOVE, kinds.PURPOSE_RETURN, kinds.PURPOSE_REFILL)
# the quantity confirmed is what is there: 0 is one
COUNTS = (kinds.PURPOSE_COUNT, kinds.PURPOSE_UNLOAD, kinds.PURPOSE_RECOVER)
TAKES = (kinds.PURPOSE_REMOVE, kinds.PURPOSE_OUTDATE)


# of an item's flags: a count that does not show the book goes before one that does
def count_mode(flags):
    if flags & BLIND_COUNT:
        return COUNT_BLIND
    return COUNT_VERIFIED if flags & VERIFIED_COUNT else COUNT_NONE


# What was asked for. `extra` is what the outcome's ext carries beside its reason and what was counted. What the gate
# wants to know beside is as in gate.Request; `witness` is who will be named, "" nobody; `target` is the place or drawer
# to recover.
class Order:
    def __init__(self, purpose, user, item, quantity, extra=(), disclosure=None):
        self.purpose = purpose
        self.user = user
        self.item = item
        self.quantity = quantity
        self.extra = extra
        self.disclosure = disclosure
        self.override = 0
        self.kit = ""
        self.answer = 0
        self.scanned = False
        self.witness = ""
        self.prompt = None  # number of the item's prompt, where it is asked
        self.target = ""
        self.on_record = False  # the journal names this patient for the removal it is of
        self.count_mode = COUNT_NONE
        self.label_needed = False

    def is_blind(self):
        return self.count_mode == COUNT_BLIND

    # all that lies in a return bin: to be taken out, item by item
    def whole_bin(self):
        return not self.item

    def must_be_counted(self):
        return self.count_mode != COUNT_NONE and self.purpose in COUNTED_FIRST


# change of the book for the quantity the user confirmed
def change_of(purpose, quantity, before):
    if purpose == kinds.PURPOSE_UNLOAD:
        return -before
    if purpose in COUNTS:
        return quantity - before
    return -quantity if purpose in TAKES else quantity


# what no book can make right
def possible(order, quantity):
    within = schema.is_uint(quantity) and quantity <= schema.QUANTITY_MAX
    return within and (order.purpose in COUNTS or order.purpose == kinds.PURPOSE_OUTDATE or quantity <= order.quantity)


# `pocket` has a capacity, 0 none
def fits_pocket(order, pocket, quantity, before):
    if order.purpose in COUNTS:
        return True
    return (
        quantity <= before if order.purpose in TAKES else before + quantity <= (pocket.capacity or schema.QUANTITY_MAX)
    )


def outcome_ext(order, before, counted, previous):
    if OUTCOME[order.purpose] == kinds.COUNT:
        return (before,) + previous
    ext = (codes.NONE,) + tuple(order.extra)
    if order.purpose == kinds.PURPOSE_REMOVE:
        ext += (order.override, order.kit)
    return ext + (counted,) if order.purpose in COUNTED_FIRST else ext
