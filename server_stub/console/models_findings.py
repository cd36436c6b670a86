"""Rows of the API about what was done at cabinets and what was found.

Times are hospital time in ms since 1970 UTC, quantities smallest units of the item.
"""

from pydantic import BaseModel


class Alert(BaseModel):
    """An alert and the removal it is about; `by` says what ended it, `over_ms` when.

    `patient` and `order` are null for roles that may not see them.
    """

    station: str
    log: int
    seq: int
    facet: int
    code: int
    state: str
    by: str
    raised_ms: int
    over_ms: int | None
    utc_ms: int
    deadline_ms: int
    user: str
    patient: str | None
    order: str | None
    item: str
    quantity: int


class Verdict(BaseModel):
    """A removal with its verdict; `documented_ms` is when the last charting that was needed was entered."""

    station: str
    log: int
    seq: int
    utc_ms: int
    user: str
    patient: str | None
    order: str | None
    item: str
    quantity: int
    verdict: str
    authority: int
    documentation: str
    deadline_ms: int
    back: int
    charted: int
    documented_by: str
    documented_ms: int | None
    override: int
    matched_order: str
    matched_ms: int | None


class Discrepancy(BaseModel):
    """A count whose change is not 0; `resolved_ms` is null while it is open."""

    station: str
    log: int
    seq: int
    item: str
    place: str
    change: int
    counted_by: str
    counted_ms: int
    previous: str | None
    previous_seq: int | None
    opened_ms: int | None
    resolved_ms: int | None
    person: str | None
    note: str | None


class Packet(BaseModel):
    """A packet that the ledger records."""

    manifest_sha256: str
    utc_ms: int
    actor: str
    from_utc_ms: int
    to_utc_ms: int


class Override(BaseModel):
    """A removal without an order, by `reason`; `matched_order` covers it since `matched_ms`, "" while none does."""

    station: str
    log: int
    seq: int
    utc_ms: int
    user: str
    patient: str | None
    item: str
    quantity: int
    reason: int
    matched_order: str
    matched_ms: int | None


class OpenWaste(BaseModel):
    """A removal of which `open` is neither given nor wasted nor returned."""

    station: str
    log: int
    seq: int
    utc_ms: int
    user: str
    patient: str | None
    item: str
    quantity: int
    charted: int
    back: int
    open: int


class Lot(BaseModel):
    """So much of a lot in a pocket; lot "" and expiry_min 0 (minutes since 1970) are unknown."""

    station: str
    place: str
    item: str
    lot: str
    expiry_min: int
    quantity: int


class InBin(BaseModel):
    """What a return bin holds of an item."""

    station: str
    place: str
    item: str
    quantity: int
    utc_ms: int


class Taken(BaseModel):
    """A removal that took so much of a lot."""

    station: str
    log: int
    seq: int
    utc_ms: int
    place: str
    item: str
    quantity: int
    user: str
    patient: str | None


class Recall(BaseModel):
    """Where a lot is and went; `bins` hold some of its items, of which lot is not known."""

    pockets: list[Lot]
    bins: list[InBin]
    removals: list[Taken]


class Condition(BaseModel):
    """Something that stands: what `value` means, docs/console.md says."""

    station: str
    what: str
    place: str
    value: int
    actor: str
    utc_ms: int


class TemporaryUser(BaseModel):
    """A user let in at a cabinet, until a minute since 1970."""

    station: str
    user: str
    badge: str
    roles: int
    until_min: int
    granted_by: str
    utc_ms: int


class Provisional(BaseModel):
    """A patient added at a cabinet; `into` is who she turned out to be, "" while that is not known."""

    station: str
    patient: str
    until_min: int
    made_by: str
    made_ms: int
    ended_ms: int | None
    into: str
