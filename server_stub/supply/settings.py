"""Settings of picking as entries carry them: for how many hours after its pick a label is good (kind 215, from
`site.toml`), and what is reported of checks (kind 57, from PROCAR.INI; P98, P101)."""

from collections.abc import Mapping

from firmware.journal import kinds
from server_stub.ledger.numbers import whole
from server_stub.ledger.record import Entry
from server_stub.ledger.sign import CENTRE

LABEL_HOURS = "label_hours"
DEFAULT_HOURS = 72
LONGEST_HOURS = 14 * 24
CHECK_REPORTING, REPORT_UNCHECKED = "check_reporting", "report_not_checked_but_delivered"


def hours(text: str) -> int | None:
    """The hours an entry sets; None if it sets nothing."""
    return whole(text, LONGEST_HOURS)


def said(entry: Entry) -> Mapping[str, int]:
    """The settings that an entry makes, by name; none if it makes none."""
    if entry.kind == kinds.PICKING_RULES:
        return dict(zip((CHECK_REPORTING, REPORT_UNCHECKED), entry.ext, strict=False))
    if entry.kind == kinds.OPERATOR and entry.actor == CENTRE and entry.ext[0] == LABEL_HOURS:
        found = hours(entry.ext[1])
        return {} if found is None else {LABEL_HOURS: found}
    return {}
