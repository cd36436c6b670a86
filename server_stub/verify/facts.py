"""The facts verification judges by, as they stand in entries and in tables. Times UTC ms, quantities smallest units."""

from typing import NamedTuple

from firmware.journal import kinds
from server_stub.ledger.record import Entry

Key = tuple[str, int, int]
"""Station, log and seq of an entry."""


class Removal(NamedTuple):
    """An entry `remove`; `deadline_ms` is the last moment at which charting it is in time.

    `override` is the reason given for taking it without an order, 0 if none was.
    """

    station: str
    log: int
    seq: int
    txn: int
    utc_ms: int
    deadline_ms: int
    patient: str
    order: str
    item: str
    quantity: int
    user: str
    ref: bytes | None
    override: int = 0

    @property
    def key(self) -> Key:
        """Its place in the ledger."""
        return self.station, self.log, self.seq


class Back(NamedTuple):
    """A return or waste: so much of what was removed needs no charting. `removed_txn` 0 names no removal.

    `kind` is that of the entry: to a pocket, to the bin, or wasted.
    """

    station: str
    log: int
    seq: int
    removed_txn: int
    utc_ms: int
    patient: str
    order: str
    item: str
    quantity: int
    kind: int = kinds.RETURN


class Chart(NamedTuple):
    """An administration that was given; `entered_ms` is when it was charted."""

    event_id: str
    patient: str
    order: str
    item: str
    quantity: int
    entered_ms: int
    administered_ms: int


class Move(NamedTuple):
    """A patient's arrival or departure (ADT event A01, A02, A03, A11, A12, A13)."""

    event_id: str
    patient: str
    event: str
    utc_ms: int


class Word(NamedTuple):
    """What the hospital said of an order at `utc_ms`; a discontinuation has become its `stop_ms`.

    An order that is not `verified` (1) by a pharmacist counts as none.
    """

    event_id: str
    order: str
    patient: str
    item: str
    utc_ms: int
    start_ms: int
    stop_ms: int | None
    verified: int = 1


# where in an entry the reason of an override and the flags of an order are
_OVERRIDE = 5
_FLAGS, _UNVERIFIED = 6, 2

GIVEN_BACK = (kinds.RETURN, kinds.RETURN_BIN, kinds.WASTE)
Fact = Removal | Back | Chart | Move | Word
KINDS = frozenset(
    (
        kinds.REMOVE,
        *GIVEN_BACK,
        kinds.HOSPITAL_ADT,
        kinds.HOSPITAL_ORDER,
        kinds.HOSPITAL_ADMINISTRATION,
    )
)


def fact(entry: Entry, interval_ms: int) -> Fact | None:
    """The fact in an entry of one of KINDS; None for an administration that was not given. `interval_ms` is the time
    there is for charting a removal."""
    if entry.kind == kinds.REMOVE:
        return _removal(entry, interval_ms)
    if entry.kind in GIVEN_BACK:
        return _back(entry)
    if entry.kind == kinds.HOSPITAL_ADT:
        return Move(entry.ext[0], entry.patient, entry.ext[1], entry.utc_ms)
    if entry.kind == kinds.HOSPITAL_ORDER:
        return _word(entry)
    event_id, status, quantity, administered_ms = entry.ext
    if status != "given":
        return None
    return Chart(event_id, entry.patient, entry.order, entry.item or "", quantity, entry.utc_ms, administered_ms)


def _removal(entry: Entry, interval_ms: int) -> Removal:
    where = (entry.station, entry.log, entry.seq, entry.txn, entry.utc_ms, entry.utc_ms + interval_ms)
    whom = (entry.patient, entry.order, entry.item or "")
    override = entry.ext[_OVERRIDE] if len(entry.ext) > _OVERRIDE else 0
    return Removal(*where, *whom, -(entry.change or 0), entry.actor, entry.ref, override)


def _back(entry: Entry) -> Back:
    quantity = entry.ext[2] if entry.kind == kinds.WASTE else entry.change or 0
    where = (entry.station, entry.log, entry.seq, entry.ext[1], entry.utc_ms)
    return Back(*where, entry.patient, entry.order, entry.item or "", quantity, entry.kind)


def _word(entry: Entry) -> Word:
    event_id, event, _, start_ms, stop_ms = entry.ext[:5]
    verified = int(not (len(entry.ext) > _FLAGS and entry.ext[_FLAGS] & _UNVERIFIED))
    if event == "discontinue":
        stop_ms = entry.utc_ms if stop_ms is None else min(stop_ms, entry.utc_ms)
    return Word(event_id, entry.order, entry.patient, entry.item or "", entry.utc_ms, start_ms, stop_ms, verified)
