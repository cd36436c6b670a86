# mypy: ignore-errors
# Runs under MicroPython: pump.py MODE FILE LINK_FD. Sends what is in FILE (u16 length | bytes): `copy` as it is,
# `codec` as the frame of a page. Prints READY and waits for a byte before it begins.
import select
import sys
from struct import unpack

from firmware.ports.unix import Link
from firmware.wire import cbor, frame, messages

HELD_BYTES = 8192


def pieces(path):
    with open(path, "rb") as file:  # noqa: PTH123
        head = file.read(2)
        while head:
            yield file.read(unpack("<H", head)[0])
            head = file.read(2)


def framed(pages):
    for at, page in enumerate(pages):
        yield frame.encode(cbor.encode([messages.PAGE, at + 1, page]))


def wait(link, flag):
    poll = select.poll()
    poll.register(link.file, flag)
    poll.poll()


def main(mode, path, fd):
    link = Link(fd)
    frames = framed(pieces(path)) if mode == "codec" else pieces(path)
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
