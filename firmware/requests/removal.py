# What is taken for a patient, and what of it comes back or is wasted.
from firmware import codes, pockets
from firmware.journal import chain, entry, kinds
from firmware.requests import opening
from firmware.transactions import Order


def remove(s, patient, order_id, item, quantity, administration_utc_ms, code_scanned, override, kit, answer):
    rows = s.pockets.of_item(item)
    order = _for_patient(s, kinds.PURPOSE_REMOVE, patient, order_id, item, quantity, ())
    order.override, order.kit, order.answer = override, kit, answer
    order.scanned = opening.scanned(s, code_scanned, item)
    order.extra = (administration_utc_ms, code_scanned, None, None)
    chosen = pockets.for_removal(rows, quantity)
    return opening.begin(s, order, chosen, rows, codes.NOT_ENOUGH, pockets.available(rows))


# `to` 1: a pocket, 0: the bin
def give_back(s, patient, order_id, item, quantity, removed_txn, to, code_scanned):
    if to == 0:
        return codes.BAD_REQUEST, []
    rows = s.pockets.of_item(item)
    known, removed_from = _removal(s, removed_txn, patient, item)
    order = _for_patient(s, kinds.PURPOSE_RETURN, patient, order_id, item, quantity, (removed_txn,))
    order.scanned = opening.scanned(s, code_scanned, item)
    chosen = pockets.for_return(rows, quantity, removed_from) if known else None
    return opening.begin(s, order, chosen, rows, codes.POCKET_FULL if known else codes.UNKNOWN_REMOVAL, [])


def waste(s, patient, order_id, item, quantity, removed_txn, reason):
    order = _for_patient(s, kinds.PURPOSE_WASTE, patient, order_id, item, quantity, (removed_txn, quantity))
    code = opening.ask(s, order, None)
    if code == codes.NONE and not _removal(s, removed_txn, patient, item)[0]:
        code = codes.UNKNOWN_REMOVAL
    if code:
        return opening.refuse(s, order, None, code, [])
    ext = (reason,) + order.extra
    who = order.witness or None
    txn = s.journal.append(kinds.WASTE, order.user, who, item, disclosure=order.disclosure, ext=ext)
    s.session.spend(order.witness)
    return codes.NONE, [txn]


def _for_patient(s, purpose, patient, order_id, item, quantity, extra):
    return Order(purpose, s.session.user, item, quantity, extra, [s.entropy(16), patient, order_id])


# (is it one we can or may not deny, the place it came from). 0 names no removal; one the ring has let go is believed.
def _removal(s, txn, patient, item):
    if txn == 0 or txn < s.journal.first_held:
        return True, ""
    page = s.journal.page(txn)
    if page is None:
        return False, ""
    data, disclosure, _ = chain.parse_page(page)
    fields = entry.decode(data)
    same = fields[entry.F_KIND] == kinds.ACCESS and fields[entry.F_EXT][0] == kinds.PURPOSE_REMOVE
    same = same and fields[entry.F_ITEM] == item and disclosure is not None and disclosure[1] == patient
    return same, fields[entry.F_PLACE] if same else ""
