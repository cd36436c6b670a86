"""Where a patient is: the stays of one admission, and the ADT events that tell of them."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from simulator.hospital.events import Event


@dataclass(frozen=True)
class Stay:
    """A patient in `ward` from `in_ms` until the next stay or the discharge; "" is a ward nobody wrote down."""

    ward: str
    in_ms: int


@dataclass(frozen=True)
class Admission:
    """One admission: stays in the order of time, at least one, and the discharge."""

    patient: str
    name: str
    stays: tuple[Stay, ...]
    out_ms: int

    def _index(self, at_ms: int) -> int:
        return bisect_right(self.stays, at_ms, key=lambda stay: stay.in_ms) - 1

    def stay_at(self, at_ms: int) -> Stay | None:
        """The stay of `at_ms`, None before the admission and from the discharge on."""
        index = self._index(at_ms)
        return self.stays[index] if index >= 0 and at_ms < self.out_ms else None

    def leaves_ms(self, at_ms: int) -> int:
        """When the stay of `at_ms` ends."""
        rest = self.stays[self._index(at_ms) + 1 :]
        return rest[0].in_ms if rest else self.out_ms

    @property
    def in_ms(self) -> int:
        """When the first stay begins."""
        return self.stays[0].in_ms


def adt_events(admission: Admission) -> list[Event]:
    """A01, an A02 for each change of ward, A03 (docs/wire.md section 5), each sent at its own time."""
    steps = [("A01", "", admission.stays[0])]
    for before, stay in zip(admission.stays, admission.stays[1:], strict=False):
        if stay.ward != before.ward:
            steps.append(("A02", before.ward, stay))
    last = admission.stays[-1].ward
    steps.append(("A03", last, Stay(last, admission.out_ms)))
    return [(stay.in_ms, _adt(admission, n, event, old, stay)) for n, (event, old, stay) in enumerate(steps, 1)]


def _adt(admission: Admission, number: int, event: str, from_ward: str, stay: Stay) -> dict[str, Any]:
    return {
        "type": "adt",
        "id": f"adt-{admission.patient}-{number}",
        "utc_ms": stay.in_ms,
        "event": event,
        "patient": admission.patient,
        "name": admission.name,
        "ward": stay.ward,
        "from_ward": from_ward,
    }
