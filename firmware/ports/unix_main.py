# The controller on MicroPython's unix port: unix_main.py DIR BUS_SOCKET LINK_FD. One poll loop, bus before link.
import gc
import sys

import micropython

micropython.opt_level(3)  # the code without its line numbers: they would take 4 KB

# Collected often, the heap stays dense: 384 KB then hold the code, full tables and 16 KB to work with. Where it has
# more, a collection, which looks at all of it, need not come so often: two thirds of the time went into them.
FULL_STATION = 400000
gc.threshold(max(4096, (gc.mem_free() - FULL_STATION) // 4))

# ruff: noqa: E402, I001 - the tables come before the code
import select

from firmware.tables import Tables

TABLES = Tables()

from firmware.journal.flash import FileFlash
from firmware.journal.journal import KeyLost
from firmware.journal.snapshot import FileStore
from firmware.ports import common, fitted, unix
from firmware.ports.shell import Shell

HUNG_UP_MS = 1000
RUN_THRESHOLD = 8192
POLL_ERROR = select.POLLERR | select.POLLHUP


def main(folder, bus_path, link_fd, found=None):
    run(*start(folder, bus_path, link_fd, found))
    common.mark_service(folder)


# the configuration is not needed any more once all is built
def start(folder, bus_path, link_fd, found):
    parts, adopted, damage = _built(folder, bus_path, link_fd)
    common.forget_modules("build", "config", "keys")
    gc.collect()
    gc.threshold(run_threshold())
    parts[0].boot(adopted, damage is not None, found)
    common.forget_found(folder, found)
    return parts


# -> ((shell, bus, link), entries adopted, damage or None). What only this needs goes with it.
def _built(folder, bus_path, link_fd):
    from firmware import config
    from firmware.build import build

    with open(folder + "/controller.cbor", "rb") as file:
        cfg = config.read(file.read())
    bus, link = unix.Bus(bus_path, cfg.station), unix.Link(link_fd)
    flash = FileFlash(folder + "/ring.bin", cfg.ring_sectors)
    store = FileStore(folder + "/snapshot-a.bin", folder + "/snapshot-b.bin")
    files, element = common.Files(folder + "/tables"), fitted.element(cfg, bus, folder)
    station, adopted, damage = build(cfg, TABLES, flash, store, files, unix.entropy, element)
    return (Shell(cfg, station, bus, link), bus, link), adopted, damage


def run_threshold():
    return max(RUN_THRESHOLD, gc.mem_free() // 4)


# Until the firmware leaves for the REPL. A link that hung up would wake the poll without end: it is left out for a
# moment.
def run(shell, bus, link):
    poll = unix.poller(bus, link)
    while not shell.left:
        if shell.work():
            continue
        common.forget_seldom_used()
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


# the loader calls this
def start_as_program(found, folder, bus_path, link_fd):
    try:
        main(folder, bus_path, link_fd, found)
    except unix.BusLost as error:
        print("controller stops:", error)
        sys.exit(3)
    except OSError as error:
        print("controller stops: a file or a chip on the bus does not answer:", error)
        raise
    except KeyLost:
        print("controller stops: the key of its journal is lost (4040); replace it: apotheca station replace")
        raise
    except MemoryError:
        print("controller stops: heap full; give it a larger one (-X heapsize) or a smaller station")
        raise


if __name__ == "__main__":
    start_as_program(None, *sys.argv[1:4])
