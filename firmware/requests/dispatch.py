# What a user asks for, docs/wire.md section 2: arguments checked, the gate asked, reply given.
from firmware import codes, schema, session
from firmware.journal.journal import TooLong
from firmware.requests import opening, people, removal, stock
from firmware.wire import messages

BADGE_MAX = 32
TEXT_MAX = 128
REASON_MAX = 255
BIN_ITEMS = 64  # of one counting of a bin
# the centre refuses what is larger (its database could not hold it), and with it the whole batch
NUMBER_MAX = (1 << 62) - 1
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


def _within(most, least=0):
    return lambda value: schema.is_uint(value) and least <= value <= most


def _is_text(value):
    return isinstance(value, str) and len(value) <= TEXT_MAX


def _is_drawer(value):
    return isinstance(value, str) and len(value) == 3 and schema.is_place(value + "-P01")


def _is_pin(value):
    return isinstance(value, str) and session.PIN_MIN <= len(value) <= session.PIN_MAX and value.isdigit()


def _are_counted(value):
    return isinstance(value, list) and len(value) <= BIN_ITEMS and all(_is_counted(row) for row in value)


def _is_counted(row):
    return isinstance(row, list) and len(row) == 2 and schema.is_id(row[0]) and _is_quantity(row[1])


# a cabinet's heap need not hold what only the pharmacy's computer asks for
def _record(s, kind, actor, item, ext):
    from firmware.requests import record

    return record.record(s, kind, actor, item, ext)


_is_quantity = _within(schema.QUANTITY_MAX)
_is_number = _within(NUMBER_MAX)

_SHAPES = {
    "b": lambda v: schema.is_id(v, BADGE_MAX),
    "p": lambda v: isinstance(v, str) and len(v) <= session.PIN_MAX,
    "P": _is_pin,
    "i": schema.is_id,
    "o": lambda v: v == "" or schema.is_id(v),
    "l": schema.is_place,
    "L": lambda v: v == "" or schema.is_place(v),
    "d": lambda v: schema.is_place(v) or _is_drawer(v),
    "q": _is_quantity,
    "Q": lambda v: v is None or _is_quantity(v),
    "u": lambda v: v is None or _is_number(v),
    "n": _is_number,
    "r": _within(REASON_MAX),
    "a": _within(2),
    "z": _within(1),
    "f": _within(0xFFFF),
    "w": _within(0xFFFFFFFF),
    "t": lambda v: v is None or _is_text(v),
    "c": _are_counted,
    "e": lambda v: isinstance(v, list),
}


def _state(s):
    s.state_due = True
    return codes.NONE, []


_REQUESTS = {
    messages.SIGN_ON: ("bp", people.sign_on),
    messages.SIGN_OFF: ("", people.sign_off),
    messages.REMOVE: ("ooiqutroa", removal.remove),
    messages.CONFIRM: ("qQt", opening.confirm),
    messages.CANCEL: ("", opening.cancel),
    messages.RETURN: ("ooiqnzt", removal.give_back),
    messages.WASTE: ("ooiqnr", removal.waste),
    messages.REFILL: ("iqtutua", stock.refill),
    messages.COUNT: ("l", stock.count),
    messages.GET_STATE: ("", _state),
    messages.WITNESS: ("bp", people.witness),
    messages.LOAD: ("lqtut", stock.load),
    messages.UNLOAD: ("l", stock.unload),
    messages.OUTDATE: ("l", stock.outdate),
    messages.EMPTY_BIN: ("l", stock.empty_bin),
    messages.FAIL: ("dr", stock.fail),
    messages.RECOVER: ("d", stock.recover),
    messages.GRANT: ("iifwrP", people.grant),
    messages.CHANGE_PIN: ("pP", people.change_pin),
    messages.ADD_PATIENT: ("ir", people.add_patient),
    messages.CONFIRM_BIN: ("c", opening.confirm_bin),
    messages.BYPASS: ("aroL", people.bypass),
    messages.PUT_AWAY: ("qQtu", opening.confirm),
    messages.RECORD: ("rooe", _record),
}
