# What is taken for a patient, and what of it comes back or is wasted.
from collections import namedtuple

from firmware import codes, layers, pockets
from firmware.journal import chain, entry, kinds
from firmware.order import Order
from firmware.requests import opening

REASONS_TO_WASTE = (1, 2, 3, 4, 5)  # partial dose, dropped or contaminated, refused, expired, other
_OUTCOME_WITHIN = 64  # entries; tables and alarms may come between
# lot and expiry_min as the outcome has them, null where unknown; quantity None where nobody can tell
Removal = namedtuple("Removal", ("place", "lot", "expiry_min", "quantity"))
_BELIEVED = Removal("", None, None, None)


def remove(s, patient, order_id, item, quantity, administration_utc_ms, code_scanned, override, kit, answer):
    rows = s.pockets.of_item(item)
    order = _for_patient(s, kinds.PURPOSE_REMOVE, patient, order_id, item, quantity)
    order.override, order.kit, order.answer = override, kit, answer
    order.scanned = opening.scanned(s, code_scanned, item)
    chosen = pockets.for_removal(rows, quantity)
    lot = (chosen.lot or None, chosen.expiry_min or None) if chosen else (None, None)
    order.extra = (administration_utc_ms, code_scanned) + lot
    return opening.begin(s, order, chosen, pockets.promising(rows), codes.NOT_ENOUGH, pockets.available(rows))


# `to` 1: a pocket, 0: the return bin, where it waits until somebody has looked at it
def give_back(s, patient, order_id, item, quantity, removed_txn, to, code_scanned):
    removal = _removal(s, removed_txn, patient, item)
    put = _to_pocket if to else _to_bin
    return put(s, (patient, order_id, item, quantity), removed_txn, removal, code_scanned)


def _to_bin(s, args, removed_txn, removal, code_scanned):
    order = _of_removal(s, kinds.PURPOSE_RETURN_BIN, removal, *args)
    order.extra = (removed_txn,)
    order.scanned = opening.scanned(s, code_scanned, order.item)
    row = s.pockets.bin_for(order.item)
    reason = _not_of(removal, order.quantity)
    if row and not reason and not s.state.held.bin.has_room(row.place, order.item):
        reason = codes.BIN_FULL
    return opening.begin(s, order, None if reason else row, [row] if row else [], reason, [])


# with the lot it had; what has expired meanwhile goes to the bin
def _to_pocket(s, args, removed_txn, removal, code_scanned):
    lot = (removal.lot, removal.expiry_min) if removal else (None, None)
    order = _of_removal(s, kinds.PURPOSE_RETURN, removal, *args)
    order.extra = (removed_txn, code_scanned) + lot
    order.scanned = opening.scanned(s, code_scanned, order.item)
    rows = s.pockets.of_item(order.item)
    chosen = pockets.for_return(rows, order.quantity, removal.place if removal else "")
    reason = _not_of(removal, order.quantity) or (codes.NONE if chosen else codes.POCKET_FULL)
    if not reason:
        reason = s.pockets.lot_code(chosen.place, *layers.named(*lot))
    return opening.begin(s, order, None if reason else chosen, rows, reason, [])


# no drawer moves: what is left of a removal is destroyed before a witness's eyes
def waste(s, patient, order_id, item, quantity, removed_txn, reason):
    if reason not in REASONS_TO_WASTE:
        return codes.BAD_REQUEST if reason else codes.REASON_NEEDED, []
    removal = _removal(s, removed_txn, patient, item)
    order = _of_removal(s, kinds.PURPOSE_WASTE, removal, patient, order_id, item, quantity)
    code = opening.ask(s, order, None) or _not_of(removal, quantity)
    if code:
        return opening.refuse(s, order, None, code, [])
    ext, who = (reason, removed_txn, quantity), order.witness or None
    txn = s.journal.append(kinds.WASTE, order.user, who, item, disclosure=order.disclosure, ext=ext)
    s.session.spend(order.witness)
    return codes.NONE, [txn]


def _for_patient(s, purpose, patient, order_id, item, quantity):
    return Order(purpose, s.session.user, item, quantity, (), [s.entropy(16), patient, order_id])


def _of_removal(s, purpose, removal, *args):
    order = _for_patient(s, purpose, *args)
    order.on_record = removal is not None and removal is not _BELIEVED
    return order


def _not_of(removal, quantity):
    if removal is None:
        return codes.UNKNOWN_REMOVAL
    return codes.NONE if removal.quantity is None or quantity <= removal.quantity else codes.BAD_QUANTITY


# What was removed under this txn; None if that was not so. 0 names no removal; one the ring has let go is believed.
def _removal(s, txn, patient, item):
    if txn == 0 or txn < s.journal.first_held:
        return _BELIEVED
    access, disclosure = _entry(s, txn)
    if access is None or access[entry.F_KIND] != kinds.ACCESS or access[entry.F_EXT][0] != kinds.PURPOSE_REMOVE:
        return None
    if access[entry.F_ITEM] != item or disclosure is None or disclosure[1] != patient:
        return None
    return _outcome(s, txn, access[entry.F_PLACE])


# cancelled, interrupted or still open: nothing is known to have been taken
def _outcome(s, txn, place):
    for seq in range(txn + 1, min(txn + _OUTCOME_WITHIN, s.journal.seq + 1)):
        fields, _ = _entry(s, seq)
        if fields and fields[entry.F_TXN] == txn and fields[entry.F_KIND] in kinds.OUTCOMES:
            if fields[entry.F_KIND] != kinds.REMOVE:
                return None
            ext = fields[entry.F_EXT]
            return Removal(place, ext[3], ext[4], -fields[entry.F_CHANGE])
    return None


def _entry(s, seq):
    page = s.journal.page(seq)
    if page is None:
        return None, None
    data, disclosure, _ = chain.parse_page(page)
    return entry.decode(data), disclosure
