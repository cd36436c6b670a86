"""What the hospital says at a moment: is there an order, and who is where? Pure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from simulator.hospital.clocktime import MINUTE_MS
from simulator.hospital.events import Event
from simulator.hospital.visits import VISIT_MS, Removal

# people may have to wait in front of a cabinet
WAIT_MS = 15 * MINUTE_MS


class Sayings:
    """The hospital's events by patient."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._orders: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        self._wards: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._known: set[tuple[str, str]] = set()
        for at_ms, event in events:
            if event["type"] == "adt":
                self._wards[event["patient"]].append((at_ms, "" if event["event"] == "A03" else event["ward"]))
                continue
            self._known.add((event["patient"], event["item"]))
            if event["type"] == "order":
                self._orders[event["patient"], event["item"]].append((at_ms, event))
        for moves in self._wards.values():
            moves.sort()

    def covers(self, removal: Removal) -> bool:
        """Will the cabinet have an order for it, though she comes a little earlier or later?"""
        from_ms, to_ms = removal.at_ms - VISIT_MS, removal.at_ms + WAIT_MS
        return any(
            removal.order in ("", event["order"])
            and sent_ms <= from_ms
            and event["start_utc_ms"] <= from_ms
            and (event["stop_utc_ms"] is None or event["stop_utc_ms"] >= to_ms)
            for sent_ms, event in self._orders[removal.patient, removal.item]
        )

    def knows(self, patient: str, item: str) -> bool:
        """Was it ever ordered or charted for her?"""
        return (patient, item) in self._known

    def stays(self, patient: str, ward: str, from_ms: int, to_ms: int) -> bool:
        """Is she on the ward all that time?"""
        moves = self._wards[patient]
        first, last = (bisect_right(moves, (at_ms, "\uffff")) for at_ms in (from_ms, to_ms))
        return first == last > 0 and moves[first - 1][1] == ward
