# A session of a host with one unit, each exchange written down as it goes. docs/polselect.md section 12.
from firmware.compat import const
from firmware.cradle import frames
from firmware.cradle.asking import ask, put
from firmware.cradle.polls import answer_of, poll

# why a session broke off, besides silence and damage
REFUSED_HERE = "refused here"
REFUSED_THERE = "refused by the unit"
NOT_READY = "not ready"

# rounds with one unit that moved nothing before it is given up, and how often one item is begun
FRUITLESS = const(4)
BEGUN = const(3)


# A session with one unit: what it has comes up, then what waits for it goes down, until a Specific POL finds nothing
# (P71, P74). frame: its answer to a POL, or None. Gives None, or why it broke off.
def session(host, address, frame):
    status = host.book.status(address)
    fruitless = begun = 0
    while fruitless < FRUITLESS:
        fruitless += 1
        if frame is not None and frame.kind == "data":
            before = status.incoming.taken
            why = yield from drain(host, address, frame)
            if why:
                return why
            fruitless = fruitless if status.incoming.taken == before else 0
        if status.waiting:
            why = yield from give(host, address, status)
            begun = begun + 1 if why == REFUSED_THERE else 0
            if why is None or (why == REFUSED_THERE and begun < BEGUN):
                frame, fruitless = None, 0
                continue
            if why != NOT_READY:
                return why
        frame = yield from poll(host, address)
        if frame is None:
            return host.why
        status.seen = host.time12()
        if frame.kind != "data" and not status.waiting:
            return None
    return NOT_READY


# The blocks of one upload, up to EOT.
def drain(host, address, frame):
    refused = 0
    while True:
        taken = yield from _take(host, address, frame)
        refused = 0 if taken else refused + 1
        answer = frames.data_ack(address, frame.block) if taken else frames.nak()
        if taken and frame.last:
            return host.send(answer)
        if refused == host.tries:
            return REFUSED_HERE
        frame = yield from ask(host, answer, frames.nak, _block_of(address))
        if frame is None:
            return host.why


def _block_of(address):
    def wanted(frame):
        return frame.kind == "data" and frame.address == address and frame.flag != "R"

    return wanted


# A block is taken when the application has what is complete with it: only then it is confirmed.
def _take(host, address, frame):
    incoming = host.book.status(address).incoming
    if incoming.again(frame):
        return True
    try:
        item = incoming.offered(frame)
    except ValueError:
        return False
    event = _event(address, item)
    if event and not (yield from put(host, event)):
        return False
    incoming.keep(frame, item)
    return True


def _event(address, item):
    if item is None or item[1] == "I":
        return None
    if item[0] == "file":
        return ("file", address, item[1], item[2])
    return ("asks", address) if item[1] == "L" else ("record", address, item[1], item[2])


# SEL, and if the unit is ready the item that waits first (P74, P75).
def give(host, address, status):
    def again():
        return frames.sel(address, host.time12(), host.power)

    frame = yield from ask(host, again(), again, answer_of(address))
    if frame is None:
        return host.why
    if frame.kind != "ack":
        return NOT_READY
    host.sending = status.waiting[0]
    out = status.outgoing(host.power, host.hashed)
    begun = out.number
    why = yield from _send(host, address, out)
    host.sending = None
    if why is None:
        status.given()
        host.events.append(("given", address))
    elif why == REFUSED_THERE and (out.last or out.number == begun):
        # where it came further the line is bad, and it goes on from there: long files would never arrive else
        status.restart()
    return why


def _send(host, address, out):
    refused = 0
    while refused < host.tries:
        block = frames.data(address, out.flag, out.number, out.data, out.last)
        frame = yield from ask(host, block, lambda: block, _confirms(address, out.number))
        if frame is None:
            return host.why
        if frame.kind == "nak":
            refused += 1
            continue
        refused = 0
        if out.last:
            return None
        out.advance()
    return REFUSED_THERE


def _confirms(address, number):
    def wanted(frame):
        if frame.kind == "nak":
            return frame.address in (None, address)
        return (frame.kind, frame.address, frame.block) == ("data_ack", address, number)

    return wanted
