"""Boards a controller can run on, as data: `hardware/boards/NAME.toml` (pins and timings)."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).resolve().parents[2] / "hardware" / "boards"

Bit = Annotated[int, Field(ge=0, le=15)]


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


class Board(_Part):
    """One board file."""

    firmware_port: str
    ring_sectors: Annotated[int, Field(gt=0)]
    timings: Timings
    drawer: tuple[Drawer, ...]


def read(name: str) -> Board:
    """The board called `name`; FileNotFoundError if there is none."""
    return Board.model_validate(tomllib.loads((FOLDER / f"{name}.toml").read_text()))
