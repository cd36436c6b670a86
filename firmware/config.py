# controller.cbor, docs/interfaces.md: what provisioning gave this controller.
from firmware.journal.entry import genesis_of
from firmware.keys import Keys
from firmware.storage import types
from firmware.wire import cbor

VERSION = 2
CONTROLLER_FIELDS = (8, 9)


# A row of `drawers` is [drawer, lock bit, switch bit, latch bit] for a matrix drawer, or has beside these [storage
# type, address of the outputs inside it, address of the inputs inside it, bit of pocket 1]; 0 is no such expander.
# `hardware` is [name, number] of what is fitted and of a board's pins.
class Config:
    def __init__(self, station, log, keys, firmware, ring_sectors, drawers, timings, hardware=()):
        self.station = station
        self.log = log
        self.keys = Keys(keys)
        self.genesis = genesis_of(station, log, self.keys.key_id, firmware)
        self.ring_sectors = ring_sectors
        self.lock_bits = {row[0]: row[1] for row in drawers}
        self.switch_bits = {row[0]: row[2] for row in drawers}
        self.latch_bits = {row[0]: row[3] for row in drawers}
        self.types = {row[0]: row[4] if len(row) > 4 else types.MATRIX for row in drawers}
        self.inside = {row[0]: tuple(row[5:8]) for row in drawers if len(row) > 4 and row[5:7] != [0, 0]}
        self.drawers = sorted(self.lock_bits)
        self.release_ms, self.ajar_ms, self.confirm_ms, self.idle_ms, self.latch_ms = timings
        self.hardware = {name: value for name, value in hardware}


def read(data):
    fields = cbor.decode(data)
    if not isinstance(fields, list) or len(fields) not in CONTROLLER_FIELDS or fields[0] != VERSION:
        raise ValueError("controller.cbor is not version 2; provision the station again")
    return Config(*fields[1:])
