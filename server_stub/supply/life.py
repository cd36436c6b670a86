"""The life of a pick label (P35-P44, P96-P101): one table of transitions, read by the fold and by docs/pick-labels.md.

What happened is brought into the order of its own times before it is walked, so the order of arrival changes nothing.
"""

from firmware.journal import kinds

NEW, PICKED, CHECKED_OK, DELIVERED, SUPERSEDED, VOID = "NEW", "PICKED", "CHECKED_OK", "DELIVERED", "SUPERSEDED", "VOID"
STATES = (NEW, PICKED, CHECKED_OK, DELIVERED, SUPERSEDED, VOID)
OPEN = (PICKED, CHECKED_OK)
# what a package is picked for
LOAD, REFILL = "L", "R"

# what happens to a package: `issued` starts the label that a corrected quantity printed
PICK, ISSUED, PASSED, CORRECTED, REJECTED, PUT_AWAY = "pick", "issued", "passed", "corrected", "rejected", "put_away"

# from, what happens, to: anything else changes nothing and is a finding
TRANSITIONS = (
    (NEW, PICK, PICKED),
    (NEW, ISSUED, CHECKED_OK),
    (PICKED, PASSED, CHECKED_OK),
    (PICKED, CORRECTED, SUPERSEDED),
    (PICKED, REJECTED, VOID),
    (PICKED, PUT_AWAY, DELIVERED),
    (CHECKED_OK, PASSED, CHECKED_OK),
    (CHECKED_OK, CORRECTED, SUPERSEDED),
    (CHECKED_OK, REJECTED, VOID),
    (CHECKED_OK, PUT_AWAY, DELIVERED),
)
_NEXT = {(source, event): target for source, event, target in TRANSITIONS}

# results of a check (P37) by number; all but the first two void the label
RESULTS = ("OK", "QTY", "WRONG_ITEM", "WRONG_STRENGTH", "WRONG_DOSE_FORM", "PACKAGING", "EXPIRED", "UNFIT", "LABEL")
_OK, _QTY = 0, 1

# findings for a person
NONE = 0
NOT_PICKED, PICKED_TWICE, STILL_OPEN, DELIVERED_TWICE, DELIVERED_VOID, DELIVERED_OLD = 1, 2, 3, 4, 5, 6
CHECKED_LATE, CHECKED_CLOSED, NO_NEW_LABEL, OTHER_STATION, OTHER_ITEM, BY_PICKER, OTHER_QUANTITY = range(7, 14)
FINDINGS = {
    NOT_PICKED: "of a label that nobody has picked, as far as the centre knows",
    PICKED_TWICE: "another pick under the same number at the same moment",
    STILL_OPEN: "picked under a number that was still open: neither package goes anywhere by it",
    DELIVERED_TWICE: "delivered a second time",
    DELIVERED_VOID: "delivered although a check had voided it",
    DELIVERED_OLD: "delivered by the label that a corrected one had replaced",
    CHECKED_LATE: "checked after it was delivered",
    CHECKED_CLOSED: "checked after an earlier check had closed it",
    NO_NEW_LABEL: "a corrected quantity without a corrected label",
    OTHER_STATION: "delivered at another station than it was picked for",
    OTHER_ITEM: "of another item than was picked",
    BY_PICKER: "checked by the person who picked it",
    OTHER_QUANTITY: "another quantity delivered than was picked",
}


def after(state: str, event: str) -> str | None:
    """The state that follows; None if this can not happen in `state`."""
    return _NEXT.get((state, event))


def event_of(kind: int, result: int) -> str:
    """What an entry of kind 49 or 51 does; `result` is that of a check."""
    if kind == kinds.DELIVERED:
        return PUT_AWAY
    return {_OK: PASSED, _QTY: CORRECTED}.get(result, REJECTED)
