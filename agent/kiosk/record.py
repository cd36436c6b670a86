"""What the pages of the outbox tell of the one at the screen: removals, what of them is open, activity. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import cbor2

from firmware.journal import chain, entry, kinds

_BACK = (kinds.RETURN, kinds.RETURN_BIN)
_SHIFT_MIN = 720
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Removal:
    """A removal that is still in the outbox; `open` is what of it was neither returned nor wasted."""

    txn: int
    utc_ms: int
    actor: str
    patient: str
    order: str
    item: str
    quantity: int
    open: int


@dataclass(frozen=True)
class OpenWaste:
    """What was taken beyond the dose and has neither come back nor been wasted (F9, U14)."""

    removal: Removal
    quantity: int
    age_min: int
    late: bool


@dataclass(frozen=True)
class Act:
    """One entry of one's own, for the list of activity."""

    utc_ms: int
    kind: int
    item: str
    place: str
    change: int | None
    ext: list[Any]


def entries(pages: Iterable[bytes]) -> list[tuple[list[Any], list[Any] | None]]:
    """Fields and disclosure of each page."""
    return [_read(page) for page in pages]


def _read(page: bytes) -> tuple[list[Any], list[Any] | None]:
    data, disclosure, _ = chain.parse_page(page)
    return cbor2.loads(data), disclosure


def removals(pages: Iterable[bytes]) -> list[Removal]:
    """Removals whose patient is disclosed, the newest first, with what of each is still out."""
    read = entries(pages)
    back: dict[int, int] = {}
    for fields, _ in read:
        txn, quantity = _came_back(fields)
        back[txn] = back.get(txn, 0) + quantity
    found = [_removal(fields, disclosure, back) for fields, disclosure in read if fields[entry.F_KIND] == kinds.REMOVE]
    return sorted((one for one in found if one), key=lambda one: -one.txn)


def _came_back(fields: list[Any]) -> tuple[int, int]:
    """(transaction of the removal, quantity) of a return or waste; (0, 0) of anything else."""
    kind, ext = fields[entry.F_KIND], fields[entry.F_EXT]
    if kind in _BACK:
        return ext[1], fields[entry.F_CHANGE] or 0
    return (ext[1], ext[2]) if kind == kinds.WASTE else (0, 0)


def _removal(fields: list[Any], disclosure: list[Any] | None, back: Mapping[int, int]) -> Removal | None:
    if disclosure is None:
        return None
    txn, quantity = fields[entry.F_TXN], -(fields[entry.F_CHANGE] or 0)
    _, patient, order = disclosure
    left = max(0, quantity - back.get(txn, 0))
    utc_ms, actor, item = fields[entry.F_UTC_MS], fields[entry.F_ACTOR], fields[entry.F_ITEM]
    return Removal(txn, utc_ms, actor, patient, order, item, quantity, left)


def open_wastes(
    found: Iterable[Removal], doses: Mapping[str, int], now_ms: int, shift_min: int | None = None
) -> list[OpenWaste]:
    """Removals of more than the order's dose, less what came back or was wasted; the oldest first (U14).

    `doses` has the dose of each order known here; what a removal without order was for, this cabinet cannot know.
    """
    rows = []
    for removal in found:
        dose = doses.get(removal.order)
        quantity = 0 if dose is None else removal.open - dose
        if quantity > 0:
            age_min = max(0, now_ms - removal.utc_ms) // MINUTE_MS
            rows.append(OpenWaste(removal, quantity, age_min, age_min >= (shift_min or _SHIFT_MIN)))
    return sorted(rows, key=lambda row: -row.age_min)


def last_taken(found: Iterable[Removal]) -> dict[str, int]:
    """When each order was last taken for, in minutes since 1970; what came back or was wasted whole was no dose."""
    taken: dict[str, int] = {}
    for removal in found:
        if removal.order and removal.open:
            taken[removal.order] = max(taken.get(removal.order, 0), removal.utc_ms // MINUTE_MS)
    return taken


def activity(pages: Iterable[bytes], user: str) -> list[Act]:
    """What this user did here, the newest first."""
    return [_act(fields) for fields, _ in entries(pages) if fields[entry.F_ACTOR] == user]


def discrepancies(pages: Iterable[bytes], user: str) -> list[Act]:
    """Counts that differed at places where this user was the one counting or the one before (F12)."""
    found = [fields for fields, _ in entries(pages) if fields[entry.F_KIND] == kinds.DISCREPANCY]
    return [_act(f) for f in found if user in (f[entry.F_ACTOR], f[entry.F_EXT][0])]


def _act(fields: list[Any]) -> Act:
    item, place = fields[entry.F_ITEM] or "", fields[entry.F_PLACE] or ""
    return Act(fields[entry.F_UTC_MS], fields[entry.F_KIND], item, place, fields[entry.F_CHANGE], fields[entry.F_EXT])


# what these moved is known to the hand that moved it; the others tell what a pocket holds
_OWN = (kinds.REMOVE, kinds.RETURN, kinds.RETURN_BIN, kinds.REFILL, kinds.LOAD)


def amount(act: Act, blind: bool) -> int | None:
    """What an entry moved, in smallest units; None where nothing did, or where a blind count must not tell (F8)."""
    if act.kind == kinds.WASTE:
        return int(act.ext[2])
    return abs(act.change) if act.change and (act.kind in _OWN or not blind) else None
