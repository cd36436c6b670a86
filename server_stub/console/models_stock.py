"""Rows of the API about stations, what they hold and what they are to hold.

Times are hospital time in ms since 1970 UTC, quantities smallest units of the item.
"""

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
