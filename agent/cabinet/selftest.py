"""The guided self-test: part by part the firmware moves or reads, a person says what she sees, the journal has it.

The core knows neither terminal nor socket: `Cabinet` asks the firmware, `Person` the person.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from agent.cabinet.errors import CabinetError
from firmware import codes
from firmware.requests import service
from firmware.storage import types

NAMES = {
    types.MATRIX: "matrix drawer",
    types.LIDDED: "lidded drawer",
    types.SINGLE: "dispenser",
    types.TOWER: "tower door",
    types.FRIDGE: "fridge",
    types.SHELF: "shelf",
    types.COIL: "coil",
    types.BIN: "return bin",
}
RESULTS = {service.OK: "ok", service.FAILED: "FAILED", service.NOT_FITTED: "not fitted"}
ANSWERS = {"y": service.OK, "n": service.FAILED, "none": service.NOT_FITTED}
TRIES = 3


class Cabinet(Protocol):
    """The firmware in maintenance; CabinetError with the code of a refusal."""

    def selftest(self, part: str, number: int, seen: int | None = None) -> list[Any]:
        """Request 24 of docs/wire.md."""


class Person(Protocol):
    """Who stands at the cabinet."""

    def answer(self, about: str, question: str) -> str:
        """`y`, `n`, or `none` for what is not fitted."""

    def do(self, about: str, request: str) -> None:
        """Comes back once she has done it."""


class Tested(NamedTuple):
    """One part: what came of it, and what the sensors said, in words."""

    part: str
    result: int
    said: str


def run(cabinet: Cabinet, person: Person) -> Iterator[Tested]:
    """Each part in turn, journaled before it is given."""
    for number, kind in cabinet.selftest("parts", 0):
        name = f"{NAMES.get(kind, 'drawer')} {number}"
        yield from _drawer(cabinet, person, number, name)
        if kind == types.FRIDGE:
            yield _thermometer(cabinet, person, number, name)
    cabinet.selftest("buzzer", 0)
    yield _asked(cabinet, person, "buzzer", 1, "Did the buzzer sound?")
    yield _asked(cabinet, person, "cradle", 1, "Put a handheld into the cradle: does it show that it is connected?")


def _drawer(cabinet: Cabinet, person: Person, number: int, name: str) -> Iterator[Tested]:
    cabinet.selftest("light", number)
    yield _asked(cabinet, person, "light", number, f"Is the light of pocket 1 of {name} on, and no other?")
    cabinet.selftest("dark", 0)
    shut = _release(cabinet, person, number)
    person.do(f"open-{number}", f"Pull {name} open")
    opened = cabinet.selftest("switch", number)
    person.do(f"shut-{number}", f"Push {name} shut")
    closed = cabinet.selftest("switch", number)
    said = f"shut {shut}, pulled {opened}, pushed {closed}; [closed, latched]"
    free = opened[0] == 0
    yield _note(cabinet, "lock", number, free and closed == [1, 1], said)
    yield _note(cabinet, "switch", number, [shut[0], opened[0], closed[0]] == [1, 0, 1], said)


def _release(cabinet: Cabinet, person: Person, number: int) -> list[int]:
    """What the sensors said while it was still shut; another one that is open has to be shut first."""
    before = cabinet.selftest("switch", number)
    for left in reversed(range(TRIES)):
        try:
            cabinet.selftest("lock", number)
            break
        except CabinetError as error:
            if error.code != codes.BUSY or not left:
                raise
            person.do("shut-all", "Another drawer is still open or released: push every drawer shut")
    return before


def _thermometer(cabinet: Cabinet, person: Person, number: int, name: str) -> Tested:
    centi = cabinet.selftest("thermometer", number)[0]
    if centi is None:
        return _note(cabinet, "thermometer", number, False, "no answer")
    said = f"{centi / 100:.1f} °C"
    told = _asked(cabinet, person, "thermometer", number, f"The thermometer of {name} says {said}. Is that right?")
    return told._replace(said=said)


def _asked(cabinet: Cabinet, person: Person, part: str, number: int, question: str) -> Tested:
    result = ANSWERS[person.answer(f"{part}-{number}", question)]
    cabinet.selftest(part, number, result)
    return Tested(f"{part}-{number}", result, "")


def _note(cabinet: Cabinet, part: str, number: int, good: bool, said: str) -> Tested:
    result = service.OK if good else service.FAILED
    cabinet.selftest(part, number, result)
    return Tested(f"{part}-{number}", result, said)
