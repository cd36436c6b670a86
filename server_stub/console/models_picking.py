"""Rows of the API about picking, and what the pharmacy picks by.

Times are hospital time in ms since 1970 UTC, quantities smallest units of the item.
"""

from pydantic import BaseModel


class PickingEntry(BaseModel):
    """The entry a line is from."""

    station: str
    log: int
    seq: int


class PickingLine(BaseModel):
    """A line of a picking report: `who`, when and what she counted or put away (`found`) are the checker's, or the
    deliverer's where the report is about deliveries. `result` is the check's, `finding` what a person should see."""

    label: str
    picked_utc_ms: int | None
    station: str
    item: str
    name: str
    item_class: int
    quantity: int | None
    load_or_refill: str
    picker: str
    who: str | None
    when_utc_ms: int | None
    found: int | None
    result: str | None
    new_label: str
    finding: str
    entry: PickingEntry


class PickStation(BaseModel):
    """A cabinet to pick for, and what is asked at a delivery (P43)."""

    station: str
    zone: str
    ask_beginning_quantity: bool
    ask_expiry: bool


class PickNeed(BaseModel):
    """What a cabinet lacks of an item and is not on its way to it; `place` is its hungriest pocket of these."""

    station: str
    item: str
    quantity: int
    load_or_refill: str
    pick_area: str
    place: str


class PickItem(BaseModel):
    """An item, and the codes on its packages."""

    item: str
    name: str
    codes: list[str]


class PickUser(BaseModel):
    """Who may pick (refill), who may check (a pharmacist)."""

    user: str
    may_pick: bool
    may_check: bool


class OpenLabel(BaseModel):
    """A package that is PICKED or CHECKED_OK; `stale`: it is no longer put away by this label."""

    label: str
    station: str
    item: str
    quantity: int
    picked_utc_ms: int
    state: str
    stale: bool


class PharmacySnapshot(BaseModel):
    """What the pharmacy picks by, as of one moment of the ledger."""

    snapshot: int
    as_of_utc_ms: int
    stations: list[PickStation]
    needs: list[PickNeed]
    items: list[PickItem]
    users: list[PickUser]
    open_labels: list[OpenLabel]
