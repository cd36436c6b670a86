"""What the centre tells the people at the kiosk: alerts about removals until they are over, changed PAR levels and why.

A bounded list in memory (docs/wire.md, Notices); nothing depends on it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ALERT, PAR = 1, 3
ALERTS = 100
PARS = 512


@dataclass(frozen=True)
class Alert:
    """An alert about the removal with entry number `seq`; `patient` is `""` where the outbox no longer tells."""

    utc_ms: int
    seq: int
    facet: int
    code: int
    user: str
    item: str
    patient: str

    def row(self) -> list[Any]:
        """As on the wire: [utc_ms, kind, body]."""
        return [self.utc_ms, ALERT, [self.seq, self.facet, self.code, self.user, self.item]]


@dataclass(frozen=True)
class Par:
    """New levels of a place, in smallest units, and why."""

    utc_ms: int
    place: str
    min: int
    max: int
    reason: str

    def row(self) -> list[Any]:
        """As on the wire: [utc_ms, kind, body]."""
        return [self.utc_ms, PAR, [self.place, self.min, self.max, self.reason]]


class Notices:
    """What stands now: one alert for each facet of a removal, one change for each place; the oldest make room."""

    def __init__(self) -> None:
        self._alerts: dict[tuple[int, int], Alert] = {}
        self._pars: dict[str, Par] = {}

    def take(self, utc_ms: int, kind: int, body: list[Any], patient_of: Callable[[int], str]) -> bool:
        """One notice, verified; `patient_of` names the patient of a removal. False if it is none of the contract's."""
        match kind, body:
            case 1, [int(seq), int(facet), int(code), str(user), str(item)]:
                new = Alert(utc_ms, seq, facet, code, user, item, patient_of(seq))
                _put(self._alerts, (seq, facet), new, ALERTS)
            case 2, [int(seq), int(facet), str()]:
                self._alerts.pop((seq, facet), None)
            case 3, [str(place), int(low), int(high), str(reason)]:
                _put(self._pars, place, Par(utc_ms, place, low, high, reason), PARS)
            case _:
                return False
        return True

    def alerts_of(self, user: str | None) -> list[Alert]:
        """Open alerts about this user's removals, the newest first."""
        return [alert for alert in reversed(self._alerts.values()) if user and alert.user == user]

    def par_of(self, place: str) -> Par | None:
        """The last change of a place's levels, as far as it was told here."""
        return self._pars.get(place)

    def rows(self) -> list[list[Any]]:
        """Everything that stands, the oldest first."""
        rows = [alert.row() for alert in self._alerts.values()] + [par.row() for par in self._pars.values()]
        return sorted(rows, key=lambda row: int(row[0]))


def _put(held: dict[Any, Any], key: Any, value: Alert | Par, limit: int) -> None:
    held.pop(key, None)
    held[key] = value
    if len(held) > limit:
        del held[next(iter(held))]
