# mypy: ignore-errors
# Runs under MicroPython: pump.py MODE FILE LINK_FD. Sends the pages of FILE (u16 length | page) framed: `codec` makes each
# frame when it is sent, `copy` has them all beforehand. Prints READY and waits for a byte before it begins.
import select
import sys
from struct import unpack

from firmware.ports.unix import Link
from firmware.wire import cbor, frame, messages

HELD_BYTES = 8192


def pages(path):
    with open(path, "rb") as file:
        head = file.read(2)
        while head:
            yield file.read(unpack("<H", head)[0])
            head = file.read(2)


def framed(path):
    for at, page in enumerate(pages(path)):
        yield frame.encode(cbor.encode([messages.PAGE, at + 1, page]))


def wait(link, flag):
    poll = select.poll()
    poll.register(link.file, flag)
    poll.poll()


def main(mode, path, fd):
    link = Link(fd)
    frames = framed(path)
    if mode == "copy":
        frames = list(frames)
    print("READY")
    wait(link, select.POLLIN)
    for one in frames:
        link.send(one)
        while link.held() > HELD_BYTES:
            wait(link, select.POLLOUT)
            link.flush()
    while link.held():
        wait(link, select.POLLOUT)
        link.flush()


main(*sys.argv[1:4])
