"""Was a removal allowed, and what is its verdict? Pure functions of facts, whatever their order (A3, A4, RD-A3)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from firmware import codes
from server_stub.verify.facts import Move, Word
from server_stub.verify.matching import Share

AUTHORITY, DOCUMENTATION = 1, 2

PENDING = "pending"
# taken without a patient, of an item that needs none: nothing more is asked of it
SUPPLY = "supply"
# an order for what was taken on override comes within a day
MATCHED_WITHIN_MS = 24 * 3_600_000
VERDICTS = (
    "verified",
    "returned",
    "charted_late",
    "undocumented",
    "no_order",
    "not_admitted",
    "no_order_not_admitted",
    SUPPLY,
    PENDING,
)

DOCUMENTED, RETURNED, LATE, AWAITING = "documented", "returned", "late", "awaiting"
SETTLED = (DOCUMENTED, RETURNED)

_ARRIVE = frozenset(("A01", "A02", "A12", "A13"))
_LEAVE = frozenset(("A03", "A11"))
_UNAUTHORISED = {
    codes.NO_ACTIVE_ORDER: "no_order",
    codes.NOT_ADMITTED: "not_admitted",
    codes.NO_ORDER_NOT_ADMITTED: "no_order_not_admitted",
}
_AUTHORISED = {DOCUMENTED: "verified", RETURNED: "returned", LATE: "charted_late", AWAITING: "undocumented"}


class Stay(NamedTuple):
    """From `since_ms` to `until_ms` (None: still here) a patient was in the hospital, by an event's word."""

    since_ms: int
    until_ms: int | None
    event_id: str


class Authority(NamedTuple):
    """`code` is 0 where a removal was allowed, by `order` and `admission` (event id); "" where there is none."""

    code: int
    order: str
    admission: str


def stays(moves: Iterable[Move]) -> list[Stay]:
    """When a patient was in the hospital: from each arrival to the first departure after it.

    A13 takes the last discharge (A03) before it back: the patient was here all along.
    """
    ordered = sorted(moves, key=lambda move: (move.utc_ms, move.event == "A13", move.event_id))
    left = _departures(ordered)
    return [
        Stay(move.utc_ms, next((at for at in left if at > move.utc_ms), None), move.event_id)
        for move in ordered
        if move.event in _ARRIVE
    ]


def _departures(ordered: Iterable[Move]) -> list[int]:
    left: list[Move] = []
    for move in ordered:
        if move.event in _LEAVE:
            left.append(move)
        elif move.event == "A13":
            discharge = next((gone for gone in reversed(left) if gone.event == "A03"), None)
            if discharge:
                left.remove(discharge)
    return [move.utc_ms for move in left]


def authority(item: str, at_ms: int, orders: Iterable[Sequence[Word]], admitted: Iterable[Stay]) -> Authority:
    """Was an order for `item` active at `at_ms`, and the patient admitted? Equal times count as yes.

    `orders` are the words on each order of the patient. What counts of an order is the word in force at that time, and
    each later one: it may say what was already so.
    """
    order = max((words[0].order for words in orders if _active(words, item, at_ms)), default="")
    admission = max(
        ((stay.since_ms, stay.event_id) for stay in admitted if _within(stay, at_ms)),
        default=(0, ""),
    )[1]
    if order:
        return Authority(codes.NONE if admission else codes.NOT_ADMITTED, order, admission)
    return Authority(codes.NO_ACTIVE_ORDER if admission else codes.NO_ORDER_NOT_ADMITTED, order, admission)


def overridden(found: Authority) -> Authority:
    """An override stands for the order that is missing, not for the admission."""
    instead = {codes.NO_ACTIVE_ORDER: codes.NONE, codes.NO_ORDER_NOT_ADMITTED: codes.NOT_ADMITTED}
    return found._replace(code=instead.get(found.code, found.code))


def matched(item: str, at_ms: int, orders: Iterable[Sequence[Word]]) -> tuple[str, int] | None:
    """The order that an override at `at_ms` is covered by, and when the hospital said so; None while there is none.

    An order that was active then, or begins within MATCHED_WITHIN_MS of it; of several the one said first.
    """
    found = [
        (word.utc_ms, word.order)
        for words in orders
        for word in _that_count(words, at_ms)
        if word.item == item and _covers(word, at_ms, at_ms + MATCHED_WITHIN_MS)
    ]
    said_ms, order = min(found, default=(0, ""))
    return (order, said_ms) if order else None


def _within(stay: Stay, at_ms: int) -> bool:
    return stay.since_ms <= at_ms and (stay.until_ms is None or at_ms <= stay.until_ms)


def _active(words: Sequence[Word], item: str, at_ms: int) -> bool:
    return any(word.item == item and _covers(word, at_ms, at_ms) for word in _that_count(words, at_ms))


def _that_count(words: Sequence[Word], at_ms: int) -> Iterable[Word]:
    in_force = max((word.utc_ms for word in words if word.utc_ms < at_ms), default=at_ms)
    return (word for word in words if word.utc_ms >= in_force)


def _covers(word: Word, from_ms: int, to_ms: int) -> bool:
    """Is it verified, and active at some time of these?"""
    return bool(word.verified) and word.start_ms <= to_ms and (word.stop_ms is None or from_ms <= word.stop_ms)


def documentation(share: Share) -> str:
    """What the charting comes to: documented (in time), returned (all of it), late, or awaiting."""
    if share.missing:
        return AWAITING
    if not share.charted:
        return RETURNED
    return LATE if share.late else DOCUMENTED


def verdict(code: int, documented: str, *, expired: bool) -> str:
    """What authority and documentation come to, one of VERDICTS; pending until settled or expired. Never SUPPLY."""
    if documented not in SETTLED and not expired:
        return PENDING
    return _UNAUTHORISED.get(code) or _AUTHORISED[documented]
