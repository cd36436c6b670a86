"""What the link's core (`agent.controller`) wants done, as values; the shell (`agent.station`) does it in order."""

from dataclasses import dataclass
from typing import Any

from agent.pages import Page


@dataclass(frozen=True)
class Send:
    """Put this payload on the link."""

    payload: bytes


@dataclass(frozen=True)
class Take:
    """Store this page; the shell calls `kept` when it and those before it are durable."""

    page: Page


@dataclass(frozen=True)
class StartLog:
    """The log begins at its genesis, whose head is `head0`."""

    genesis: bytes
    head0: bytes


@dataclass(frozen=True)
class Rewind:
    """Unanswered pages do not lead to the controller's head: drop them, they are read again."""


@dataclass(frozen=True)
class Reset:
    """The controller no longer holds the next page: the log starts again from the centre's last entry."""


@dataclass(frozen=True)
class Missing:
    """The controller sends what follows the entry `seq`, but never the entry itself: there it does not read back."""

    seq: int


@dataclass(frozen=True)
class Info:
    """What the controller says of itself."""

    station: str
    log: int
    boot: int
    firmware: str
    genesis: bytes
    first_seq: int
    last_seq: int
    head: bytes
    released: int
    tables: dict[str, int]
    entries: int
    removals: int
    frames_dropped: int
    new_boot: bool = False


@dataclass(frozen=True)
class State:
    """The controller's STATE, its fields in the order of docs/wire.md."""

    fields: list[Any]


@dataclass(frozen=True)
class Reply:
    """The answer to a request; code 4001 when the controller gave none in time."""

    rid: int
    code: int
    params: list[Any]


@dataclass(frozen=True)
class Result:
    """What became of something sent down."""

    what: int
    code: int
    details: list[Any]


@dataclass(frozen=True)
class Inventory:
    """All rows of the controller's inventory."""

    rows: list[list[Any]]


@dataclass(frozen=True)
class LinkUp:
    """The link went up (`up`) or down."""

    up: bool


@dataclass(frozen=True)
class Trouble:
    """Something for the log and the kiosk's alarms; it stands until something about the same is `Good`."""

    code: int
    text: str
    about: str


@dataclass(frozen=True)
class Good:
    """What an earlier trouble was about is right again."""

    about: str


Action = (
    Send
    | Take
    | StartLog
    | Rewind
    | Reset
    | Missing
    | Info
    | State
    | Reply
    | Result
    | Inventory
    | LinkUp
    | Trouble
    | Good
)
