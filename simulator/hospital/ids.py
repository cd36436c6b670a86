"""Names of the world as ids: `[A-Za-z0-9_-]{1,16}`, unique, the same each time."""

import re
from collections.abc import Iterable

LONGEST = 16
STATION_NAMES = {"Emergency Department": "ED", "Emergency Department Observation": "ED-Obs"}


def unique_ids(names: Iterable[str]) -> dict[str, str]:
    """name -> id: other characters become `-`, what is too long is cut, a name whose id is taken gets a number."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(set(names)):
        base = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:LONGEST] or "X"
        new, number = base, 1
        while new.upper() in taken:
            number += 1
            new = f"{base[: LONGEST - 1 - len(str(number))]}-{number}"
        taken.add(new.upper())
        found[name] = new
    return found


def station_ids(wards: Iterable[str]) -> dict[str, str]:
    """ward -> station id: its abbreviation in brackets if it has one, else its name, words cut to four if too long."""
    short = {ward: _short(ward) for ward in wards}
    if len(set(short.values())) < len(short):
        return unique_ids(short)
    ids = unique_ids(short.values())
    return {ward: ids[name] for ward, name in short.items()}


def _short(ward: str) -> str:
    abbreviation = re.search(r"\(([^()]+)\)\s*$", ward)
    name = STATION_NAMES.get(ward) or (abbreviation.group(1) if abbreviation else ward)
    words = re.findall(r"[A-Za-z0-9]+", name)
    whole = "-".join(words)
    return whole if len(whole) <= LONGEST else "-".join(word[:4] for word in words)
