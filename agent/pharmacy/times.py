"""TIME of the handhelds' line and records: MMDDYYHHMMSS, local time (RD-P18). The ledger keeps UTC."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from agent.cradle.line import time12

# years below it are of this century
_PIVOT = 70
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def said(utc_ms: int, zone: tzinfo | None) -> str:
    """The twelve digits of a moment; `zone` None is this computer's."""
    return time12((_EPOCH + timedelta(milliseconds=utc_ms)).astimezone(zone))


def read(text: str, zone: tzinfo | None) -> int:
    """The moment (UTC ms) of twelve digits; of an hour that comes twice, the first. ValueError for no moment."""
    if not re.fullmatch(r"[0-9]{12}", text):
        raise ValueError("a time is 12 digits")
    month, day, year, hour, minute, second = (int(text[at : at + 2]) for at in range(0, 12, 2))
    local = datetime(year + (1900 if year >= _PIVOT else 2000), month, day, hour, minute, second, tzinfo=zone)
    return (local.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
