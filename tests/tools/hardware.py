"""Checks the hardware's tables: each planogram on each board that a cabinet can be built with.

`python -m tests.tools.hardware` prints the findings and ends with 1 if there are any; `--write` also writes what is
made from the tables: hardware/power.md and the drawing and pin tables of docs/build-a-cabinet.md.
"""

import re
import sys
from collections.abc import Iterator
from itertools import product

from server_stub.site import planograms
from tests.tools import bom, drawing, electrical, power
from tests.tools.wiring import HARDWARE, KINDS, Cabinet, cabinet, names, types

PAGE = HARDWARE.parent / "docs" / "build-a-cabinet.md"
POWER = HARDWARE / "power.md"
DRAWN = ("rp2350", "emergency")  # it has every kind of harness
HEAD = """# Power budget, and what a cabinet takes

Written by `make docs` from the wiring, `parts.toml` and `power.toml`; do not edit. Currents in mA, average / peak. The
peak is everything at its most while one solenoid pulls in at full voltage, {pull_in_ms} ms at the longest: a session
moves one thing at a time. Assumed: {openings:g} openings an hour, {held_ms:g} ms each. Were all solenoids on by a
fault, `fuse_12v` opens.
"""


def cabinets() -> Iterator[Cabinet]:
    """Every planogram on every board."""
    for board, planogram in product(names(), planograms.names()):
        yield cabinet(board, planogram)


def findings(one: Cabinet) -> list[str]:
    """Everything that is wrong with one cabinet."""
    found = electrical.findings(one) or power.findings(one)
    return found + list(bom.findings(one))


def _table(head: list[str], rows: Iterator[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) + "\n"


def _rails(board: str) -> str:
    """A row a supply, a column a planogram."""
    budgets = [power.Budget(cabinet(board, name)) for name in planograms.names()]
    columns = [{rail.pin: rail for rail in budget.rails()} for budget in budgets]
    rows = (
        [pin, rail.signal, *(f"{c[pin].average_ma:.0f} / {c[pin].peak_ma:.0f}" for c in columns), f"{rail.limit_ma:g}"]
        for pin, rail in columns[0].items()
    )
    table = _table(["From", "Supply", *planograms.names(), "Limit"], rows)
    hours = ", ".join(f"{b.cabinet.planogram} {b.watts:.1f} W and {b.hold_up_h:.1f} h" for b in budgets)
    charging = max(budget.charging_ma for budget in budgets)
    return f"{table}\nAt 5 V on average, and on battery: {hours}. While charging the adaptor gives {charging:.0f} mA.\n"


def _drawers(board: str) -> str:
    """A row a storage type: the largest drawer of the shipped planograms."""
    largest: dict[str, tuple[int, int, Cabinet]] = {}
    for name in planograms.names():
        for drawer in planograms.read(name).drawer:
            row = (len(drawer.capacities), drawer.drawer, cabinet(board, name))
            largest[drawer.type] = max(largest.get(drawer.type, row), row, key=lambda found: found[0])
    kinds = [kind for kind in KINDS.values() if kind in largest]
    rows = ([kind, str(largest[kind][0]), *_drawer_currents(*largest[kind][1:])] for kind in kinds)
    return _table(["Drawer", "Pockets", "3.3 V", "5 V", "5 V peak", "12 V peak"], rows)


def _drawer_currents(drawer: int, one: Cabinet) -> list[str]:
    budget = power.Budget(one)
    refs = [ref for ref in one.parts if ref.startswith(f"d{drawer:02}.")]
    sensing = sum(budget.at_supply(ref, power.SENSING) for ref in refs)
    lights = sum(budget.at_supply(ref, "5V_OUT") for ref in refs)
    moving = max(budget.loads[ref] for ref in refs if ref in budget.loads)
    return [f"{sensing:.1f}", f"{lights:.0f}", f"{lights + types()['strip']['lit_ma']:.0f}", f"{moving:.0f}"]


def _needs(board: str) -> str:
    """A row an order number, a column a planogram."""
    columns = [bom.needs(cabinet(board, name)) for name in planograms.names()]
    numbers = dict.fromkeys(row["number"] for row in bom.rows())
    rows = (
        [number, *(str(column.get(number, "")) for column in columns)]
        for number in numbers
        if any(number in column for column in columns)
    )
    return _table(["Number", *planograms.names()], rows)


def power_page() -> str:
    """The text of hardware/power.md."""
    a, first = power.assumed(), power.Budget(next(cabinets()))
    head = HEAD.format(
        pull_in_ms=first.layout.fitted["pull_in_ms"], openings=a["openings_an_hour"], held_ms=a["held_ms"]
    )
    parts = [head, "## A drawer\n", "The largest of its type in the shipped planograms.\n", _drawers(names()[0])]
    for board in names():
        parts += [f"## {board}: supplies\n", _rails(board), f"## {board}: parts\n", _needs(board)]
    return "\n".join(parts)


def build_page(text: str) -> str:
    """docs/build-a-cabinet.md with what is between its marks made anew."""
    drawn = cabinet(*DRAWN)
    made = {"supplies": drawing.mermaid(drawn, True), "signals": drawing.mermaid(drawn, False)}
    made |= {f"pins-{board}": drawing.pin_table(cabinet(board, DRAWN[1])) for board in names()}
    for name, body in made.items():
        marks = (f"<!-- {name} -->", f"<!-- end of {name} -->")
        if not all(mark in text for mark in marks):
            raise ValueError(f"{PAGE.name} has no marks for {name}")
        pattern = re.compile(f"{marks[0]}.*?{marks[1]}", re.DOTALL)
        text = pattern.sub(lambda _: f"{marks[0]}\n{body}\n{marks[1]}", text)  # noqa: B023 (called at once)
    return text


def write() -> None:
    """Write what is made from the tables."""
    POWER.write_text(power_page(), encoding="utf-8")
    PAGE.write_text(build_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {POWER.name}, {PAGE.name}")


def main(arguments: list[str]) -> int:
    """0 if nothing is wrong."""
    if "--write" in arguments:
        write()
    wrong = 0
    for one in cabinets():
        found = findings(one)
        wrong += len(found)
        print(f"{one.board}, {one.planogram}: {len(one.parts)} parts, {len(one.wires)} wires, {len(found)} findings")
        for finding in found:
            print(f"  {finding}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
