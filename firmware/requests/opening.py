# One access begun, confirmed or given up: the gate asked, what it refuses journaled.
from firmware import codes, gate, pockets, profile, session, transactions
from firmware.journal import kinds
from firmware.order import count_mode

# refused before anybody's authority was in question, or with a step still to do: nothing to journal
_UNWRITTEN = (
    codes.NOT_SIGNED_ON, codes.BUSY, codes.NOT_READY, codes.JOURNAL_FULL, codes.CHANGE_PIN, codes.SCAN_NEEDED,
    codes.PROMPT_NEEDED, codes.WITNESS_NEEDED,
)  # fmt: skip
_LABELLED = (kinds.PURPOSE_REFILL, kinds.PURPOSE_LOAD, kinds.PURPOSE_RETURN)
ITEM_FLAGS = 3  # column of `items`
_PROMPTS = (codes.PROMPT_NEEDED, codes.PROMPT_REFUSED)


# `chosen` is the pocket the rules found, or None: then `reason` says why, once the gate has nothing against it.
def begin(s, order, chosen, rows, reason, params):
    row = chosen or pockets.nearest(rows)
    code = ask(s, order, row)
    if code == codes.NONE and chosen is None:
        return refuse(s, order, row, reason, params)
    if code:
        return refuse(s, order, row, code, [] if order.prompt is None else [order.prompt])
    attest(s, order)
    _care_at_pocket(s, order)
    txn = s.transactions.begin(order, chosen)
    s.session.spend(order.witness)
    s.release(chosen)
    told = None if order.is_blind() or order.whole_bin() else chosen.quantity
    return codes.NONE, [txn, chosen.place, chosen.drawer, chosen.pocket, told, order.count_mode]


# what the person has to do at the open pocket: count it, read its label
def _care_at_pocket(s, order):
    item = s.tables.items.get(order.item)
    if item and order.purpose != kinds.PURPOSE_RETURN_BIN:
        order.count_mode = count_mode(item[ITEM_FLAGS])
    order.label_needed = order.purpose in _LABELLED and profile.policy(s.tables, "label_scan") != 0


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


# the last pages of the journal are for what is open
def refuse(s, order, row, code, params):
    if code == codes.PROMPT_REFUSED:
        attest(s, order)
    if code not in _UNWRITTEN and s.journal.opening_allowed:
        place = row.place if row else None
        s.note(
            kinds.DENIED, order.user, item=order.item or None, place=place, ext=(order.purpose, code, order.quantity)
        )
    return code, params


# `counted` and `label` are what was in the pocket and the place read off it
def confirm(s, quantity, counted, label):
    code = s.transactions.closed_code()
    if code:
        return code, []
    t = s.transactions.current
    code = _label_code(s, t, label) if quantity else codes.NONE
    if code == codes.WRONG_POCKET:
        return refuse(s, t.order, t.pocket, code, [t.pocket.place])
    if code:
        return code, []
    _lend_witness(s)
    code, params = s.transactions.confirm(quantity, counted)
    _after(s, t)
    return code, params


# a label that was read counts, asked for or not
def _label_code(s, t, label):
    if label is not None:
        return codes.NONE if label == t.pocket.place else codes.WRONG_POCKET
    needed = t.order.label_needed and not s.session.stands_in(session.BYPASS_LABEL, t.pocket.place)
    return codes.SCAN_NEEDED if needed else codes.NONE


# what stood in for a label is used up
def _after(s, t):
    if t.outcome:
        s.session.bypassed.pop(session.BYPASS_LABEL, None)
    s.settle()


# whoever stands by when it is confirmed, not only when it was asked for
def _lend_witness(s):
    t, witness = s.transactions.current, s.session.present(s.now_ms)
    if t and witness and not t.outcome and not t.order.witness and gate.takes_witness(t.order.purpose):
        if gate.witness_code(t.order.user, witness, s.now_ms) == codes.NONE:
            t.order.witness = witness.user
            s.session.spend(witness.user)


# `counted` is [[item, counted] ...] of all that lies in the bin
def confirm_bin(s, counted):
    t = s.transactions.current
    _lend_witness(s)
    code, params = s.transactions.confirm_bin(counted)
    if t:
        _after(s, t)
    return code, params


def cancel(s):
    t = s.transactions.current
    if t is None or t.outcome:
        return codes.NOTHING_OPEN, []
    s.transactions.cancel(transactions.BY_USER)
    s.relock(t.pocket.drawer)
    return codes.NONE, [t.txn]
