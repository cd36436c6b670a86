"""The setting of verification as entries of kind 215 carry it: the minutes there are for charting a removal."""

from server_stub.ledger.numbers import whole

MINUTES = "documentation_minutes"
DEFAULT_MINUTES = 60
LONGEST_MINUTES = 7 * 24 * 60


def minutes(text: str) -> int | None:
    """The minutes an entry sets; None if it sets nothing (no whole number from 1 to LONGEST_MINUTES)."""
    return whole(text, LONGEST_MINUTES)
