"""Lots and expiries of what the pharmacy brings: the same for the same item and month. Pure."""

from zlib import crc32

MINUTE_MS = 60_000
MONTH_MIN = 30 * 24 * 60
DAY_MIN = 24 * 60
SHORT_DATED = 25


def lot_of(item: str, now_ms: int) -> tuple[str, int]:
    """(lot, expiry in minutes since 1970) of a package that the pharmacy has now, good for one to two years."""
    month, number = now_ms // MINUTE_MS // MONTH_MIN, crc32(item.encode())
    return f"{number % 10**5:05}{month % 1000:03}", (month + 12 + number % 12) * MONTH_MIN


def opening_lot(station: str, item: str, now_ms: int) -> tuple[str, int]:
    """As `lot_of`, of what is loaded first: of one item in SHORT_DATED it expires within a day."""
    if crc32(f"{station}/{item}".encode()) % SHORT_DATED:
        return lot_of(item, now_ms)
    return f"S{crc32(item.encode()) % 10**5:05}", (now_ms // MINUTE_MS // 60 + 24) * 60


def expires_soon(expiry_min: int, now_ms: int) -> bool:
    """Within a day, or already; 0 is no known expiry."""
    return 0 < expiry_min < now_ms // MINUTE_MS + DAY_MIN
