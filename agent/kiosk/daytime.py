"""Times of day as people enter them."""

import re

DAY_MS = 86_400_000
MINUTE_MS = 60_000
_TIME = re.compile(r"([01]?\d|2[0-3]):?([0-5]\d)")


def nearest_utc_ms(text: str, now_ms: int) -> int:
    """The moment called `text` (`HH:MM` or `HHMM`, UTC) nearest to `now_ms`; ValueError says what to enter (P7)."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text} is no time of day. Enter it as 14:05, or leave it empty.")
    minutes = int(match[1]) * 60 + int(match[2])
    same_day = now_ms - now_ms % DAY_MS + minutes * MINUTE_MS
    return min((same_day + shift for shift in (-DAY_MS, 0, DAY_MS)), key=lambda utc_ms: abs(utc_ms - now_ms))
