"""The wiring of a whole cabinet, read from `hardware/`: the parts, and each wire from pin to pin.

A cabinet is a board (`hardware/wiring/BOARD.toml`) and a planogram: what is in its drawers is plugged in where
`controller.cbor` says that the firmware looks for it (`server_stub.site.boards.rows`).
"""

import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from firmware.storage import types as storage
from server_stub.site import boards, planograms

HARDWARE = Path(__file__).resolve().parents[2] / "hardware"
WIRING = HARDWARE / "wiring"
SHARED = ("connections", "drawers")
KINDS = {number: name for name, number in planograms.NUMBERS.items()}
EXPANDER_BITS = 16
COLUMNS = {"signal", "from", "to", "volts", "max_ma", "safe", "low_v"}
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Wire:
    """One connection: pins are `part.pin`; the voltage of a 1 or of the supply, and the lowest that falls to; the most
    current; the safe level or None."""

    start: str
    end: str
    signal: str
    volts: float
    max_ma: float
    safe: int | None = None
    low_v: float | None = None


@dataclass(frozen=True)
class Cabinet:
    """All parts (reference -> type) and wires of one cabinet; `plugged` is what came with the planogram."""

    board: str
    planogram: str
    parts: dict[str, str]
    wires: tuple[Wire, ...]
    addresses: dict[str, int]
    plugged: tuple[tuple[str, str, str], ...]  # (harness, reference in it, type)


def expand(text: str) -> list[str]:
    """`a{1..3}` is a1 a2 a3, `{x,y}` is x y; several go through all combinations, the last one fastest."""
    parts = _BRACES.split(text)
    choices = [[part] if at % 2 == 0 else _choices(part) for at, part in enumerate(parts)]
    return ["".join(chosen) for chosen in itertools.product(*choices)]


def _choices(inside: str) -> list[str]:
    first, dots, last = inside.partition("..")
    return [str(n) for n in range(int(first), int(last) + 1)] if dots else inside.split(",")


@cache
def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def names() -> list[str]:
    """Boards that a cabinet can be built with: those with a table of their own."""
    return sorted(file.stem for file in WIRING.glob("*.toml") if file.stem not in SHARED)


@cache
def types() -> dict[str, dict[str, Any]]:
    """The types of parts by name, `pins` expanded."""
    return {
        name: row | {"pins": {pin: told for text, told in row["pins"].items() for pin in expand(str(text))}}
        for name, row in _read(HARDWARE / "parts.toml").items()
    }


def _parts(tables: Iterable[dict[str, str]]) -> dict[str, str]:
    return {ref: kind for table in tables for text, kind in table.items() for ref in expand(text)}


def wires(rows: Iterable[dict[str, Any]]) -> Iterator[Wire]:
    """Both sides go side by side, or one pin goes to all of the other; ValueError if neither fits, or for a column that
    nobody reads."""
    for row in rows:
        if not row.keys() <= COLUMNS:
            raise ValueError(f"{row['signal']}: {', '.join(sorted(row.keys() - COLUMNS))} is no column")
        sides = [[pin for text in row[side] for pin in expand(text)] for side in ("from", "to")]
        sides.append(expand(row["signal"]))
        count = max(len(side) for side in sides)
        if any(len(side) not in (1, count) for side in sides):
            raise ValueError(f"{row['signal']}: {[len(side) for side in sides]} pins and signals do not go together")
        for start, end, signal in zip(*(side * (count // len(side)) for side in sides), strict=True):
            yield Wire(start, end, signal, row["volts"], row["max_ma"], row.get("safe"), row.get("low_v"))


class _Plugs:
    """Collects what is plugged in."""

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        self.wires: list[Wire] = []
        self.plugged: list[tuple[str, str, str]] = []

    def add(self, harness: str, prefix: str, plugs: dict[str, str], numbers: dict[str, int]) -> None:
        """One harness: `plugs` are its names for parts of the cabinet, `numbers` what stands for <d>, <n>, <f>."""
        row = _read(WIRING / "drawers.toml")[harness]
        parts = _parts(row["part"])
        self.parts |= {f"{prefix}.{ref}": kind for ref, kind in parts.items()}
        self.plugged += [(harness, ref, kind) for ref, kind in parts.items()]

        def pin(text: str) -> str:
            ref, name = text.rsplit(".", 1)
            return f"{prefix}.{ref}.{name}" if ref in parts else f"{plugs.get(ref, ref)}.{name}"

        for wire in wires(row["connection"]):
            signal = wire.signal
            for name, number in numbers.items():
                signal = signal.replace(f"<{name}>", str(number))
            self.wires.append(replace(wire, start=pin(wire.start), end=pin(wire.end), signal=signal))


def _harness_of(kind: str) -> str | None:
    rows = _read(WIRING / "drawers.toml")
    return next((name for name, row in rows.items() if kind in row.get("of", ())), None)


def _plug_in(board: boards.Board, planogram: planograms.Planogram) -> _Plugs:
    plugs, fridges = _Plugs(), itertools.count(1)
    capacities = {d.drawer: len(d.capacities) for d in planogram.drawer}
    for drawer, _, _, _, number, _, inputs, first in boards.rows(board, planogram):
        kind, prefix = KINDS[number], f"d{drawer:02}"
        plugs.add("drawer", prefix, {"plug": f"jdrawer{drawer}"}, {"d": drawer})
        harness = _harness_of(kind)
        if harness == "fridge":
            plugs.add(harness, prefix, {}, {"f": next(fridges)})
        elif harness:
            pair = next(at for at, inside in enumerate(board.inside) if inside.inputs == inputs)
            for place in range(storage.inside_bits(number, capacities[drawer])):
                n = pair * EXPANDER_BITS + first + place + 1
                plugs.add(harness, f"{prefix}.{place + 1}", {"move": f"jout{n}", "sense": f"jin{n}"}, {"n": n})
    return plugs


@cache
def cabinet(board: str, planogram: str) -> Cabinet:
    """The cabinet of `planogram` on `board`, both by name; ValueError if a row of the tables makes no sense."""
    files = [_read(WIRING / f"{name}.toml") for name in ("connections", board)]
    plugs = _plug_in(boards.read(board), planograms.read(planogram))
    parts = _parts(table for file in files for table in file["part"]) | plugs.parts
    rows = [wire for file in files for wire in wires(file["connection"])] + plugs.wires
    given = {ref: at for file in files for table in file.get("address", ()) for ref, at in table.items()}
    fixed = {ref: types()[kind]["address"] for ref, kind in parts.items() if "address" in types().get(kind, {})}
    return Cabinet(board, planogram, parts, tuple(rows), fixed | given, tuple(plugs.plugged))
