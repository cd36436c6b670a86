# What a host does over and over: at the cradles, and at a station. docs/polselect.md section 12.
from firmware.cradle.asking import DAMAGED, SILENT
from firmware.cradle.polls import new_address, search, who
from firmware.cradle.sessions import session

# why nothing is taken from a unit
UNKNOWN = "unknown address"


# New Address POL, then General POLs until nobody answers (P66, P69).
def cradle_cycle(host):
    yield from new_address(host)
    silent = turns = 0
    while silent < host.silent_polls and turns < host.turns:
        address, frame = yield from _found(host)
        turns += 1
        if address is None:
            silent += 1
            continue
        silent = 0
        if not host.book.knows(address):
            host.trouble(address, UNKNOWN)
            continue
        _present(host, address)
        yield from _served(host, address, frame)
        host.events.append(("gone", address))


# General POL until a unit is there, then Specific POL and SEL with it until it is silent (P73).
def station_cycle(host):
    frame = None
    if host.there is None:
        host.there, frame = yield from _found(host)
        if host.there is None:
            return
        _present(host, host.there)
    why = yield from _served(host, host.there, frame)
    if why in (SILENT, DAMAGED):
        host.events.append(("gone", host.there))
        host.there = None


def _found(host):
    frame = yield from who(host)
    if frame is None:
        if host.why != SILENT:
            host.trouble(None, host.why)
        return None, None
    if frame.address is None:
        return (yield from search(host))
    return frame.address, frame


def _present(host, address):
    host.book.status(address).incoming.begin()
    host.events.append(("present", address))


def _served(host, address, frame):
    status = host.book.status(address)
    status.seen = host.time12()
    why = yield from session(host, address, frame)
    status.sessions += 1
    status.trouble = why or ""
    if why:
        host.trouble(address, why)
    return why
