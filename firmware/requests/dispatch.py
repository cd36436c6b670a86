# What a user asks for, docs/wire.md section 2: arguments checked, the gate asked, reply given.
from firmware import codes, schema, session
from firmware.journal.journal import TooLong
from firmware.requests import opening, people, removal, stock
from firmware.wire import messages

BADGE_MAX = 32
TEXT_MAX = 128
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
    "u": lambda v: v is None or schema.is_uint(v),
    "n": schema.is_uint,
    "t": lambda v: v is None or _is_text(v),
}


def _state(s):
    s.state_due = True
    return codes.NONE, []


_REQUESTS = {
    messages.SIGN_ON: ("bp", people.sign_on),
    messages.SIGN_OFF: ("", people.sign_off),
    messages.REMOVE: ("ioiqut", removal.remove),
    messages.CONFIRM: ("q", opening.confirm),
    messages.CANCEL: ("", opening.cancel),
    messages.RETURN: ("ioiqn", removal.give_back),
    messages.WASTE: ("ioiqn", removal.waste),
    messages.REFILL: ("iqtu", stock.refill),
    messages.COUNT: ("l", stock.count),
    messages.GET_STATE: ("", _state),
}
