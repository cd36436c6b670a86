"""What the pharmacy has set up, as the text says it: cabinet, drugs, pockets, people, patients, orders, rules."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from firmware import issue, schema
from firmware.journal import kinds
from firmware.session import pin_hash
from firmware.wire import cbor, messages
from server_stub.site import boards, planograms
from tests.scenarios.language import BadScenario
from tests.scenarios.panel import FIRMWARE, KEY, LOG, STATION

BOARD = "linux-bus"
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

    drawers: dict[int, str] = field(default_factory=dict)  # number -> storage type
    rows: dict[str, dict[str, list[Any]]] = field(
        default_factory=lambda: {table.name: {} for table in schema.REFERENCE}
    )
    sectors: int = 64
    board: str = BOARD
    planogram: planograms.Planogram | None = None  # a shipped one, instead of `drawers`

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

    def storage(self, drawer: int) -> str:
        """The storage type of a drawer, as hardware/planograms has it."""
        return next(d.type for d in self.layout().drawer if d.drawer == drawer)

    def wiring(self) -> list[list[int]]:
        """The drawers as the board has them wired."""
        return boards.rows(boards.read(self.board), self.layout())

    def layout(self) -> planograms.Planogram:
        """A shipped planogram, or one of the drawers the text names."""
        if self.planogram:
            return self.planogram
        drawers = [
            {"drawer": number, "type": kind, "capacities": [1] * self._pockets(number, kind)}
            for number, kind in sorted(self.drawers.items())
        ]
        return planograms.Planogram.model_validate({"name": "scenario", "title": "A scenario", "drawer": drawers})

    def _pockets(self, drawer: int, kind: str) -> int:
        return 1 if kind == "bin" else max([row[2] for row in self.rows["pockets"].values() if row[1] == drawer] or [1])

    def write(self, folder: Path) -> None:
        """What provisioning leaves on the cabinet's computer."""
        board = boards.read(self.board)
        timings = list(board.timings.model_dump().values())
        config = [2, STATION, LOG, issue.keys_of(KEY), FIRMWARE, self.sectors, self.wiring(), timings, board.hardware()]
        (folder / "controller.cbor").write_bytes(cbor.encode(config))
        (folder / "ring.bin").write_bytes(issue.ring_start(KEY))

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
