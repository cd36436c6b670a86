"""What a station's entry looks like: ext per kind as docs/journal.md section 2 has it, numbers the database can hold.

The fold relies on it, so it is looked at before anything of a batch is taken. Newer firmware may add fields at the end
and kinds of its own below 200; both are let through.
"""

from collections.abc import Iterable
from typing import Any

from firmware.journal import kinds
from firmware.wire import messages
from server_stub.ledger.record import Entry

# kinds from here on are the centre's own decisions (docs/journal.md section 2): no station may say them
CENTRES_OWN = kinds.HOSPITAL_ADT
LIMIT = 1 << 62
# what a pocket, and so an entry, can move or name at most (firmware/schema.py)
QUANTITY_LIMIT = 1 << 31

_UINT, _TEXT, _BYTES = (int,), (str,), (bytes,)
_MAYBE_UINT, _MAYBE_TEXT = (int, type(None)), (str, type(None))

EXT: dict[int, tuple[tuple[type, ...], ...]] = {
    kinds.BOOT: (_TEXT, _UINT, _TEXT, _UINT),
    kinds.SIGN_ON: (_UINT,),
    kinds.SIGN_OFF: (_UINT,),
    kinds.SIGN_ON_FAILED: (_UINT,),
    kinds.DENIED: (_UINT, _UINT, _UINT),
    kinds.ACCESS: (_UINT, _UINT, _UINT),
    kinds.OPENED: (_UINT,),
    kinds.CLOSED: (_UINT, _UINT),
    kinds.CANCELLED: (_UINT,),
    kinds.INTERRUPTED: (_UINT,),
    kinds.REMOVE: (_UINT, _MAYBE_UINT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_UINT),
    kinds.RETURN: (_UINT, _UINT),
    kinds.WASTE: (_UINT, _UINT, _UINT),
    kinds.REFILL: (_UINT, _MAYBE_TEXT, _MAYBE_UINT),
    kinds.COUNT: (_UINT,),
    kinds.ALARM: (_UINT, _UINT),
    kinds.ALARM_CLEARED: (_UINT, _UINT),
    kinds.REFERENCE: (_TEXT, _UINT, _BYTES),
    # its body came with later firmware
    kinds.COMMAND: (_UINT, _UINT, _UINT),
}
# the place in ext of a quantity that is added up
_QUANTITY = {kinds.DENIED: 2, kinds.WASTE: 2}


def fault(entry: Entry) -> str | None:
    """Why no station can have written this entry, whose fields have the right types; None if one can."""
    if entry.kind >= CENTRES_OWN:
        return f"only the centre writes kind {entry.kind}"
    shape = EXT.get(entry.kind, ())
    known = entry.ext[: len(shape)]
    if len(known) < len(shape) or not all(type(value) in types for value, types in zip(known, shape, strict=True)):
        return f"ext is not that of kind {entry.kind}"
    uints = (entry.boot, entry.utc_ms, entry.mono_ms, entry.tq, entry.kind, entry.txn, *_ints(known))
    if not in_range(uints):
        return "a number is negative or too large"
    if not all(abs(value) < QUANTITY_LIMIT for value in _quantities(entry)):
        return "a quantity is too large"
    # PostgreSQL has no text with a NUL
    if any("\0" in text for text in _texts(entry)):
        return "a text with a NUL"
    return None if entry.kind != kinds.COMMAND or _levels_fit(entry.ext) else "levels that are none"


def in_range(values: Iterable[int]) -> bool:
    """Are all of these numbers that the database can hold, and add to a little?"""
    return all(0 <= value < LIMIT for value in values)


def _ints(values: Iterable[Any]) -> list[int]:
    return [value for value in values if type(value) is int]


def _quantities(entry: Entry) -> list[int]:
    at = _QUANTITY.get(entry.kind)
    return _ints((entry.before, entry.change, entry.after, None if at is None else entry.ext[at]))


def _texts(entry: Entry) -> list[str]:
    texts = (entry.actor, entry.witness, entry.item, entry.place, entry.patient, entry.order)
    return [text for text in texts if text]


def _levels_fit(ext: list[Any]) -> bool:
    """The body of applied PAR levels: [place, min, max, place, min, max ...]; any other body is nobody's to read."""
    body = ext[3] if len(ext) > 3 else []
    if ext[1:3] != [messages.COMMAND_PAR, 0] or type(body) is not list or len(body) % 3:
        return True
    places, levels = body[::3], [*body[1::3], *body[2::3]]
    named = all(type(place) is str and "\0" not in place for place in places)
    return named and all(type(level) is int for level in levels) and in_range(levels)
