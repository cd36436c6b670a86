"""Boards a controller can run on, as data: `hardware/boards/NAME.toml` (pins, wiring, timings), published as
docs/schemas/board.json."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from firmware.storage import types
from server_stub.site import planograms
from server_stub.site.planograms import NUMBERS, Planogram, schema_text

FOLDER = Path(__file__).resolve().parents[2] / "hardware" / "boards"
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "board.json"
EXPANDER_BITS = 16

Bit = Annotated[int, Field(ge=0, le=15)]
Address = Annotated[int, Field(ge=0x08, le=0x77)]


class DoesNotFit(ValueError):
    """The board has not what the planogram needs; the text names drawer and part."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Timings(_Part):
    """How long each thing may take, milliseconds."""

    release_ms: int
    ajar_ms: int
    confirm_ms: int
    idle_ms: int
    latch_ms: int


class Drawer(_Part):
    """The expander bits of one drawer."""

    drawer: Annotated[int, Field(ge=1, le=16)]
    lock: Bit
    switch: Bit
    latch: Bit


class Inside(_Part):
    """A pair of expanders for what is inside drawers: lids and motors out, lid switches, buttons and drops in."""

    outputs: Address
    inputs: Address


class Wiring(_Part):
    """Addresses of the thermometers, in the order the fridges get them."""

    thermometers: tuple[Address, ...] = ()


class Board(_Part):
    """One board file. `fitted` and `pins` are numbers by name (docs/interfaces.md, controller.cbor)."""

    firmware_port: str
    ring_sectors: Annotated[int, Field(gt=0)]
    timings: Timings
    drawer: tuple[Drawer, ...]
    inside: tuple[Inside, ...] = ()
    wiring: Wiring = Wiring()
    fitted: dict[str, int] = {}
    pins: dict[str, int] = {}

    def hardware(self) -> list[list[str | int]]:
        """The ninth field of controller.cbor: [name, number] of all that is fitted, then of the pins."""
        fitted: list[list[str | int]] = [[name, value] for name, value in sorted(self.fitted.items())]
        return fitted + [[f"pin_{name}", value] for name, value in sorted(self.pins.items())]


def read(name: str) -> Board:
    """The board called `name`; FileNotFoundError if there is none."""
    return Board.model_validate(tomllib.loads((FOLDER / f"{name}.toml").read_text()))


def rows(board: Board, planogram: Planogram | None = None) -> list[list[int]]:
    """The `drawers` of controller.cbor: [drawer, lock, switch, latch, type, outputs, inputs, first bit] each, for the
    drawers of the planogram, or all of the board as matrix drawers. Raises DoesNotFit."""
    if planogram is None:
        return [[d.drawer, d.lock, d.switch, d.latch] for d in board.drawer]
    bits = {d.drawer: [d.drawer, d.lock, d.switch, d.latch] for d in board.drawer}
    inside, out = _Inside(board), []
    for drawer in planogram.drawer:
        if drawer.drawer not in bits:
            raise DoesNotFit(f"the board has no drawer {drawer.drawer}: renumber it in {planogram.name}.toml")
        kind = NUMBERS[drawer.type]
        out.append([*bits[drawer.drawer], kind, *inside.take(drawer.drawer, kind, len(drawer.capacities))])
    return out


class _Inside:
    """Hands out bits and thermometers in the order of the drawers."""

    def __init__(self, board: Board) -> None:
        self._pairs = [(pair, [0]) for pair in board.inside]
        self._thermometers = list(board.wiring.thermometers)

    def take(self, drawer: int, kind: int, pockets: int) -> list[int]:
        """[address of outputs, address of inputs, bit of pocket 1]; 0 is none."""
        if kind == types.FRIDGE:
            if not self._thermometers:
                raise DoesNotFit(f"no thermometer is left for fridge {drawer}")
            return [0, self._thermometers.pop(0), 0]
        needed = types.inside_bits(kind, pockets)
        if not needed:
            return [0, 0, 0]
        for pair, used in self._pairs:
            if used[0] + needed <= EXPANDER_BITS:
                used[0] += needed
                return [pair.outputs if kind in types.WITH_OUTPUTS else 0, pair.inputs, used[0] - needed]
        raise DoesNotFit(f"no expander has {needed} bits left for drawer {drawer}")


def schema() -> str:
    """The text of docs/schemas/board.json."""
    return schema_text(Board)


def main() -> None:
    """Write the schemas of boards and planograms."""
    for file, text in ((SCHEMA, schema()), (planograms.SCHEMA, planograms.schema())):
        file.write_text(text, encoding="utf-8")
        print(f"wrote {file.name}")


if __name__ == "__main__":
    main()
