"""Rows of the API. Times are hospital time in ms since 1970 UTC, quantities smallest units of the item."""

from pydantic import BaseModel, ConfigDict, Field

ID = r"^[A-Za-z0-9_-]{1,32}$"


class StationState(BaseModel):
    """Where a station stands; `verdict` is one word, `why` explains it. Ages are real time."""

    station: str
    wards: str
    seq: int
    entries: int
    removals: int
    last_utc_ms: int | None
    heartbeat_age_ms: int | None
    unanswered: int | None
    alarms: int
    verdict: str
    why: str


class Alarm(BaseModel):
    """A cabinet's alarm that stands."""

    station: str
    code: int
    drawer: int
    utc_ms: int


class Pocket(BaseModel):
    """What is in a pocket."""

    station: str
    place: str
    item: str
    quantity: int
    must_count: bool
    utc_ms: int


class Refused(BaseModel):
    """A line that is no event; `line` counts from 1."""

    line: int
    code: int
    message: str


class Intake(BaseModel):
    """What became of the events of one call."""

    accepted: int
    duplicate: int
    refused: list[Refused]
    versions: dict[str, dict[str, int]]


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


class ParLevel(BaseModel):
    """What a pocket holds, the levels that stand, those wanted last with their reason and their command's state.

    `lot` and `expiry_min` (since 1970) are those of what is taken first, "" and 0 where nothing is known.
    """

    station: str
    place: str
    item: str
    scale: int
    quantity: int
    must_count: bool
    lot: str
    expiry_min: int
    min: int
    max: int
    capacity: int
    held: bool
    wanted_min: int | None
    wanted_max: int | None
    reason: str | None
    number: int | None
    wanted_ms: int | None
    applied_ms: int | None
    state: str | None
    result: int | None


class WantedHold(BaseModel):
    """What is to be set for an item of a station: `held` keeps its levels, `floor` is the least min otherwise."""

    model_config = ConfigDict(extra="forbid", strict=True)

    station: str = Field(pattern=ID)
    item: str = Field(pattern=ID)
    held: bool
    floor: int = Field(default=0, ge=0, lt=2**31)
    reason: str = Field(min_length=1, max_length=200)


class ParHold(BaseModel):
    """What a person set last for an item of a station; with `held` false and `floor` 0 it follows the forecast."""

    station: str
    item: str
    held: bool
    floor: int
    person: str
    reason: str
    utc_ms: int


class ParCommand(BaseModel):
    """A PAR command; `result` is the cabinet's code."""

    station: str
    number: int
    reason: str
    issued_ms: int
    state: str
    result: int
    done_ms: int | None


class RestockOrder(BaseModel):
    """An order for a station; `closed_ms` is null while it stands."""

    station: str
    number: int
    item: str
    quantity: int
    on_hand: int
    on_order: int
    par_min: int
    par_max: int
    opened_ms: int
    put_away: int
    closed_ms: int | None
    reason: int | None


class PocketNeed(BaseModel):
    """What a pocket lacks up to its max; pockets are filled in this order."""

    place: str
    quantity: int
    on_hand: int
    min: int
    max: int


class PickLine(BaseModel):
    """An item with open orders: what its pockets lack now, and what is still outstanding of the orders."""

    item: str
    quantity: int
    ordered: int
    orders: list[int]
    pockets: list[PocketNeed]


class PickList(BaseModel):
    """What to bring to a station: a snapshot with the id of the ledger's last entry and that entry's time."""

    station: str
    as_of_utc_ms: int
    snapshot: int
    lines: list[PickLine]


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
    """What a cabinet lacks of an item and is not on its way to it."""

    station: str
    item: str
    quantity: int
    load_or_refill: str
    pick_area: str


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
