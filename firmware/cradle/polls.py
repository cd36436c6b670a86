# Who is on the line: New Address POL, General POL, Specific POL. docs/polselect.md section 12.
from firmware.cradle import addresses, frames, records
from firmware.cradle.asking import FRAME, ask, put

# why no address could be offered
FULL = "no free address"


# New Address POL (P66 to P68). Whatever is not as it should be ends it, and nothing is assigned.
def new_address(host):
    offered = host.book.next_free(host.doubtful())
    if offered is None:
        return host.trouble(None, FULL)
    host.send(frames.pol_new(host.time12(), offered))
    if not (yield from _accepted(addresses.NEW)):
        return None
    # both DataACKs look the same: should this one come late, it must not confirm the same offer made once more
    host.doubt(offered)
    host.send(frames.data_ack(offered, 1))
    if not (yield from _accepted(offered)):
        return None
    # in the list before the unit may use it: else two could have it
    host.book.assign(offered)
    if (yield from put(host, ("assigned", offered))):
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


# General POL (P69, RD-P5): who is there? A frame, or None.
def who(host):
    def again():
        return frames.pol_general(host.time12(), host.power)

    return (yield from ask(host, again(), again, _any_answer, True))


def _any_answer(frame):
    return frame.kind in ("nak", "ack", "data") and frame.flag != "R"


# Somebody said NAK without an address (RD-P5): those heard last are asked one by one. -> (address, frame)
def search(host):
    for address in host.book.recent(host.searched):
        frame = yield from poll(host, address, True)
        if frame is not None:
            return address, frame
    return None, None


def poll(host, address, impatient=False):
    def again():
        return frames.pol_specific(address, host.time12(), host.power)

    return (yield from ask(host, again(), again, answer_of(address), impatient))


def answer_of(address):
    def wanted(frame):
        return _any_answer(frame) and frame.address in (None, address)

    return wanted
