# The controller on MicroPython's unix port: unix_main.py DIR BUS_SOCKET LINK_FD. One poll loop, bus before link.
import gc
import sys

# Collected often, the heap stays dense: 384 KB then hold the code, full tables and a free piece of 30 KB to work with.
gc.threshold(4096)

# ruff: noqa: E402, I001 - the tables come before the code
import select

from firmware.tables import Tables

TABLES = Tables()

from firmware import config
from firmware.build import build
from firmware.journal.flash import FileFlash
from firmware.journal.snapshot import FileStore
from firmware.ports import unix
from firmware.ports.shell import Shell

HUNG_UP_MS = 1000
RUN_THRESHOLD = 8192
POLL_ERROR = select.POLLERR | select.POLLHUP


def main(folder, bus_path, link_fd):
    with open(folder + "/controller.cbor", "rb") as file:
        cfg = config.read(file.read())
    bus, link = unix.Bus(bus_path, cfg.station), unix.Link(link_fd)
    flash = FileFlash(folder + "/ring.bin", cfg.ring_sectors)
    store = FileStore(folder + "/snapshot-a.bin", folder + "/snapshot-b.bin")
    station, adopted, damage = build(cfg, TABLES, flash, store, unix.Files(folder + "/tables"), unix.entropy)
    gc.collect()
    gc.threshold(RUN_THRESHOLD)
    shell = Shell(cfg, station, bus, link)
    shell.boot(adopted, damage is not None)
    run(shell, bus, link)


# A link that hung up would wake the poll without end: it is left out for a moment.
def run(shell, bus, link):
    poll = unix.poller(bus, link)
    while True:
        if shell.work():
            continue
        shell.idle()
        poll.register(link.file, select.POLLIN | (select.POLLOUT if link.held() else 0))
        hung_up = wait(poll, shell, link, -1)
        if hung_up:
            poll.unregister(link.file)
            wait(poll, shell, link, HUNG_UP_MS)


def wait(poll, shell, link, timeout_ms):
    hung_up = False
    for what, flags in poll.poll(timeout_ms):
        is_link = what is link.file
        hung_up = hung_up or (is_link and flags & POLL_ERROR)
        shell.ready(is_link)
    return hung_up


if __name__ == "__main__":
    try:
        main(*sys.argv[1:4])
    except unix.BusLost as error:
        print("controller stops:", error)
        sys.exit(3)
    except OSError as error:
        print("controller stops: a file or a chip on the bus does not answer:", error)
        raise
    except MemoryError:
        print("controller stops: heap full; give it a larger one (-X heapsize) or a smaller station")
        raise
