"""Rows of the tables a site gives its stations: checked before they are issued (docs/wire.md section 3)."""

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from firmware import codes
from server_stub.integration.events import Id, Quantity, Words
from server_stub.integration.roster import Rows

_Uint = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
_Place = Annotated[str, Field(pattern=r"^D\d\d-P\d\d\d?$")]
_Small = Annotated[int, Field(strict=True, ge=1, le=255)]
_Flags = Annotated[int, Field(strict=True, ge=0, le=0xFFFF)]
_Class = Annotated[int, Field(strict=True, ge=0, le=31)]
_Prompt = Annotated[int, Field(strict=True, ge=0, le=255)]
_Classes = Annotated[int, Field(strict=True, ge=0, le=0xFFFFFFFF)]
_Hex8 = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
_Hex16 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]

_ROWS: dict[str, TypeAdapter[Any]] = {
    "items": TypeAdapter(tuple[Id, Annotated[int, Field(strict=True, ge=0, le=5)], _Uint, _Flags, _Class, _Prompt]),
    "pockets": TypeAdapter(tuple[_Place, _Small, _Small, Id, Quantity, Quantity, Quantity]),
    "users": TypeAdapter(tuple[Id, Id, _Hex8, _Hex16, _Uint, _Flags, _Classes]),
    "item_names": TypeAdapter(tuple[Id, Words, Words]),
}
# Last columns of rows written without them: item class and prompt, the classes a user may have.
_DEFAULTS: dict[str, tuple[int, ...]] = {"items": (0, 0), "users": (0xFFFFFFFF,)}
_WITHOUT = {"items": 4, "users": 6}
LIMITS = {"items": 300, "pockets": 500, "users": 300, "item_names": 300}


class BadReference(Exception):
    """A table that can not be issued; the text names the row and what is wrong with it."""

    code = codes.BAD_REFERENCE


def checked(table: str, rows: Any) -> Rows:
    """Rows by key, ready to be issued; `[key, null]` takes a row away. Raises BadReference."""
    if table not in _ROWS:
        raise BadReference(f"table must be one of {', '.join(_ROWS)}")
    if not isinstance(rows, list):
        raise BadReference("rows must be an array")
    made: Rows = {}
    for number, row in enumerate(rows, 1):
        if isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and row[1] is None:
            made[row[0]] = None
        else:
            made[row[0] if isinstance(row, list) and row else ""] = _checked_row(table, number, row)
    return made


def _checked_row(table: str, number: int, row: Any) -> list[Any]:
    if table in _WITHOUT and isinstance(row, list) and len(row) == _WITHOUT[table]:
        row = [*row, *_DEFAULTS[table]]
    try:
        values = list(_ROWS[table].validate_python(row))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        column = ".".join(str(part) for part in first["loc"])
        raise BadReference(f"row {number} of {table}, column {column}: {first['msg']}") from None
    if table == "users":
        values[2:4] = [bytes.fromhex(values[2]), bytes.fromhex(values[3])]
    return values
