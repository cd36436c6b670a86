"""One entry as the centre works with it: decoded once, stored bytes kept."""

from typing import Any, NamedTuple


class Entry(NamedTuple):
    """An entry of any log (docs/journal.md section 2) with what its page disclosed.

    `patient` and `order` are "" where nothing is disclosed. Quantities are smallest units of the item, times UTC ms.
    """

    station: str
    log: int
    boot: int
    seq: int
    utc_ms: int
    mono_ms: int
    tq: int
    kind: int
    actor: str
    witness: str | None
    item: str | None
    place: str | None
    before: int | None
    change: int | None
    after: int | None
    txn: int
    ref: bytes | None
    ext: list[Any]
    patient: str
    order: str


class Page(NamedTuple):
    """A page with its place in the chain; `data` are the page's bytes as they came."""

    entry: Entry
    leaf: bytes
    head: bytes
    data: bytes


class Held(NamedTuple):
    """Up to where batches of a log are durable and answered; what is folded of it (LogState) may be less."""

    station: str
    log: int
    genesis: bytes
    seq: int
    head: bytes
    stopped: bool


class LogState(NamedTuple):
    """Where a log stands in the ledger: its entries up to `seq` are rows, and folded."""

    station: str
    log: int
    genesis: bytes
    seq: int
    head: bytes
    stopped: bool
    entries: int
    removals: int
