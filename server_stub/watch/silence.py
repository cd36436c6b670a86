"""Which stations have gone silent. Pure; times are milliseconds since some moment, by a clock that is never set."""

from collections.abc import Iterable

SILENT_MS = 180_000


class Silence:
    """Remembers when each station was last heard; a station never heard is not yet missed."""

    def __init__(self, silent_ms: int = SILENT_MS) -> None:
        self._silent_ms = silent_ms
        self._heard: dict[str, int] = {}
        self._missing: set[str] = set()

    def expect(self, station: str, now_ms: int, *, missing: bool = False) -> None:
        """After a restart: this station was heard in an earlier run, and was `missing` then or not."""
        self._heard.setdefault(station, now_ms)
        if missing:
            self._missing.add(station)

    def heard(self, station: str, now_ms: int) -> bool:
        """The station spoke; True if it was missing until now."""
        self._heard[station] = now_ms
        was_missing = station in self._missing
        self._missing.discard(station)
        return was_missing

    def late(self, now_ms: int) -> list[str]:
        """Stations that have become silent; each time, until `missed` is told."""
        return [s for s, at in self._heard.items() if now_ms - at >= self._silent_ms and s not in self._missing]

    def missed(self, stations: Iterable[str]) -> None:
        """The alarm for these is durable: they are missing from now on."""
        self._missing.update(stations)
