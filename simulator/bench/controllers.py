"""Controllers' folders prepared beforehand: a ring of any size with entries, tables filled to their limits."""

from pathlib import Path
from typing import Any

from firmware import config, flags, issue, schema
from firmware.journal import entry, kinds
from firmware.journal.flash import begin
from firmware.journal.journal import Journal
from firmware.journal.ram import RamFlash, RamStore
from firmware.ports.common import Files
from firmware.reference import Reference
from firmware.session import pin_hash
from firmware.state import State, apply
from firmware.storage import types
from firmware.tables import Tables
from firmware.wire import cbor, sealed
from server_stub.site.home import Home

RING_SECTORS = 5
DRAWERS = 6
ROWS_A_PART = 20
PIN = "1234"
# what items ask for, in turn: nothing, a count, a witness, an answer
ITEM_FLAGS = (0, 0, 0, 0, flags.BLIND_COUNT, flags.VERIFIED_COUNT, flags.WITNESS_AT_REMOVAL, flags.HIGH_ALERT)
SNAPSHOTS = ("snapshot-a.bin", "snapshot-b.bin")


class Ticking:
    """Hospital time that moves by a second a reading."""

    def __init__(self, utc_ms: int) -> None:
        self._utc_ms, self._mono_ms = utc_ms, 0

    def now(self) -> tuple[int, int, int]:
        """UTC ms, ms since boot, time quality."""
        self._mono_ms += 1000
        return self._utc_ms + self._mono_ms, self._mono_ms, 2


class Draft:
    """The journal and tables of an enrolled controller, in memory until `save`."""

    def __init__(self, folder: Path, sectors: int, utc_ms: int) -> None:
        self._folder = folder
        record = cbor.decode((folder / "controller.cbor").read_bytes())
        record[RING_SECTORS] = sectors
        record[DRAWERS][-1] = [*record[DRAWERS][-1][:4], types.BIN, 0, 0, 0]
        self._record = cbor.encode(record)
        self.config = config.read(self._record)
        self._flash = RamFlash(sectors)
        self._store = RamStore(self._flash.power)
        self._state = State()
        key = Home(folder.parents[2]).mac_key(self.config.station).read_bytes()
        begin(self._flash, issue.ring_start(key))
        who = (self.config.station, self.config.log, self.config.keys.snapshot)
        clock = Ticking(utc_ms)
        self.journal = Journal(self._flash, self._store, *who, self.config.genesis, apply, self._state, clock)
        self.journal.recover()

    def load(self, rows: dict[str, list[list[Any]]]) -> None:
        """Send tables down as snapshots in parts, through the controller's own checks."""
        files = Files(str(self._folder / "tables"))
        args = (self._state, self.journal, files)
        reference = Reference(self.config.station, self.config.keys.reference, Tables(), self.config.drawers, *args)
        for table, all_rows in rows.items():
            parts = [all_rows[at : at + ROWS_A_PART] for at in range(0, len(all_rows), ROWS_A_PART)]
            for number, part in enumerate(parts, 1):
                fields = [1, self.config.station, table, 1, 0, number, len(parts), part]
                reply = reference.receive(sealed.seal(fields, self.config.keys.reference))
            assert reply == (0, table, 1), f"the controller refuses {table}: {reply}"

    def count(self, places: list[str], quantity: int) -> None:
        """Let every place hold `quantity`."""
        for place in places:
            self.journal.append(kinds.COUNT, "nurse1", None, None, place, 0, quantity, quantity, ext=(0,))
            self.journal.release(self.journal.seq)

    def remove(self, entries: int, *, answered: bool) -> None:
        """Append removals; only answered ones make room when the ring is full."""
        _, disclosure = entry.ref_of(bytes(16), "P0000001", "")
        for _ in range(entries):
            ext = (0, None, None, None, None)
            self.journal.append(kinds.REMOVE, "nurse1", None, "I000", "D01-P01", 500, -2, 498, 0, disclosure, ext)
            if answered:
                self.journal.release(self.journal.seq)

    def save(self) -> None:
        """Write the folder as the controller would have left it."""
        (self._folder / "controller.cbor").write_bytes(self._record)
        (self._folder / "ring.bin").write_bytes(self._flash.bytes)
        for name, data in zip(SNAPSHOTS, self._store.areas, strict=True):
            (self._folder / name).write_bytes(data)


def full_tables() -> dict[str, list[list[Any]]]:
    """Rows of all tables of the controller up to their limits, ids as long as they may be (docs/wire.md section 3)."""
    items = [f"I{n:015}" for n in range(schema.ITEMS.limit)]
    patients = [f"P{n:015}" for n in range(schema.PATIENTS.limit)]
    places = [(1 + n % 15, 1 + n // 15) for n in range(schema.POCKETS.limit)]
    salt, rounds = bytes(8), 64
    pin = pin_hash(salt, PIN, rounds)
    return {
        "items": [[item, 2, 1000, ITEM_FLAGS[n % len(ITEM_FLAGS)], 0, 0] for n, item in enumerate(items)],
        "pockets": [
            [schema.place_name(d, p), d, p, items[n % len(items)], 10, 100, 200] for n, (d, p) in enumerate(places)
        ],
        "users": [[f"B{n:015}", f"U{n:015}", salt, pin, rounds, 0x7FFF, 0xFFFFFFFF] for n in range(schema.USERS.limit)],
        "patients": [[patient, 1] for patient in patients],
        "overrides": [[item, 0] for item in items],
        "kits": [[f"L{n:015}", f"K{n % 8}", items[n], 1] for n in range(schema.KITS.limit)],
        "policy": [["profiled", 1]] + [[f"policy{n:02}", n] for n in range(1, schema.POLICY.limit)],
        "orders": [
            [f"O{n:015}", patients[n % len(patients)], items[n % len(items)], 1000, 0, 0xFFFFFFFF, 0, 0]
            for n in range(schema.ORDERS.limit)
        ],
        "labels": [[n, items[n % len(items)], 10, 1, 0xFFFFFFFF] for n in range(schema.LABELS.limit)],
    }
