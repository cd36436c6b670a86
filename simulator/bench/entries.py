"""A station's entries, chained and signed beforehand as its controller and agent would do it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cbor2

from agent.keys import Signer
from firmware.journal import chain, entry, kinds
from server_stub.ledger.pagekeys import PageKeys
from server_stub.site import config
from server_stub.site.home import Home

ITEM, DRAWER, PLACE = "HEPARIN", "D01", "D01-P01"
SALT = bytes(16)
ENTRIES_A_PATIENT = 64


@dataclass(frozen=True)
class Made:
    """One entry's page and the head after it."""

    seq: int
    page: bytes
    head: bytes


@dataclass
class Author:
    """Writes removals of one enrolled station: access, opened, remove, closed. With another `outcome` (as `REFILL`)
    each access ends in that instead; `patients` gives the patient of a transaction."""

    station: config.Station
    key: bytes
    signer: Signer
    utc_ms: int
    outcome: int = kinds.REMOVE
    patients: Callable[[int], str] = lambda txn: f"P{txn // ENTRIES_A_PATIENT:07}"
    made: list[Made] = field(default_factory=list)

    @classmethod
    def of(cls, home: Home, station: config.Station, utc_ms: int) -> "Author":
        """The author of a station of `home`."""
        signer = Signer.load(home.station(station.id) / "sign.key", station.id)
        return cls(station, home.mac_key(station.id).read_bytes(), signer, utc_ms)

    def write(self, count: int) -> None:
        """Append `count` entries."""
        head = self._head(len(self.made))
        keys = PageKeys(self.key).run(len(self.made) + 1, count)
        for seq, key in enumerate(keys, len(self.made) + 1):
            txn = seq - (seq - 1) % 4
            ref, disclosure = entry.ref_of(SALT, self.patients(txn), "")
            kind, rest = _step(seq, txn, self.outcome, ref)
            stamp = [1, seq, self.utc_ms + 1000 * seq, 1000 * seq, 3]
            data = cbor2.dumps([1, self.station.id, self.station.log, *stamp, kind, "nurse1", None, *rest])
            head = chain.next_head(head, chain.leaf(data))
            page = cbor2.dumps([data, disclosure if ref in rest else None, chain.mac(key, head)])
            self.made.append(Made(seq, page, head))

    def batches(self, pages: int, first: int = 0) -> list[tuple[bytes, list[Made]]]:
        """Everything written, but for the `first` entries, as signed batches of `pages` (docs/wire.md section 3), each
        with what is in it."""
        groups = [self.made[at : at + pages] for at in range(first, len(self.made), pages)]
        return [(self._batch(group), group) for group in groups]

    def _batch(self, group: list[Made]) -> bytes:
        first = group[0].seq
        pages = [cbor2.loads(made.page) for made in group]
        fields = [1, self.station.id, self.station.log, first, self._head(first - 1), pages, group[-1].head]
        return self.signer.seal("batch", cbor2.dumps(fields))

    def _head(self, seq: int) -> bytes:
        return self.made[seq - 1].head if seq else bytes(chain.head0(bytes.fromhex(self.station.genesis)))


def _step(seq: int, txn: int, outcome: int, ref: bytes) -> tuple[int, list[Any]]:
    """Kind of the entry `seq`, and its fields from item on (docs/journal.md section 2)."""
    ext = [0, None, None, None, None] if outcome == kinds.REMOVE else [0, None, None]
    return (
        (kinds.ACCESS, [ITEM, PLACE, None, None, None, txn, None, [1, 2, 0]]),
        (kinds.OPENED, [None, DRAWER, None, None, None, txn, None, [1]]),
        (outcome, [ITEM, PLACE, 500, -2, 498, txn, ref if outcome == kinds.REMOVE else None, ext]),
        (kinds.CLOSED, [None, DRAWER, None, None, None, txn, None, [1, 900]]),
    )[seq - txn]
