# The controller on a board, started by the loader; its port says where random bytes come from. controller.cbor lies
# beside it, the journal in its own flash.
import gc

gc.threshold(4096)  # as in unix_main: the tables first, collected often, the heap stays dense

# ruff: noqa: E402, I001 - the tables come before the code
from firmware.tables import Tables

TABLES = Tables()

from firmware import config
from firmware.build import build
from firmware.drivers.w25q import NorFlash
from firmware.journal.snapshot import FileStore
from firmware.ports import chips, common, fitted
from firmware.ports.chips_spi import FlashSpi
from firmware.ports.shell import Shell

RUN_THRESHOLD = 8192
PIN = "pin_"


# entropy_of(secret) gives entropy(n); it comes back when the firmware has left for the REPL
def start_as_program(entropy_of, found, folder):
    print("controller starts:", chips.reset_cause())
    with open(folder + "/controller.cbor", "rb") as file:
        cfg = config.read(file.read())
    pins = {name[len(PIN) :]: number for name, number in cfg.hardware.items() if name.startswith(PIN)}
    bus, link = chips.Bus(pins), chips.Link(pins)
    flash = NorFlash(FlashSpi(pins), cfg.ring_sectors)
    store = FileStore(folder + "/snapshot-a.bin", folder + "/snapshot-b.bin")
    files, element = common.Files(folder + "/tables"), fitted.element(cfg, bus, folder)
    entropy = entropy_of(cfg.keys.entropy)
    station, adopted, damage = build(cfg, TABLES, flash, store, files, entropy, element)
    gc.collect()
    gc.threshold(RUN_THRESHOLD)
    shell = Shell(cfg, station, bus, link, chips.watchdog(cfg.hardware.get("watchdog_ms", 0)))
    shell.boot(adopted, damage is not None, found)
    common.forget_found(folder, found)
    poll = link.poller()
    while not shell.left:
        if not shell.work():
            common.forget_seldom_used()
            shell.idle()
            bus.wait(poll, link.flush)
    common.mark_service(folder)
