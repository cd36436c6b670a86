"""Orders: pharmacy rows with their main prescription, found by pharmacy_id or, for doses not given, by poe_id."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simulator.hospital.mimic.loader import Row

CABINET = "omnicell"
DAY_MINUTES = 1440


@dataclass(frozen=True)
class Order:
    """One pharmacy row; `prescription` is its first MAIN row, None if there is none."""

    row: Row
    prescription: Row | None

    @property
    def order(self) -> str:
        """Its id: the pharmacy_id."""
        return str(self.row["pharmacy_id"])

    @property
    def from_cabinet(self) -> bool:
        """Whether the pharmacy lets a cabinet dispense it."""
        return str(self.row["dispensation"]).lower() == CABINET

    @property
    def entered_ms(self) -> int | None:
        """When it could be known at the ward: verified, else entered, else started."""
        known: int | None = self.row["verifiedtime"] or self.row["entertime"] or self.row["starttime"]
        return known

    @property
    def as_needed(self) -> bool:
        """Whether it is given as needed (`PRN` in its frequency)."""
        return "PRN" in str(self.row["frequency"]).upper()

    @property
    def interval_minutes(self) -> int:
        """Minutes from one dose to the next; 0 for a single one, one as needed, or if nobody wrote it down."""
        doses = str(self.row["doses_per_24_hrs"]).split(".")[0]
        once = self.as_needed or re.search(r"ONCE|X1", str(self.row["frequency"]).upper())
        return DAY_MINUTES // int(doses) if doses.isdigit() and int(doses) and not once else 0

    def covers(self, at_ms: int) -> bool:
        """Whether `at_ms` is between its start and its stop."""
        start, stop = self.row["starttime"], self.row["stoptime"]
        return (start is None or start <= at_ms) and (stop is None or at_ms <= stop)


class Orders:
    """All orders of the records."""

    def __init__(self, pharmacy: Iterable[Row], prescriptions: Iterable[Row]) -> None:
        main: dict[str, Row] = {}
        for row in prescriptions:
            if row["drug_type"] == "MAIN":
                main.setdefault(row["pharmacy_id"], row)
        self._by_id = {row["pharmacy_id"]: Order(row, main.get(row["pharmacy_id"])) for row in pharmacy}
        self._by_poe: dict[str, list[Order]] = {}
        for order in self._by_id.values():
            if order.row["poe_id"]:
                self._by_poe.setdefault(order.row["poe_id"], []).append(order)

    def __iter__(self) -> Iterator[Order]:
        return iter(self._by_id.values())

    def of(self, record: Row) -> Order | None:
        """The order of an emar row: the one it names, else the latest of its provider order that covers its time."""
        named = self._by_id.get(record["pharmacy_id"])
        if named:
            return named
        found = self._by_poe.get(record["poe_id"], [])
        return max(found, key=lambda o: (o.covers(record["charttime"]), o.row["starttime"] or 0), default=None)
