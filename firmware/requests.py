# What a user asks for, docs/wire.md section 2: arguments checked, the gate asked, reply given.
from firmware import codes, gate, pockets, schema, session, transactions
from firmware.journal import chain, entry, kinds
from firmware.journal.journal import TooLong
from firmware.transactions import Order
from firmware.wire import messages

BADGE_MAX = 32
TEXT_MAX = 128
# refused before anybody's authority was in question: nothing to journal
_UNWRITTEN = (codes.NOT_SIGNED_ON, codes.BUSY, codes.NOT_READY, codes.JOURNAL_FULL)

# these do not keep somebody's session alive
_NOT_OF_THE_SESSION = (messages.SIGN_ON, messages.GET_STATE)


# s is the station. -> (code, params)
def perform(s, request, args):
    known = _REQUESTS.get(request)
    if known is None or not _fits(known[0], args):
        return codes.BAD_REQUEST, []
    if request not in _NOT_OF_THE_SESSION:
        s.touch()
    try:
        return known[1](s, *args)  # type: ignore[operator] # requests differ in shape
    except TooLong:
        return codes.TOO_LONG, []


def _fits(shape, args):
    return isinstance(args, list) and len(args) == len(shape) and all(_SHAPES[k](a) for k, a in zip(shape, args))


# the centre refuses what is larger (its database could not hold it), and with it the whole batch
def _is_number(value):
    return schema.is_uint(value) and value < 1 << 62


def _is_quantity(value):
    return schema.is_uint(value) and value <= schema.QUANTITY_MAX


def _is_text(value):
    return isinstance(value, str) and len(value) <= TEXT_MAX


_SHAPES = {
    "b": lambda v: schema.is_id(v, BADGE_MAX),
    "p": lambda v: isinstance(v, str) and len(v) <= session.PIN_MAX,
    "i": schema.is_id,
    "l": schema.is_place,
    "o": lambda v: v == "" or schema.is_id(v),
    "q": _is_quantity,
    "u": lambda v: v is None or _is_number(v),
    "n": _is_number,
    "t": lambda v: v is None or _is_text(v),
}


def _sign_on(s, badge, pin):
    if not s.ready():
        return codes.NOT_READY, []
    if not s.journal.opening_allowed:
        return codes.JOURNAL_FULL, []
    code, who = s.session.check(badge, pin, s.now_ms)
    if code:
        s.note(kinds.SIGN_ON_FAILED, who, ext=(code,))
        return code, []
    if s.session.user != who:
        if s.transactions.current:
            return codes.BUSY, []
        _take_over(s, who)
    s.session.sign_on(badge, s.now_ms)
    return codes.NONE, [s.session.user, s.session.roles]


def _take_over(s, user):
    if s.session.user:
        s.note(kinds.SIGN_OFF, s.session.user, ext=(session.OTHER_USER,))
        s.session.sign_off()
    s.note(kinds.SIGN_ON, user, ext=(1,))


def _sign_off(s):
    if not s.session.user:
        return codes.NOT_SIGNED_ON, []
    if s.transactions.current:
        return codes.BUSY, []
    s.note(kinds.SIGN_OFF, s.session.user, ext=(session.ASKED,))
    s.session.sign_off()
    return codes.NONE, []


def _remove(s, patient, order_id, item, quantity, administration_utc_ms, code_scanned):
    rows = s.pockets.of_item(item)
    extra = (administration_utc_ms, code_scanned, None, None)
    order = _for_patient(s, kinds.PURPOSE_REMOVE, patient, order_id, item, quantity, extra)
    chosen = pockets.for_removal(rows, quantity)
    return _open(s, order, chosen, rows, codes.NOT_ENOUGH, pockets.available(rows))


def _return(s, patient, order_id, item, quantity, removed_txn):
    rows = s.pockets.of_item(item)
    known, removed_from = _removal(s, removed_txn, patient, item)
    order = _for_patient(s, kinds.PURPOSE_RETURN, patient, order_id, item, quantity, (removed_txn,))
    chosen = pockets.for_return(rows, quantity, removed_from) if known else None
    return _open(s, order, chosen, rows, codes.POCKET_FULL if known else codes.UNKNOWN_REMOVAL, [])


def _refill(s, item, quantity, lot, expiry):
    rows = s.pockets.of_item(item)
    order = Order(kinds.PURPOSE_REFILL, s.session.user, item, quantity, (lot, expiry))
    chosen, reason = pockets.hungriest(rows), codes.POCKET_FULL
    if chosen and quantity > chosen.capacity - chosen.quantity:
        chosen, reason = None, codes.BAD_QUANTITY
    return _open(s, order, chosen, rows, reason, [])


def _count(s, place):
    row = s.pockets.at(place)
    order = Order(kinds.PURPOSE_COUNT, s.session.user, row.item if row else "", 0)
    if row is None:
        return codes.NO_POCKET, []
    return _open(s, order, row, [row], codes.NO_POCKET, [])


def _waste(s, patient, order_id, item, quantity, removed_txn):
    order = _for_patient(s, kinds.PURPOSE_WASTE, patient, order_id, item, quantity, (removed_txn, quantity))
    code = _ask(s, order, None)
    if code == codes.NONE and not _removal(s, removed_txn, patient, item)[0]:
        code = codes.UNKNOWN_REMOVAL
    if code:
        return _refuse(s, order, None, code, [])
    ext = (codes.NONE,) + order.extra
    txn = s.journal.append(kinds.WASTE, actor=order.user, item=item, disclosure=order.disclosure, ext=ext)
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


# `chosen` is the pocket the rules found, or None: then `reason` says why, once the gate has nothing against it.
def _open(s, order, chosen, rows, reason, params):
    row = chosen or (min(rows, key=lambda r: r.state) if rows else None)
    code = _ask(s, order, row)
    if code == codes.NONE and chosen is None:
        return _refuse(s, order, row, reason, params)
    if code:
        return _refuse(s, order, row, code, [])
    txn = s.transactions.begin(order, chosen)
    s.release(chosen)
    return codes.NONE, [txn, chosen.place, chosen.drawer, chosen.pocket, chosen.quantity]


def _ask(s, order, row):
    request = gate.Request(order.purpose, order.quantity)
    allow, code = gate.decide(s.view(order, row), request, s.session.authority, s.now_ms)
    return codes.NONE if allow is True else code


def _refuse(s, order, row, code, params):
    if code not in _UNWRITTEN:
        place = row.place if row else None
        s.note(kinds.DENIED, order.user, item=order.item, place=place, ext=(order.purpose, code, order.quantity))
    return code, params


def _confirm(s, quantity):
    code, params = s.transactions.confirm(quantity)
    s.settle()
    return code, params


def _cancel(s):
    t = s.transactions.current
    if t is None or t.outcome:
        return codes.NOTHING_OPEN, []
    s.transactions.cancel(transactions.BY_USER)
    s.relock(t.pocket.drawer)
    return codes.NONE, [t.txn]


def _state(s):
    s.state_due = True
    return codes.NONE, []


_REQUESTS = {
    messages.SIGN_ON: ("bp", _sign_on),
    messages.SIGN_OFF: ("", _sign_off),
    messages.REMOVE: ("ioiqut", _remove),
    messages.CONFIRM: ("q", _confirm),
    messages.CANCEL: ("", _cancel),
    messages.RETURN: ("ioiqn", _return),
    messages.WASTE: ("ioiqn", _waste),
    messages.REFILL: ("iqtu", _refill),
    messages.COUNT: ("l", _count),
    messages.GET_STATE: ("", _state),
}
