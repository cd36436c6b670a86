"""The hospital's events (docs/wire.md section 5), validated line by line before anything is kept."""

import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from firmware import codes

MAX_EVENTS = 1000

Id = Annotated[str, Field(pattern=r"^[!-~]{1,16}$")]
EventId = Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
Words = Annotated[str, Field(max_length=120)]
Time = Annotated[int, Field(strict=True, ge=0, lt=2**47)]
Quantity = Annotated[int, Field(strict=True, ge=0, lt=2**31)]


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: EventId
    utc_ms: Time
    patient: Id


class AdtEvent(_Event):
    """A patient arrives (A01, A02, A12, A13: on `ward`) or leaves (A03, A11)."""

    type: Literal["adt"]
    event: Literal["A01", "A02", "A03", "A11", "A12", "A13"]
    name: Words = ""
    ward: Words = ""
    from_ward: Words = ""


class OrderEvent(_Event):
    """An order is made, changed or ended; `dose` in smallest units of the item.

    `interval_minutes` is 0 for a single dose, `prn` is as needed; an order that no pharmacist has `verified` counts as
    none.
    """

    type: Literal["order"]
    event: Literal["new", "change", "discontinue"]
    order: Id
    item: Id
    dose: Quantity
    start_utc_ms: Time
    stop_utc_ms: Time | None = None
    interval_minutes: Annotated[int, Field(strict=True, ge=0, lt=2**31)] = 0
    prn: Annotated[bool, Field(strict=True)] = False
    verified: Annotated[bool, Field(strict=True)] = True


class AdministrationEvent(_Event):
    """A dose was charted; `quantity` in smallest units of the item."""

    type: Literal["administration"]
    order: Annotated[str, Field(pattern=r"^[!-~]{0,16}$")] = ""
    item: Id
    quantity: Quantity
    administered_utc_ms: Time
    status: Literal["given", "not_given", "held"]


HospitalEvent = AdtEvent | OrderEvent | AdministrationEvent
_ADAPTER: TypeAdapter[HospitalEvent] = TypeAdapter(Annotated[HospitalEvent, Field(discriminator="type")])
_KNOWN = ("adt", "order", "administration")


class Refusal(NamedTuple):
    """A line that is no event; `line` counts from 1."""

    line: int
    code: int
    message: str


def read_lines(body: str) -> list[Any]:
    """NDJSON into values; a line that is no JSON stays text, to be refused with its number."""
    return [_json(line) for line in body.splitlines()]


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line


def validate(values: Iterable[Any]) -> tuple[list[HospitalEvent], list[Refusal]]:
    """Split values into events and refusals; an empty line is neither."""
    good: list[HospitalEvent] = []
    bad: list[Refusal] = []
    for line, value in enumerate(values, 1):
        if value == "":
            continue
        if isinstance(value, dict) and value.get("type") not in _KNOWN:
            bad.append(Refusal(line, codes.UNKNOWN_EVENT, f"type must be one of {', '.join(_KNOWN)}"))
            continue
        try:
            event = _ADAPTER.validate_python(value)
            _check_ward(event)
            good.append(event)
        except (ValidationError, ValueError) as error:
            bad.append(Refusal(line, codes.MALFORMED_EVENT, _explain(error)))
    return good, bad


def _check_ward(event: HospitalEvent) -> None:
    if isinstance(event, AdtEvent) and event.event in ("A01", "A02", "A12", "A13") and not event.ward:
        raise ValueError(f"ward: {event.event} needs the ward where the patient is now")


def _explain(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"] if part not in _KNOWN)
    return f"{where}: {first['msg']}" if where else first["msg"]
