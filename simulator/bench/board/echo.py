# mypy: ignore-errors
# Runs under MicroPython: echo.py LINK_FD. Sends back what comes, until the other end hangs up.
import select
import sys

from firmware.ports.unix import Link

link = Link(sys.argv[1])
poll = select.poll()
poll.register(link.file, select.POLLIN)
while True:
    if any(flags & (select.POLLERR | select.POLLHUP) for _, flags in poll.poll()):
        break
    link.send(link.read())
