# The exchanges of a host, each written down as it goes: docs/polselect.md section 6. They are generators: `yield FRAME`
# gives the next frame, or None when the time for it is over, `yield ANSWER` what the application says.
from firmware.compat import const
from firmware.cradle import addresses, frames, records
from firmware.cradle.transfer import Outgoing

FRAME = const(1)
ANSWER = const(2)

# why a session broke off, or could not begin
SILENT = "silent"
DAMAGED = "damaged"
REFUSED_HERE = "refused here"
REFUSED_THERE = "refused by the unit"
NOT_READY = "not ready"
UNKNOWN = "unknown address"
FULL = "no free address"

# rounds with one unit that moved nothing before it is given up, and how often one item is begun
FRUITLESS = const(4)
BEGUN = const(3)


# A question and its answer; None, with the reason in host.why. After silence or damage `again` makes the next question,
# a block with a wrong check is asked for with NAK (P95). impatient: one silence is enough.
def ask(host, question, again, wanted, impatient=False):
    late = False
    for _ in range(host.tries):
        host.send(question)
        frame = yield from _wanted(wanted)
        if frame is not None and frames.sound(frame):
            if late:
                # the first question may have an answer too, which is not one to the next
                yield from settle(host)
            return frame
        host.why = SILENT if frame is None else DAMAGED
        if frame is None and impatient:
            break
        late = late or frame is None
        question = frames.nak() if frame is not None and frame.kind == "data" else again()
    return None


def _wanted(wanted):
    while True:
        frame = yield FRAME
        if frame is None or not frames.sound(frame) or wanted(frame):
            return frame


def settle(host):
    host.pause()
    while (yield FRAME) is not None:
        pass


def _put(host, event):
    host.events.append(event)
    return (yield ANSWER)


# -- New Address POL (P66 to P68). Whatever is not as it should be ends it, and nothing is assigned.
def new_address(host):
    offered = host.book.next_free()
    if offered is None:
        return host.trouble(None, FULL)
    host.send(frames.pol_new(host.time12(), offered))
    if not (yield from _accepted(addresses.NEW)):
        return None
    host.send(frames.data_ack(offered, 1))
    if not (yield from _accepted(offered)):
        return None
    # in the list before the unit may use it: else two could have it
    host.book.assign(offered)
    if (yield from _put(host, ("assigned", offered))):
        host.send(frames.data_ack(offered, 1))
    return None


def _accepted(address):
    frame = yield FRAME
    if frame is None or not frames.sound(frame) or (frame.kind, frame.flag) != ("data", "R"):
        return False
    try:
        records.read_acceptance(frame.data)
    except ValueError:
        return False
    return (frame.address, frame.block, frame.last) == (address, 1, True)


# -- General POL (P69, RD-P5): who is there? A frame, or None.
def who(host):
    def again():
        return frames.pol_general(host.time12(), host.power)

    return (yield from ask(host, again(), again, _any_answer, True))


def _any_answer(frame):
    return frame.kind in ("nak", "ack", "data") and frame.flag != "R"


# Somebody said NAK without an address (RD-P5): those heard last are asked one by one. -> (address, frame)
def search(host):
    for address in host.book.recent(host.searched):
        frame = yield from _poll(host, address, True)
        if frame is not None:
            return address, frame
    return None, None


def _poll(host, address, impatient=False):
    def again():
        return frames.pol_specific(address, host.time12(), host.power)

    return (yield from ask(host, again(), again, _answer_of(address), impatient))


def _answer_of(address):
    def wanted(frame):
        return _any_answer(frame) and frame.address in (None, address)

    return wanted


# -- A session with one unit: what it has comes up, then what waits for it goes down, until a Specific POL finds nothing
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
        frame = yield from _poll(host, address)
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
    if event and not (yield from _put(host, event)):
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

    frame = yield from ask(host, again(), again, _answer_of(address))
    if frame is None:
        return host.why
    if frame.kind != "ack":
        return NOT_READY
    item = host.sending = status.waiting[0]
    why = yield from _send(host, address, Outgoing(item, status.next_block, host.power, host.hashed))
    host.sending = None
    if why is None:
        host.given(address, item)
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
