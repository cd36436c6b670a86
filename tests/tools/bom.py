"""The bill of materials, `hardware/bom.csv`, and what one cabinet needs of it.

A row is one order number `per` cabinet, per controller board (its name), or per harness of
`hardware/wiring/drawers.toml`.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache

from tests.tools.wiring import HARDWARE, Cabinet, expand, types

PER_CABINET = "cabinet"


@cache
def rows() -> list[dict[str, str]]:
    """The rows of `hardware/bom.csv`."""
    with (HARDWARE / "bom.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _references(row: dict[str, str]) -> list[str]:
    return [ref for text in row["references"].split() for ref in expand(text)]


def _wired(cabinet: Cabinet) -> dict[tuple[str, str], str]:
    """(per, reference) -> type of everything in a cabinet."""
    own = {ref for ref in cabinet.parts if "." not in ref}
    listed = {ref for row in rows() if row["per"] == cabinet.board for ref in _references(row)}
    out = {(cabinet.board if ref in listed else PER_CABINET, ref): cabinet.parts[ref] for ref in own}
    return out | {(harness, ref): kind for harness, ref, kind in cabinet.plugged}


def findings(cabinet: Cabinet) -> Iterator[str]:
    """Parts that are wired and not listed, or listed for this cabinet and not wired, or not as listed."""
    wired = _wired(cabinet)
    pers = {per for per, _ in wired}
    listed: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows():
        refs = _references(row)
        if int(row["quantity"]) != len(refs):
            yield f"{row['number']}: {row['quantity']} listed, {len(refs)} named"
        for ref in refs:
            if (row["per"], ref) in listed:
                yield f"{ref} is listed twice per {row['per']}"
            listed[row["per"], ref] = row
    for key in wired.keys() - listed.keys():
        yield f"{key[1]} is wired and not in bom.csv"
    for per, ref in listed.keys() - wired.keys():
        if per in pers:
            yield f"{ref} is in bom.csv and not wired"
    for key in wired.keys() & listed.keys():
        kind = types()[wired[key]]
        if (kind["number"], kind["maker"]) != (listed[key]["number"], listed[key]["maker"]):
            yield f"{key[1]} is a {kind['number']} and a {listed[key]['number']} in bom.csv"


def needs(cabinet: Cabinet) -> dict[str, int]:
    """Order number -> how many of it the cabinet takes, in the order of bom.csv."""
    counted = Counter(types()[kind]["number"] for kind in cabinet.parts.values())
    numbers: dict[str, None] = defaultdict()
    for row in rows():
        numbers[row["number"]] = None
    return {number: counted[number] for number in numbers if counted[number]}
