# Messages from the agent, docs/wire.md section 2: shape checked, then handed to the part that knows. s is the station.
from firmware import codes, status
from firmware.requests import dispatch
from firmware.schema import is_uint
from firmware.wire import messages

REPLIES_KEPT = 8


# what is not of the protocol is counted, as an unreadable frame is
def take(s, fields):
    kind = fields[0] if isinstance(fields, list) and fields and is_uint(fields[0]) else 0
    known = _MESSAGES.get(kind)
    if known is None or not _fits(known[0], fields[1:]):
        s.frames_dropped += 1
    else:
        known[1](s, *fields[1:])  # type: ignore[operator] # messages differ in shape


def _fits(shape, values):
    return len(values) == len(shape) and all(_SHAPES[letter](value) for letter, value in zip(shape, values))


_SHAPES = {
    "n": is_uint,
    "b": lambda value: isinstance(value, bytes),
    "a": lambda value: isinstance(value, list),
}


# the code of the request being handled, when it turns out otherwise than said
def answer(s, code):
    if s.reply:
        s.reply = [s.reply[0], code, []]


def remember(s):
    if s.reply:
        others = [reply for reply in s.replies if reply[0] != s.reply[0]]
        s.replies = others[-(REPLIES_KEPT - 1) :] + [s.reply]


def hello(s, _protocol=1):
    s.outbox.append(status.info(s))
    s.state_due = True


def _stream(s, from_seq):
    s.uplink.stream(from_seq)


def _pages_kept(s, seq):
    s.uplink.pages_kept(seq)


def _answer(s, payload):
    code, seq = s.uplink.answer(payload)
    _result(s, messages.ANSWER, code, [seq])


def _command(s, payload):
    code, number = s.commands.receive(payload, s.now)
    _result(s, messages.COMMAND, code, [number])


def _reference(s, payload):
    result = s.reference.receive(payload)
    if result:
        code, table, version = result
        s.session.refresh(s.now)
        _result(s, messages.REFERENCE, code, [table, version])


# loaded with each, once a minute at most, and forgotten by the port: it needs no room in between
def _checkpoint(s, payload):
    from firmware import witness

    code, number = witness.receive(s, payload)
    _result(s, messages.CHECKPOINT, code, [number])


def _result(s, what, code, details):
    s.outbox.append([messages.RESULT, what, code, details])


# a repeated id gets the same reply and does nothing
def _request(s, rid, request, args):
    for reply in s.replies:
        if reply[0] == rid:
            s.reply = reply
            return
    s.reply = [rid, codes.JOURNAL_FULL, []]
    code, params = dispatch.perform(s, request, args)
    s.reply = [rid, code, params]


def _inventory(s, start):
    s.outbox.append(status.inventory(s, start))


_MESSAGES = {
    messages.HELLO: ("n", hello),
    messages.STREAM: ("n", _stream),
    messages.PAGES_KEPT: ("n", _pages_kept),
    messages.ANSWER: ("b", _answer),
    messages.COMMAND: ("b", _command),
    messages.REFERENCE: ("b", _reference),
    messages.REQUEST: ("nna", _request),
    messages.GET_INVENTORY: ("n", _inventory),
    messages.CHECKPOINT: ("b", _checkpoint),
}
