"""Rows of the tables a site gives its stations: checked before they are issued (docs/wire.md section 3)."""

from collections.abc import Collection
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from firmware import codes
from server_stub.integration.events import Id, Quantity, Words
from server_stub.integration.roster import Rows
from server_stub.site.config import Area

ALL_CLASSES = 2**32 - 1

_Uint = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
_Place = Annotated[str, Field(pattern=r"^D\d\d-P\d\d\d?$")]
_Small = Annotated[int, Field(strict=True, ge=1, le=255)]
_Hex8 = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
_Hex16 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]

_Flags = Annotated[int, Field(strict=True, ge=0, lt=2**16)]
_Bits = Annotated[int, Field(strict=True, ge=0, lt=2**32)]
_Number = Annotated[int, Field(strict=True, ge=1, le=255)]
_Line = Annotated[str, Field(min_length=1, max_length=200)]
_Code = Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]


class _Items(NamedTuple):
    item: Id
    schedule: Annotated[int, Field(strict=True, ge=0, le=5)]
    scale: Annotated[int, Field(strict=True, ge=1, lt=2**31)]
    flags: _Flags
    item_class: Annotated[int, Field(strict=True, ge=0, le=31)] = 0
    prompt: Annotated[int, Field(strict=True, ge=0, le=255)] = 0


class _Pockets(NamedTuple):
    place: _Place
    drawer: _Small
    pocket: _Small
    item: Id
    min: Quantity
    max: Quantity
    capacity: Quantity


class _Users(NamedTuple):
    badge: Id
    user: Id
    salt: _Hex8
    pin_hash: _Hex16
    rounds: _Uint
    roles: _Flags | dict[Area, _Flags]
    classes: _Bits = ALL_CLASSES


class _Overrides(NamedTuple):
    item: Id
    flags: Annotated[int, Field(strict=True, ge=0, le=3)] = 0


class _Kits(NamedTuple):
    line: Id
    kit: Id
    item: Id
    quantity: Annotated[int, Field(strict=True, ge=1, lt=2**31)]


class _Policy(NamedTuple):
    name: Id
    value: _Bits


class _Labels(NamedTuple):
    label: Annotated[int, Field(strict=True, ge=0, lt=62**4)]
    item: Id
    quantity: Annotated[int, Field(strict=True, ge=1, lt=2**31)]
    state: Annotated[int, Field(strict=True, ge=1, le=4)]
    until_min: _Bits


class _ItemNames(NamedTuple):
    item: Id
    name: Words
    aliases: Words


class _ItemCodes(NamedTuple):
    code: _Code
    item: Id


class _Prompts(NamedTuple):
    number: _Number
    text: _Line


_ROWS: dict[str, TypeAdapter[Any]] = {
    "items": TypeAdapter(_Items),
    "pockets": TypeAdapter(_Pockets),
    "users": TypeAdapter(_Users),
    "overrides": TypeAdapter(_Overrides),
    "kits": TypeAdapter(_Kits),
    "policy": TypeAdapter(_Policy),
    "labels": TypeAdapter(_Labels),
    "item_names": TypeAdapter(_ItemNames),
    "item_codes": TypeAdapter(_ItemCodes),
    "prompts": TypeAdapter(_Prompts),
}
LIMITS = {
    "items": 300,
    "pockets": 500,
    "users": 300,
    "overrides": 300,
    "kits": 120,
    "policy": 16,
    "labels": 256,
    "item_names": 300,
    "item_codes": 2000,
    "prompts": 255,
}
# tables whose rows name an item the station must know: it refuses the whole version otherwise
NAMING = {"overrides": 0, "kits": 2, "labels": 1}
_ROLES = 5


class BadReference(Exception):
    """A table that can not be issued; the text names the row and what is wrong with it."""

    code = codes.BAD_REFERENCE


def checked(table: str, rows: Any) -> Rows:
    """Rows by key, ready to be issued, with what the columns left out stand for; `[key, null]` takes a row away.

    Raises BadReference.
    """
    if not isinstance(table, str) or table not in _ROWS:
        raise BadReference(f"table must be one of {', '.join(_ROWS)}")
    if not isinstance(rows, list):
        raise BadReference("rows must be an array")
    made: Rows = {}
    for number, row in enumerate(rows, 1):
        if isinstance(row, list) and len(row) == 2 and isinstance(row[0], str | int) and row[1] is None:
            made[str(row[0])] = None
        else:
            values = _checked_row(table, number, row)
            made[str(values[0])] = values
    return made


def in_area(rows: Rows, area: str) -> Rows:
    """Users with what they may do in this area (F19): roles by area become those of it, or of "" for anywhere else.

    Who may do nothing there is taken away.
    """
    made: Rows = {}
    for badge, row in rows.items():
        if row is not None and isinstance(row[_ROLES], dict):
            roles = row[_ROLES].get(area, row[_ROLES].get("", 0))
            made[badge] = [*row[:_ROLES], roles, *row[_ROLES + 1 :]] if roles else None
        else:
            made[badge] = row
    return made


def check_items(table: str, rows: Rows, known: Collection[str]) -> None:
    """Every item that rows name must be one of the station's. Raises BadReference."""
    if table not in NAMING:
        return
    column = NAMING[table]
    for key, row in rows.items():
        if row is not None and row[column] not in known:
            raise BadReference(f"row {key} of {table} names item {row[column]}: issue it with the table items first")


def _checked_row(table: str, number: int, row: Any) -> list[Any]:
    try:
        values = list(_ROWS[table].validate_python(row))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        column = ".".join(str(part) for part in first["loc"])
        raise BadReference(f"row {number} of {table}, column {column}: {first['msg']}") from None
    if table == "users":
        values[2:4] = [bytes.fromhex(values[2]), bytes.fromhex(values[3])]
    return values
