# One access begun, confirmed or given up: the gate asked, what it refuses journaled.
from firmware import codes, gate, session, transactions
from firmware.journal import kinds

# refused before anybody's authority was in question, or with a step still to do: nothing to journal
_UNWRITTEN = (
    codes.NOT_SIGNED_ON, codes.BUSY, codes.NOT_READY, codes.JOURNAL_FULL, codes.CHANGE_PIN, codes.SCAN_NEEDED,
    codes.PROMPT_NEEDED, codes.WITNESS_NEEDED,
)  # fmt: skip
_PROMPTS = (codes.PROMPT_NEEDED, codes.PROMPT_REFUSED)


# `chosen` is the pocket the rules found, or None: then `reason` says why, once the gate has nothing against it.
def begin(s, order, chosen, rows, reason, params):
    row = chosen or (min(rows, key=lambda r: r.state) if rows else None)
    code = ask(s, order, row)
    if code == codes.NONE and chosen is None:
        return refuse(s, order, row, reason, params)
    if code:
        return refuse(s, order, row, code, [] if order.prompt is None else [order.prompt])
    attest(s, order)
    txn = s.transactions.begin(order, chosen)
    s.session.spend(order.witness)
    s.release(chosen)
    return codes.NONE, [txn, chosen.place, chosen.drawer, chosen.pocket, chosen.quantity]


def ask(s, order, row):
    view, witness = s.view(order, row), s.session.present(s.now_ms)
    request = gate.Request(order.purpose, order.quantity, order.override, order.kit, order.answer, order.scanned)
    allow, code = gate.decide(view, request, s.session.authority, witness, s.now_ms)
    if allow is True or code in _PROMPTS:
        _complete(s, order, view, request, witness)
    return codes.NONE if allow is True else code


# what goes into the entries: the prompt, who was the witness, and a reason only if it does override an order
def _complete(s, order, view, request, witness):
    order.override = request.override if gate.is_override(view, request) else 0
    order.prompt = s.tables.items.get(order.item)[5] if gate.asks_prompt(view, request) else None
    named = witness and (gate.takes_witness(order.purpose) or gate.needs_witness(view, request))
    order.witness = witness.user if named else ""


# the package's code was read, or it was said why it cannot be
def scanned(s, code, item):
    return bool(code) or s.session.stands_in(session.BYPASS_CODE, item)


# the answer is written before anything opens
def attest(s, order):
    if order.prompt is not None:
        ext = (order.prompt, order.answer)
        s.note(kinds.ATTESTATION, order.user, item=order.item, disclosure=order.disclosure, ext=ext)


def refuse(s, order, row, code, params):
    if code == codes.PROMPT_REFUSED:
        attest(s, order)
    if code not in _UNWRITTEN:
        place = row.place if row else None
        s.note(kinds.DENIED, order.user, item=order.item, place=place, ext=(order.purpose, code, order.quantity))
    return code, params


# `counted` and `label` are what was in the pocket and the place read off it
def confirm(s, quantity, counted, label):
    _lend_witness(s)
    code, params = s.transactions.confirm(quantity)
    s.settle()
    return code, params


# whoever stands by when it is confirmed, not only when it was asked for
def _lend_witness(s):
    t, witness = s.transactions.current, s.session.present(s.now_ms)
    if t and witness and not t.outcome and not t.order.witness and gate.takes_witness(t.order.purpose):
        if gate.witness_code(t.order.user, witness, s.now_ms) == codes.NONE:
            t.order.witness = witness.user
            s.session.spend(witness.user)


def confirm_bin(s, counted):
    return codes.BAD_REQUEST, []


def cancel(s):
    t = s.transactions.current
    if t is None or t.outcome:
        return codes.NOTHING_OPEN, []
    s.transactions.cancel(transactions.BY_USER)
    s.relock(t.pocket.drawer)
    return codes.NONE, [t.txn]
