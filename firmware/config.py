# controller.cbor, docs/interfaces.md: what provisioning gave this controller.
from firmware.journal.entry import genesis
from firmware.wire import cbor

MATRIX = 1
RETURN_BIN = 8


class Config:
    def __init__(self, station, log, key, firmware, ring_sectors, drawers, timings):
        self.station = station
        self.log = log
        self.key = key
        self.genesis = genesis(station, log, key, firmware)
        self.ring_sectors = ring_sectors
        self.lock_bits = {row[0]: row[1] for row in drawers}
        self.switch_bits = {row[0]: row[2] for row in drawers}
        self.latch_bits = {row[0]: row[3] for row in drawers}
        self.types = {row[0]: row[4] if len(row) > 4 else MATRIX for row in drawers}
        self.drawers = sorted(self.lock_bits)
        self.release_ms, self.ajar_ms, self.confirm_ms, self.idle_ms, self.latch_ms = timings


def read(data):
    fields = cbor.decode(data)
    if not isinstance(fields, list) or len(fields) != 8 or fields[0] != 1:
        raise ValueError("controller.cbor is not version 1; provision the station again")
    return Config(*fields[1:])
