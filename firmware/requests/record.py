# RECORD: what the pharmacy's interface computer writes down in its own journal, docs/journal.md section 2, kinds 50 to
# 57. It has no drawers and nobody signs on there: a station with drawers takes none of these. s is the station.
from firmware import codes
from firmware.cradle import addresses
from firmware.journal import kinds
from firmware.schema import QUANTITY_MAX, is_id, is_uint
from firmware.wire import labels

# results of a check (P37), as numbers; QTY alone keeps the pick, under a new label (RD-P14)
RESULTS = ("OK", "QTY", "WRONG_ITEM", "WRONG_STRENGTH", "WRONG_DOSE_FORM", "PACKAGING", "EXPIRED", "UNFIT", "LABEL")
QTY = 1
ASSIGNED = 1
CLEARED = 2
RECORD_MAX = 200
_TIME_MAX = (1 << 62) - 1


# -> [seq], durable
def record(s, kind, actor, item, ext):
    if s.drawers:
        return codes.NOT_ALLOWED, []
    if kind not in _FITS or not _FITS[kind](actor, item, ext):
        return codes.BAD_REQUEST, []
    if not s.journal.opening_allowed:
        return codes.JOURNAL_FULL, []
    return codes.NONE, [s.note(kind, actor, item or None, ext=tuple(ext))]


# an item that a pick does not name is told by its label's check
def _picked(actor, item, ext):
    return actor != "" and _are(ext, (labels.is_serial, _is_time, _is_station, _is_some, _is_purpose, _is_address))


def _checked(actor, item, ext):
    if (
        actor == ""
        or item == ""
        or not _are(ext, (labels.is_serial, _is_time, _is_any, _is_result, _is_new, _is_address))
    ):
        return False
    return (ext[3] == QTY) == (ext[4] != "") and ext[4] != ext[0]


def _unit_address(actor, item, ext):
    return item == "" and _are(ext, (_is_address, _is_state)) and (actor != "" or ext[1] == ASSIGNED)


def _refused(actor, item, ext):
    return _are(ext, (_is_code, _is_maybe_address, _is_flag, _is_record))


def _rules(actor, item, ext):
    return actor == "" and item == "" and _are(ext, (_is_switch, _is_switch))


_FITS = {
    kinds.PICKED: _picked,
    kinds.CHECKED: _checked,
    kinds.UNIT_ADDRESS: _unit_address,
    kinds.CRADLE_REFUSED: _refused,
    kinds.PICKING_RULES: _rules,
}


def _are(ext, shapes):
    return len(ext) == len(shapes) and all(fits(value) for fits, value in zip(shapes, ext))


def _is_time(value):
    return is_uint(value) and value <= _TIME_MAX


def _is_station(value):
    return is_id(value, labels.STATION_MAX)


def _is_any(value):
    return is_uint(value) and value <= QUANTITY_MAX


def _is_some(value):
    return _is_any(value) and value > 0


def _is_purpose(value):
    return value in ("L", "R")


def _is_result(value):
    return is_uint(value) and value < len(RESULTS)


def _is_new(value):
    return value == "" or labels.is_serial(value)


def _is_address(value):
    return addresses.is_address(value)


def _is_maybe_address(value):
    return value == "" or addresses.is_address(value)


def _is_state(value):
    return is_uint(value) and value in (ASSIGNED, CLEARED)


def _is_switch(value):
    return is_uint(value) and value <= 1


def _is_code(value):
    return is_uint(value) and value <= 0xFFFF


def _is_flag(value):
    return isinstance(value, str) and len(value) == 1 and "A" <= value <= "Z"


def _is_record(value):
    return isinstance(value, str) and len(value) <= RECORD_MAX and all(" " <= char <= "~" for char in value)
