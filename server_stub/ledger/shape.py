"""What a station's entry looks like: ext per kind as docs/journal.md section 2 has it, numbers the database can hold.

Picks, checks and handhelds are the word of a pharmacy's computer, which has no drawers, and of it alone; deliveries are
never its word. The fold relies on it, so it is looked at before anything of a batch is taken. Newer firmware may add
fields at the end and kinds of its own below 200; both are let through.
"""

from collections.abc import Callable, Iterable
from typing import Any

from firmware.journal import kinds
from firmware.schema import is_id
from firmware.wire import labels, messages
from server_stub.ledger.record import Entry

# kinds from here on are the centre's own decisions (docs/journal.md section 2): no station may say them
CENTRES_OWN = kinds.HOSPITAL_ADT
LIMIT = 1 << 62
# what happens to packages before they leave the pharmacy (docs/picking.md)
PHARMACYS_OWN = frozenset((kinds.PICKED, kinds.CHECKED, kinds.UNIT_ADDRESS, kinds.CRADLE_REFUSED))
CABINETS_OWN = frozenset((kinds.DELIVERED,))
# what a pocket, and so an entry, can move or name at most (firmware/schema.py)
QUANTITY_LIMIT = 1 << 31


def _uint(value: Any) -> bool:
    return type(value) is int and 0 <= value < LIMIT


def _int(value: Any) -> bool:
    return type(value) is int and abs(value) < LIMIT


def _quantity(value: Any) -> bool:
    return type(value) is int and 0 <= value < QUANTITY_LIMIT


def _text(value: Any) -> bool:
    return type(value) is str


def _id(value: Any) -> bool:
    # PostgreSQL has no text with a NUL
    return type(value) is str and "\0" not in value


def _new_serial(value: Any) -> bool:
    # "": the check printed no label
    return value == "" or bool(labels.is_serial(value))


def _station(value: Any) -> bool:
    return bool(is_id(value, labels.STATION_MAX))


def _bytes(value: Any) -> bool:
    return type(value) is bytes


def _maybe(known: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or known(value)


_Fields = tuple[Callable[[Any], bool], ...]
_LOT: _Fields = (_maybe(_text), _maybe(_uint))
_CODE, _COUNTED = _maybe(_text), _maybe(_quantity)
# who was at the place before, and her last entry there
_ACCESSOR: _Fields = (_id, _uint)

EXT: dict[int, _Fields] = {
    kinds.BOOT: (_text, _uint, _text, _uint),
    kinds.SIGN_ON: (_uint,),
    kinds.SIGN_OFF: (_uint,),
    kinds.SIGN_ON_FAILED: (_uint,),
    kinds.DENIED: (_uint, _uint, _quantity),
    kinds.ACCESS: (_uint, _uint, _uint),
    kinds.OPENED: (_uint,),
    kinds.CLOSED: (_uint, _uint),
    kinds.CANCELLED: (_uint,),
    kinds.INTERRUPTED: (_uint,),
    kinds.REMOVE: (_uint, _maybe(_uint), _CODE, *_LOT),
    kinds.RETURN: (_uint, _uint),
    kinds.WASTE: (_uint, _uint, _quantity),
    kinds.REFILL: (_uint, *_LOT),
    kinds.COUNT: (_uint,),
    kinds.RETURN_BIN: (_uint, _uint),
    kinds.BIN_EMPTIED: (_uint,),
    kinds.LOAD: (_uint, *_LOT, _CODE),
    kinds.UNLOAD: (_uint,),
    kinds.OUTDATE: (_uint, *_LOT),
    kinds.ALARM: (_uint, _uint),
    kinds.ALARM_CLEARED: (_uint, _uint),
    kinds.FAILED: (_uint,),
    kinds.RECOVERED: (_uint,),
    kinds.DISCREPANCY: _ACCESSOR,
    # below zero, and back in time
    kinds.TEMPERATURE: (_uint, _int, _int),
    kinds.POWER: (_uint, _uint),
    kinds.QUARANTINE: (_uint, _uint),
    kinds.CLOCK: (_int,),
    kinds.ATTESTATION: (_uint, _uint),
    kinds.REFERENCE: (_text, _uint, _bytes),
    # its body came with later firmware
    kinds.COMMAND: (_uint, _uint, _uint),
    kinds.TEMP_USER: (_id, _id, _uint, _uint, _uint, _bytes),
    kinds.PROVISIONAL_PATIENT: (_uint,),
    kinds.PROVISIONAL_ENDED: (_uint,),
    kinds.PIN_CHANGED: (_bytes,),
    kinds.BYPASS: (_uint, _uint),
    kinds.MAINTENANCE: (_uint, _uint, _id),
    kinds.SELFTEST: (_id, _uint),
    kinds.DELIVERED: (labels.is_serial, _uint, _uint),
    kinds.PICKED: (labels.is_serial, _uint, _station, _quantity, _id, _id),
    kinds.CHECKED: (labels.is_serial, _uint, _quantity, _uint, _new_serial, _id),
    kinds.UNIT_ADDRESS: (_id, _uint),
    kinds.CRADLE_REFUSED: (_uint, _id, _id, _id),
    kinds.SEAL: (_uint, _uint),
}
# what came with the whole cabinet, after the fields above: earlier firmware ends before it
LATER: dict[int, _Fields] = {
    kinds.REMOVE: (_uint, _text, _COUNTED),
    kinds.RETURN: (_CODE, *_LOT, _COUNTED),
    kinds.REFILL: (_CODE, _COUNTED),
    kinds.COUNT: _ACCESSOR,
}


def fault(entry: Entry, *, pharmacy: bool = False) -> str | None:
    """Why no station (or, with `pharmacy`, no pharmacy's computer) can have written this entry, whose fields have the
    right types; None if one can."""
    if entry.kind >= CENTRES_OWN or entry.kind in (CABINETS_OWN if pharmacy else PHARMACYS_OWN):
        return f"kind {entry.kind} is not for {'the pharmacy' if pharmacy else 'a cabinet'} to write"
    if not _fits(entry):
        return f"ext is not that of kind {entry.kind}"
    if not in_range((entry.boot, entry.utc_ms, entry.mono_ms, entry.tq, entry.kind, entry.txn)):
        return "a number is negative or too large"
    if not all(value is None or abs(value) < QUANTITY_LIMIT for value in (entry.before, entry.change, entry.after)):
        return "a quantity is too large"
    if not all(text is None or _id(text) for text in _texts(entry)):
        return "a text with a NUL"
    return None if entry.kind != kinds.COMMAND or _body_fits(entry.ext) else "a body that is none of its command"


def _fits(entry: Entry) -> bool:
    """Has ext all that its kind must have, each as it must be? What follows it is newer firmware's."""
    must = EXT.get(entry.kind, ())
    may = (*must, *LATER.get(entry.kind, ()))
    return len(entry.ext) >= len(must) and all(known(value) for known, value in zip(may, entry.ext, strict=False))


def in_range(values: Iterable[int]) -> bool:
    """Are all of these numbers that the database can hold, and add to a little?"""
    return all(0 <= value < LIMIT for value in values)


def _texts(entry: Entry) -> tuple[str | None, ...]:
    return entry.actor, entry.witness, entry.item, entry.place, entry.patient, entry.order


def _body_fits(ext: list[Any]) -> bool:
    """The body of what was applied, where the fold reads it; any other body is nobody's to read."""
    fits = _BODIES.get(ext[1]) if ext[2] == 0 else None
    return fits is None or fits(ext[3] if len(ext) > 3 else [])


def _levels_fit(body: Any) -> bool:
    """[place, min, max, place, min, max ...]."""
    if type(body) is not list or len(body) % 3:
        return True
    return all(_id(place) for place in body[::3]) and all(_uint(level) for level in [*body[1::3], *body[2::3]])


def _end_fits(body: Any) -> bool:
    """[until_utc_ms]: such a command has always had one."""
    return type(body) is list and len(body) > 0 and _uint(body[0])


_BODIES: dict[int, Callable[[Any], bool]] = {
    messages.COMMAND_PAR: _levels_fit,
    messages.COMMAND_CRITICAL_OVERRIDE: _end_fits,
}
