"""Rows of the API. Times are hospital time in ms since 1970 UTC, quantities smallest units of the item."""

from pydantic import BaseModel


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
    """An alarm that stands."""

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
