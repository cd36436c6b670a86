"""The setting of picking as entries of kind 215 carry it: for how many hours after its pick a label is good."""

from server_stub.ledger.numbers import whole

LABEL_HOURS = "label_hours"
DEFAULT_HOURS = 72
LONGEST_HOURS = 14 * 24


def hours(text: str) -> int | None:
    """The hours an entry sets; None if it sets nothing."""
    return whole(text, LONGEST_HOURS)
