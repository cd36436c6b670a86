"""Where what stands on a label, as data: `hardware/labels/NAME.toml` and `hardware/labels/sheets/NAME.toml`."""

import tomllib
from itertools import combinations
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.labels.contents import KINDS, BadLabel

FOLDER = Path(__file__).resolve().parents[2] / "hardware" / "labels"
SHEETS = FOLDER / "sheets"
# of the print head (203 dpi); a bar is a whole number of dots wide
DOTS_MM = 8
_EDGE_MM = 1.0
# pages are placed to a hundredth of a point
_ROUNDING_MM = 0.01

Kind = Literal["bag", "shelf", "user", "pocket", "tote", "package"]
Mm = Annotated[float, Field(ge=0, le=500, multiple_of=1 / DOTS_MM)]
Size = tuple[Mm, Mm]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Box(_Part):
    at_mm: Size
    size_mm: Size

    def overlaps(self, other: "_Box") -> bool:
        """True if both cover the same spot."""
        sides = zip(self.at_mm, self.size_mm, other.at_mm, other.size_mm, strict=True)
        return all(at < beside + length and beside < at + size for at, size, beside, length in sides)

    def inside(self, size_mm: Size) -> bool:
        """True if it leaves the edge of a label free, where printers do not reach."""
        sides = zip(self.at_mm, self.size_mm, size_mm, strict=True)
        return all(at >= _EDGE_MM and at + length <= whole - _EDGE_MM for at, length, whole in sides)


class Code(_Box):
    """Place of the bar code with its quiet zone; a module is as wide as fits, of `module_dots` (widest first)."""

    symbology: Literal["code128", "gs1-datamatrix"]
    module_dots: Annotated[tuple[Annotated[int, Field(ge=2, le=8)], ...], Field(min_length=1)]


class Text(_Box):
    """A text with fields in braces, set as large as fits, of `points` (largest first); `reverse`: white on black."""

    text: Annotated[str, Field(min_length=1)]
    points: Annotated[tuple[Annotated[float, Field(ge=5, le=72)], ...], Field(min_length=1)]
    bold: bool = False
    reverse: bool = False


class Layout(_Part):
    """One file: a label of one kind."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    title: Annotated[str, Field(min_length=1, max_length=64)]
    kind: Kind
    size_mm: Size
    code: Code
    text: tuple[Text, ...]

    @model_validator(mode="after")
    def _fits(self) -> "Layout":
        boxes: tuple[_Box, ...] = (self.code, *self.text)
        if not all(box.inside(self.size_mm) for box in boxes):
            raise ValueError(f"something stands outside the label or less than {_EDGE_MM} mm from its edge")
        if any(one.overlaps(other) for one, other in combinations(boxes, 2)):
            raise ValueError("two parts cover the same spot")
        return self

    @model_validator(mode="after")
    def _knows_its_kind(self) -> "Layout":
        unknown = {name for part in self.text for _, name, _, _ in Formatter().parse(part.text) if name is not None}
        unknown -= set(KINDS[self.kind])
        if unknown:
            raise ValueError(f"a {self.kind} label has no field {sorted(unknown)[0]!r}")
        if (self.code.symbology == "gs1-datamatrix") != (self.kind == "package"):
            raise ValueError("packages carry GS1 DataMatrix, all others Code 128")
        return self


class Sheet(_Part):
    """A page of labels of one layout; `at_mm`: the first one, `step_mm`: from one to the next."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    title: Annotated[str, Field(min_length=1, max_length=64)]
    layout: str
    paper_mm: tuple[float, float]
    columns: Annotated[int, Field(ge=1, le=20)]
    rows: Annotated[int, Field(ge=1, le=50)]
    at_mm: tuple[float, float]
    step_mm: tuple[float, float]
    outline: bool

    def places_mm(self) -> list[tuple[float, float]]:
        """Where the labels of a page stand, row by row."""
        (x, y), (across, down) = self.at_mm, self.step_mm
        return [(x + column * across, y + row * down) for row in range(self.rows) for column in range(self.columns)]

    @model_validator(mode="after")
    def _fits(self) -> "Sheet":
        size = read(self.layout).size_mm
        if any(step < length for step, length in zip(self.step_mm, size, strict=True)):
            raise ValueError("the labels overlap")
        last = self.places_mm()[-1]
        if any(at + n > whole + _ROUNDING_MM for at, n, whole in zip(last, size, self.paper_mm, strict=True)):
            raise ValueError("the labels reach over the paper's edge")
        return self


_File = TypeVar("_File", Layout, Sheet)


def read(name: str) -> Layout:
    """The layout called `name`; raises BadLabel, also when there is none."""
    return _read(Layout, FOLDER, name)


def sheet(name: str) -> Sheet:
    """The sheet called `name`; raises BadLabel, also when there is none."""
    return _read(Sheet, SHEETS, name)


def names(folder: Path = FOLDER) -> list[str]:
    """All layouts (or sheets) that are there."""
    return sorted(file.stem for file in folder.glob("*.toml"))


def _read(form: type[_File], folder: Path, name: str) -> _File:
    if name not in names(folder):
        raise BadLabel(f"there is no {form.__name__.lower()} {name!r}: there are {', '.join(names(folder))}")
    file = folder / f"{name}.toml"
    try:
        return form.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise BadLabel(f"{file.name} is not right: {error}") from None
