# Labels of packages on their way to the pockets: which may be put away, and which have been. docs/wire.md section 2.
from firmware import codes
from firmware.people import expired

# columns of `labels`; what says no to a label in states 2 to 4 (1 and 5 are open)
L_LABEL, L_ITEM, L_QUANTITY, L_STATE, L_UNTIL = range(5)
_STATES = (codes.LABEL_VOIDED, codes.LABEL_SUPERSEDED, codes.LABEL_DELIVERED)
_LOADS = 5
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


# The serial of four characters; here, since the module of addresses is two kilobytes on a controller's heap.
def serial(label):
    return "".join([_DIGITS[label // 62**place % 62] for place in (3, 2, 1, 0)])


# What is against putting so much away by its label, now: (code, params). What may be gets the ext of its entry.
def refusal(s, order):
    if order.label is None:
        return codes.NONE, []
    row = s.tables.labels.get(order.label)
    if row is None:
        return codes.LABEL_UNKNOWN, []
    order.delivery = (serial(order.label), order.via, row[L_UNTIL])
    code = _code(row, s.state.delivered, order, s.now)
    return code, [row[L_QUANTITY]] if code == codes.BAD_QUANTITY else []


def _code(row, delivered, order, now):
    done = delivered.get(order.delivery[0].encode())
    if done and row[L_UNTIL] <= done[1]:
        return codes.LABEL_DELIVERED
    if 1 < row[L_STATE] < _LOADS:
        return _STATES[row[L_STATE] - 2]
    if expired(row[L_UNTIL], now) or row[L_UNTIL] <= _forgotten(delivered):
        return codes.LABEL_STALE
    if row[L_ITEM] != order.item:
        return codes.LABEL_OTHER_ITEM
    return codes.BAD_QUANTITY if order.quantity > row[L_QUANTITY] else codes.NONE


# Was the package picked to load a place that was unloaded? One that was picked to refill brings none back into use.
def loads(s, label):
    row = s.tables.labels.get(label)
    return row is not None and row[L_STATE] == _LOADS


# Part of the folded state: a table from before the centre heard of it does not deliver a label twice. A pick keeps its
# `until_min`, so the same serial on a later pick is another label. What goes stale first makes room.
def remember(delivered, label, until_min):
    key = label.encode()
    if delivered.count == delivered.limit and not delivered.has(key):
        delivered.remove(min(delivered.rows(), key=_until)[0])
    delivered.put([key, until_min])


# Whatever was forgotten was good until then at most: such a label may have been put away.
def _forgotten(delivered):
    return _until(min(delivered.rows(), key=_until)) if delivered.count == delivered.limit else 0


def _until(row):
    return row[1]
