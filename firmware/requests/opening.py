# One access begun, confirmed or given up: the gate asked, what it refuses journaled.
from firmware import codes, gate, transactions
from firmware.journal import kinds

# refused before anybody's authority was in question: nothing to journal
_UNWRITTEN = (codes.NOT_SIGNED_ON, codes.BUSY, codes.NOT_READY, codes.JOURNAL_FULL)


# `chosen` is the pocket the rules found, or None: then `reason` says why, once the gate has nothing against it.
def begin(s, order, chosen, rows, reason, params):
    row = chosen or (min(rows, key=lambda r: r.state) if rows else None)
    code = ask(s, order, row)
    if code == codes.NONE and chosen is None:
        return refuse(s, order, row, reason, params)
    if code:
        return refuse(s, order, row, code, [])
    txn = s.transactions.begin(order, chosen)
    s.release(chosen)
    return codes.NONE, [txn, chosen.place, chosen.drawer, chosen.pocket, chosen.quantity]


def ask(s, order, row):
    request = gate.Request(order.purpose, order.quantity)
    allow, code = gate.decide(s.view(order, row), request, s.session.authority, s.now_ms)
    return codes.NONE if allow is True else code


def refuse(s, order, row, code, params):
    if code not in _UNWRITTEN:
        place = row.place if row else None
        s.note(kinds.DENIED, order.user, item=order.item, place=place, ext=(order.purpose, code, order.quantity))
    return code, params


def confirm(s, quantity):
    code, params = s.transactions.confirm(quantity)
    s.settle()
    return code, params


def cancel(s):
    t = s.transactions.current
    if t is None or t.outcome:
        return codes.NOTHING_OPEN, []
    s.transactions.cancel(transactions.BY_USER)
    s.relock(t.pocket.drawer)
    return codes.NONE, [t.txn]
