"""What the pharmacy has set up, as the text says it: cabinet, drugs, pockets, people, patients, orders, rules."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from firmware import schema
from firmware.journal import kinds
from firmware.session import pin_hash
from firmware.wire import cbor, messages
from tests.scenarios.language import BadScenario
from tests.scenarios.panel import FIRMWARE, KEY, LOG, STATION

TIMINGS = {"release_ms": 10_000, "ajar_ms": 60_000, "confirm_ms": 60_000, "idle_ms": 120_000, "latch_ms": 500}
MATRIX = 1
PIN, ROUNDS = "1234", 1
ALL_CLASSES = 0xFFFFFFFF
NURSE = (
    messages.ROLE_REMOVE | messages.ROLE_RETURN | messages.ROLE_WASTE | messages.ROLE_COUNT | messages.ROLE_OVERRIDE
    | messages.ROLE_WITNESS | messages.ROLE_RECOVER | messages.ROLE_PROVISIONAL
)  # fmt: skip
TECHNICIAN = (
    messages.ROLE_REFILL | messages.ROLE_COUNT | messages.ROLE_LOAD | messages.ROLE_OUTDATE | messages.ROLE_EMPTY_BIN
    | messages.ROLE_RECOVER | messages.ROLE_WITNESS
)  # fmt: skip
EVERYTHING = 0x1FFF
ROLES = {
    "nurse": NURSE,
    "charge nurse": NURSE | messages.ROLE_GRANT | messages.ROLE_EMPTY_BIN,
    "technician": TECHNICIAN,
    "pharmacist": EVERYTHING,
    "restricted nurse": NURSE | messages.ROLE_RESTRICTED,
    "visitor": 0,
}
PHARMACY = "Pharmacy"  # who stocks the cabinet before the story begins


@dataclass
class Site:
    """The tables of one station. Quantities of rows are smallest units."""

    drawers: dict[int, list[int]] = field(default_factory=dict)
    rows: dict[str, dict[str, list[Any]]] = field(
        default_factory=lambda: {table.name: {} for table in schema.REFERENCE}
    )
    sectors: int = 64
    timings: dict[str, int] = field(default_factory=lambda: dict(TIMINGS))

    def drawer(self, number: int, kind: int = MATRIX) -> None:
        bit = number - 1
        self.drawers[number] = [number, bit, bit, bit] if kind == MATRIX else [number, bit, bit, bit, kind]

    def item(self, item: str) -> list[Any]:
        if item not in self.rows["items"]:
            raise BadScenario(f"nobody said what {item} is")
        return self.rows["items"][item]

    def units(self, item: str, amount: Decimal) -> int:
        """Smallest units, exactly. An unknown drug has scale 1."""
        scaled = amount * (self.rows["items"][item][2] if item in self.rows["items"] else 1)
        if scaled != scaled.to_integral_value():
            raise BadScenario(f"{amount} is not a whole number of smallest units of {item}")
        return int(scaled)

    def item_at(self, place: str) -> str:
        row = self.rows["pockets"].get(place)
        return row[3] if row else ""

    def person(self, name: str, roles: int, pin: str = PIN) -> None:
        salt = name.encode()[:8].ljust(8, b"-")
        row = [badge(name), user(name), salt, pin_hash(salt, pin, ROUNDS), ROUNDS, roles, ALL_CLASSES]
        self.rows["users"][badge(name)] = row

    def write(self, folder: Path) -> None:
        """What provisioning leaves on the cabinet's computer."""
        drawers = [self.drawers[number] for number in sorted(self.drawers)]
        timings = [self.timings[name] for name in TIMINGS]
        config = [1, STATION, LOG, KEY, FIRMWARE, self.sectors, drawers, timings]
        (folder / "controller.cbor").write_bytes(cbor.encode(config))

    def snapshot(self) -> dict[str, list[list[Any]]]:
        """Table -> rows, in the order they have to come in."""
        return {table: list(rows.values()) for table, rows in self.rows.items()}


def user(name: str) -> str:
    return name.lower()


def badge(name: str) -> str:
    return f"badge-{name.lower()}"


PURPOSES = {
    name.removeprefix("PURPOSE_").lower().replace("_", " "): value
    for name, value in vars(kinds).items()
    if name.startswith("PURPOSE_")
}
