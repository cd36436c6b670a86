"""What a cabinet is made of, as data: `hardware/planograms/NAME.toml`, published as docs/schemas/planogram.json."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from firmware.storage import types

FOLDER = Path(__file__).resolve().parents[2] / "hardware" / "planograms"
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "planogram.json"
# in place of a planogram's name: all drawers of the board are matrix drawers
NONE = "none"
NUMBERS = {
    "matrix": types.MATRIX,
    "lidded": types.LIDDED,
    "single": types.SINGLE,
    "tower": types.TOWER,
    "fridge": types.FRIDGE,
    "shelf": types.SHELF,
    "coil": types.COIL,
    "bin": types.BIN,
}

Storage = Literal["matrix", "lidded", "single", "tower", "fridge", "shelf", "coil", "bin"]
Units = Annotated[int, Field(ge=1, le=9999)]


class BadPlanogram(ValueError):
    """The planogram can not be used; the text names the file and what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Drawer(_Part):
    """One drawer, door, shelf, dispenser or bin: how many units fit into pocket 1, 2, 3 ..."""

    drawer: Annotated[int, Field(ge=1, le=16)]
    type: Storage
    capacities: Annotated[tuple[Units, ...], Field(min_length=1, max_length=255)]

    @model_validator(mode="after")
    def _bin_is_one(self) -> "Drawer":
        if self.type == "bin" and len(self.capacities) != 1:
            raise ValueError(f"return bin {self.drawer} has one pocket")
        return self


class Planogram(_Part):
    """One planogram file."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    title: Annotated[str, Field(min_length=1, max_length=64)]
    drawer: Annotated[tuple[Drawer, ...], Field(min_length=1, max_length=16)]

    @model_validator(mode="after")
    def _is_one_cabinet(self) -> "Planogram":
        numbers = [d.drawer for d in self.drawer]
        if len(set(numbers)) != len(numbers):
            raise ValueError("a drawer is there twice")
        if sum(len(d.capacities) for d in self.drawer) > 500:
            raise ValueError("more than 500 pockets")
        if sum(d.type == "bin" for d in self.drawer) > 1:
            raise ValueError("more than one return bin")
        return self


def read(name: str) -> Planogram:
    """The planogram called `name`; raises BadPlanogram, also when there is none."""
    file = FOLDER / f"{name}.toml"
    try:
        return Planogram.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise BadPlanogram(f"no planogram {name}: there are {', '.join(names())}") from None
    except (ValueError, RecursionError) as error:
        raise BadPlanogram(f"{file.name} is not right: {error}") from None


def names() -> list[str]:
    """All shipped planograms."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def schema_text(model: type[BaseModel]) -> str:
    """The JSON schema of `model` as a file."""
    return json.dumps(model.model_json_schema(), indent=2) + "\n"


def schema() -> str:
    """The text of docs/schemas/planogram.json."""
    return schema_text(Planogram)
