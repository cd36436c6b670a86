"""What an entry counts as in the demo's results: one list for journals, outboxes and ledger."""

from collections.abc import Iterator, Sequence
from typing import Any

from firmware import codes
from firmware.journal import kinds
from firmware.requests.record import QTY

_OVERRIDE_REASON = 5

WASTES, RETURNS, RETURN_BIN, OVERRIDES = "wastes", "returns", "return_bin", "overrides"
COUNTS, DISCREPANCIES, JAMS, POWER_CUTS = "counts", "discrepancies", "jams", "power_cuts"
# where in an entry what `deeds` asks for is, docs/journal.md section 2
DEED_FIELDS = (3, 8, 14, 18)
PICKED, CHECKED, DELIVERED, VOIDED, SUPERSEDED = "picked", "checked", "delivered", "voided", "superseded"
DEEDS = (WASTES, RETURNS, RETURN_BIN, OVERRIDES, COUNTS, DISCREPANCIES, JAMS, POWER_CUTS)
# of the pharmacy's labels
LABELS = (PICKED, CHECKED, DELIVERED, VOIDED, SUPERSEDED)
_RESULT = 3
_PLAIN = {
    **{kinds.PICKED: PICKED, kinds.CHECKED: CHECKED, kinds.DELIVERED: DELIVERED},
    **{kinds.WASTE: WASTES, kinds.RETURN: RETURNS, kinds.RETURN_BIN: RETURN_BIN, kinds.COUNT: COUNTS},
}


def deeds(boot: int, kind: int, change: int | None, ext: Sequence[Any]) -> Iterator[str]:
    """The names of DEEDS and LABELS that an entry with these fields (docs/journal.md) counts as.

    A power cut is each boot after the first; a discrepancy is one found before something was taken or put, or a count
    that did not come out.
    """
    if kind in _PLAIN:
        yield _PLAIN[kind]
    if kind == kinds.CHECKED and ext[_RESULT]:
        yield SUPERSEDED if ext[_RESULT] == QTY else VOIDED
    if kind == kinds.DISCREPANCY or (kind == kinds.COUNT and change):
        yield DISCREPANCIES
    if kind == kinds.REMOVE and any(ext[_OVERRIDE_REASON:][:1]):
        yield OVERRIDES
    if kind == kinds.ALARM and ext[0] == codes.ALARM_JAMMED:
        yield JAMS
    if kind == kinds.BOOT and boot > 1:
        yield POWER_CUTS
