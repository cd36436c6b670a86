"""Time of a unit: the hospital's, as hosts tell it (P50), and how old a list is (P51)."""

from datetime import datetime, timedelta

_PIVOT = 70
# between the centre's clock, which dates a list, and the host's, which tells the time
_DIFFERENCE_MS = 5 * 60_000
# TIME has whole seconds: it may have been almost the next one
_SECOND_MS = 1000


def read(time12: str) -> datetime:
    """MMDDYYHHMMSS, years from 70 on are 19xx (RD-P18); ValueError if there is no such time."""
    if len(time12) != 12 or not (time12.isascii() and time12.isdigit()):
        raise ValueError("a time is 12 digits")
    month, day, year, hour, minute, second = (int(time12[at : at + 2]) for at in range(0, 12, 2))
    return datetime(year + (1900 if year >= _PIVOT else 2000), month, day, hour, minute, second)


def written(at: datetime) -> str:
    """The same as MMDDYYHHMMSS."""
    return at.strftime("%m%d%y%H%M%S")


class Clock:
    """Runs on with the unit's monotonic clock from what a host said last."""

    def __init__(self) -> None:
        self._told: tuple[datetime, int] | None = None

    def tell(self, time12: str, now_ms: int) -> None:
        """A host says the time; one that does not exist is passed over."""
        try:
            self._told = read(time12), now_ms
        except ValueError:
            return

    def now(self, now_ms: int) -> datetime | None:
        """The hospital's time; None before any host has said it."""
        if self._told is None:
            return None
        told, at_ms = self._told
        return told + timedelta(milliseconds=now_ms - at_ms)


class Age:
    """How old the list is, counted on the monotonic clock from its as-of time (RD-P10): once it was so old it never
    becomes younger, whatever a clock on the wall says."""

    def __init__(self, snapshot: str = "", born_ms: int | None = None) -> None:
        self.snapshot = snapshot
        # None: nobody knows, which is too old
        self.born_ms = born_ms

    def came(self, snapshot: str, as_of: datetime, told: datetime | None, now_ms: int) -> None:
        """A list of this snapshot has come; `told` is the host's time."""
        born_ms = _born_ms(as_of, told, now_ms)
        if snapshot == self.snapshot and (self.born_ms is None or born_ms is None or self.born_ms < born_ms):
            # the same data again: a clock set back in between does not make it younger
            born_ms = self.born_ms
        self.snapshot, self.born_ms = snapshot, born_ms

    def age_ms(self, now_ms: int) -> int | None:
        """None: nobody knows."""
        return None if self.born_ms is None else now_ms - self.born_ms


def _born_ms(as_of: datetime, told: datetime | None, now_ms: int) -> int | None:
    if told is None:
        return None
    age_ms = int((told - as_of) / timedelta(milliseconds=1)) + _SECOND_MS
    return None if age_ms < -_DIFFERENCE_MS else now_ms - max(0, age_ms)
