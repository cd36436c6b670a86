"""A hurried finger looking for a drug: which searches put a wrong drug under it, and how often it is touched.

Drugs (`drugs.txt`: generic/brand) are common ones of a hospital, many look alike. A letter is mistyped with
`TYPO`; where a list is shown, `SLIP` of the touches land on the neighbour; who does not find hers in a list takes the
first one with `TRUST`. The same seed gives the same figures.
"""

import random
from functools import cache
from pathlib import Path

from agent.search import Entry, Found, find

TYPO, SLIP, TRUST = 0.02, 0.005, 0.1
SEARCHES = 10_000

DRUGS = Path(__file__).with_name("drugs.txt").read_text(encoding="utf-8").split()

ENTRIES = [
    Entry(name[:12].upper(), f"{name.capitalize()} 10 mg", brand) for name, brand in (drug.split("/") for drug in DRUGS)
]
_NEAR = {letter: row[max(0, i - 1) : i + 2].replace(letter, "") for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
         for i, letter in enumerate(row)}  # fmt: skip


def typed(name: str, rng: random.Random) -> str:
    """A name as a hurried finger types it."""
    letters = []
    for letter in name.lower():
        kind = rng.choice("snd") if rng.random() < TYPO else ""
        letters.append({"s": rng.choice(_NEAR.get(letter, letter)), "n": "", "d": letter * 2}.get(kind, letter))
    return "".join(letters)


def figures(seed: int = 1) -> dict[str, tuple[float, float]]:
    """(searches that offer a wrong drug, wrong picks), both of 1,000 searches, by kind of search."""
    kinds = {"2 letters, list": 2, "5 letters, list": 5, "until one drug is left": 0}
    return {name: _figure(letters, random.Random(seed)) for name, letters in kinds.items()}


def _figure(letters: int, rng: random.Random) -> tuple[float, float]:
    offered = picked = 0.0
    for _ in range(SEARCHES):
        wanted = rng.choice(ENTRIES)
        text = typed(rng.choice((wanted.drug, wanted.aliases)), rng)
        shown = _listed(text[:letters]) if letters else _single(text)
        offered += any(entry is not wanted for entry in shown)
        picked += _picks_wrong(shown, wanted, rng)
    return round(offered * 1000 / SEARCHES, 1), round(picked * 1000 / SEARCHES, 1)


@cache
def _listed(text: str) -> list[Entry]:
    return [entry for entry in ENTRIES if any(word.startswith(text) for word in entry.words)]


def _single(text: str) -> list[Entry]:
    for length in range(1, len(text) + 1):
        found = _found(text[:length])
        if found.entries or not found.drugs:
            return list(found.entries)
    return []


@cache
def _found(text: str) -> Found:
    return find(ENTRIES, text)


def _picks_wrong(shown: list[Entry], wanted: Entry, rng: random.Random) -> bool:
    if not shown:
        return False
    if wanted not in shown:
        return rng.random() < TRUST
    return len(shown) > 1 and rng.random() < SLIP
