"""Is it all true? What a run left in ledger, rings and cabinets, checked from the stored bytes alone."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cbor2
from sqlalchemy import Engine, create_engine, text

from firmware.journal import kinds
from firmware.wire import messages
from server_stub.site import config
from server_stub.site.home import Home
from server_stub.stock import expiry
from simulator.deeds import DEED_FIELDS, deeds
from simulator.reach import spot_of
from simulator.ring import ring_pages

# fields of an entry, docs/journal.md section 2
STATION, LOG, SEQ, KIND, ITEM, PLACE, BEFORE, CHANGE, AFTER, TXN, EXT = 1, 2, 4, 8, 11, 12, 13, 14, 15, 16, 18
OPENED_AND_CLOSED = (kinds.OPENED, kinds.CLOSED)
# place, min, max of a pocket in the body of a command
LEVEL_FIELDS = 3
SHOWN = 60


@dataclass
class Findings:
    """What was found: counts from the ledger, and everything that is wrong, in words. `par_updates` are the levels of
    pockets that cabinets took from commands; `deeds` are counted as `simulator.deeds` says."""

    entries: int = 0
    removals: int = 0
    alarms: int = 0
    par_updates: int = 0
    kinds: Counter[int] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def movements(self) -> int:
        """Removals and returns: what the supplier is told of."""
        return self.kinds[kinds.REMOVE] + self.kinds[kinds.RETURN]

    def say(self, words: str) -> None:
        if len(self.wrong) < SHOWN:
            self.wrong.append(words)


@dataclass
class StationCheck:
    """The log of one station, entry by entry. `stock` is by place, and by place and item in a return bin."""

    station: str
    findings: Findings
    key: bytes
    head: bytes
    bins: frozenset[str] = frozenset()
    seq: int = 0
    pages: dict[int, bytes] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=dict)
    open: dict[int, str] = field(default_factory=dict)
    emptied: set[int] = field(default_factory=set)
    _epoch_key: bytes = b""

    def take(self, seq: int, page: bytes, leaf: bytes, head: bytes) -> None:
        """The next row of the ledger."""
        raw, _, mac = cbor2.loads(page)
        entry = cbor2.loads(raw)
        self.seq += 1
        self._expect(seq == entry[SEQ] == self.seq and entry[STATION] == self.station, seq, "out of order")
        own_leaf = hashlib.sha256(b"\0" + raw).digest()
        self.head = hashlib.sha256(b"\2" + self.head + own_leaf).digest()
        self._expect(leaf == own_leaf and head == self.head, seq, "breaks the chain")
        self._expect(mac == hmac.digest(self._next_key(), self.head, "sha256")[:16], seq, "has a wrong MAC")
        self.pages[seq] = page
        self._follow(entry)

    def _next_key(self) -> bytes:
        """K(seq) of docs/journal.md section 3, from the one before; `key` is K until the first entry."""
        if self.seq == 1:
            self._epoch_key = hmac.digest(self.key, b"apotheca/1/page", "sha256")
        elif self.seq % 1024 == 1:
            self._epoch_key = hashlib.sha256(b"\4" + self._epoch_key).digest()
        first = self.seq % 1024 == 1
        self.key = hashlib.sha256(b"\5" + self._epoch_key if first else b"\6" + self.key).digest()
        return self.key

    def _follow(self, entry: list[Any]) -> None:
        kind, txn, seq = entry[KIND], entry[TXN], entry[SEQ]
        self.findings.kinds[kind] += 1
        self.findings.deeds.update(deeds(*(entry[field] for field in DEED_FIELDS)))
        if kind == kinds.ACCESS:
            self._expect(txn == seq, seq, "is an access of another transaction")
            self.open[txn] = entry[PLACE]
        elif kind == kinds.BIN_EMPTIED and txn in self.emptied:
            pass
        elif kind in kinds.OUTCOMES:
            # emptying a bin is one outcome of many entries
            self.emptied.update({txn} if kind == kinds.BIN_EMPTIED else ())
            self._expect(self.open.pop(txn, None) == entry[PLACE], seq, "is an outcome without its access")
        elif kind == kinds.COMMAND:
            self.findings.par_updates += _levels_applied(*entry[EXT])
        if entry[AFTER] is not None:
            spot = spot_of(entry[PLACE], entry[ITEM]) if entry[PLACE] in self.bins else entry[PLACE]
            self._expect(entry[BEFORE] == self.stock.get(spot, 0), seq, "starts from another quantity")
            self._expect(entry[BEFORE] + entry[CHANGE] == entry[AFTER], seq, "does not add up")
            self.stock[spot] = entry[AFTER]

    def finish(self, ring: Path, contents: Mapping[str, int], entries: int) -> None:
        """All rows are in: nothing open, as many as the journal appended, ring and cabinet agree."""
        for txn, place in self.open.items():
            self.findings.say(f"{self.station}: access {txn} at {place} has no outcome")
        if self.seq != entries:
            self.findings.say(f"{self.station}: the journal appended {entries} entries, the ledger has {self.seq}")
        for seq, page in ring_pages(ring):
            self._expect(self.pages.get(seq) == page, seq, "is not in the ledger as the ring has it")
        for place, quantity in contents.items():
            if self.stock.get(place, 0) != quantity:
                self.findings.say(f"{self.station}: {place} holds {quantity}, the ledger {self.stock.get(place, 0)}")

    def _expect(self, right: bool, seq: int, words: str) -> None:
        if not right:
            self.findings.say(f"{self.station}: entry {seq} {words}")


def _levels_applied(number: int, kind: int, code: int, body: list[Any]) -> int:
    return len(body) // LEVEL_FIELDS if number and kind == messages.COMMAND_PAR and not code else 0


def check(home: Path, contents: Mapping[str, Mapping[str, int]], appended: Mapping[str, int]) -> Findings:
    """Check the ledger of `home` against the pockets' true `contents` and the entries each journal `appended`."""
    place = Home(home)
    site = config.read(place)
    findings = Findings()
    engine = create_engine(config.database_url(place, site))
    try:
        for station in site.station:
            bins = frozenset(spot.partition(":")[0] for spot in contents[station.id] if ":" in spot)
            one = _station(engine, place, station, findings, bins)
            ring = place.controller(station.id) / "ring.bin"
            one.finish(ring, contents[station.id], appended[station.id])
            _compare_inventory(engine, one)
            findings.entries += one.seq
    finally:
        engine.dispose()
    findings.removals = findings.kinds[kinds.REMOVE]
    findings.alarms = findings.kinds[kinds.ALARM]
    return findings


def _station(
    engine: Engine, home: Home, station: config.Station, findings: Findings, bins: frozenset[str]
) -> StationCheck:
    key = home.mac_key(station.id).read_bytes()
    head0 = hashlib.sha256(b"\3" + bytes.fromhex(station.genesis)).digest()
    one = StationCheck(station.id, findings, key, head0, bins)
    rows = text("SELECT seq, page, leaf, head FROM entries WHERE station = :s AND log = :l ORDER BY seq")
    with engine.connect() as conn:
        for seq, page, leaf, head in conn.execute(rows, {"s": station.id, "l": station.log}):
            one.take(seq, bytes(page), bytes(leaf), bytes(head))
    return one


def _compare_inventory(engine: Engine, one: StationCheck) -> None:
    with engine.connect() as conn:
        rows = conn.execute(text("SELECT place, quantity FROM inventory WHERE station = :s"), {"s": one.station})
        shown = {place: quantity for place, quantity in rows}
    shown.update((spot_of(row.place, row.item), row.quantity) for row in expiry.bins(engine, station=one.station))
    if {p: q for p, q in shown.items() if q} != {p: q for p, q in one.stock.items() if q}:
        one.findings.say(f"{one.station}: the centre's inventory is not what its ledger adds up to")
