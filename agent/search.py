"""Finding one drug among many: nothing is shown to pick from until only one drug is left (U7, F6).

Lists after a few letters put look-alike drugs under a hurried finger; here the list stays empty until what was typed
fits one drug alone, in all its strengths. Pure: names in, names out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

# a slip in fewer letters than these too often fits another drug alone (docs/kiosk.md has the figures)
LEAST_LETTERS = 4
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Entry:
    """Something to find: `item` is its id, `name` what is shown, `aliases` brands and other names."""

    item: str
    name: str
    aliases: str = ""
    words: tuple[str, ...] = field(init=False)
    drug: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(_words(f"{self.item} {self.name} {self.aliases}")))
        object.__setattr__(self, "drug", drug_of(self.name) or self.item.casefold())


@dataclass(frozen=True)
class Found:
    """`drugs` fit what was typed; `entries` are those of the one drug, and nothing while there may be more."""

    drugs: int
    entries: tuple[Entry, ...] = ()


def find(entries: Iterable[Entry], typed: str) -> Found:
    """Entries of the one drug that fits: each word typed begins a word of its name, aliases or id.

    One word has to be typed to its fourth letter, or to its end.
    """
    wanted = _words(typed)
    if not wanted:
        return Found(0)
    fitting = [entry for entry in entries if fits(entry, wanted)]
    drugs = len({entry.drug for entry in fitting})
    enough = any(len(word) >= LEAST_LETTERS for word in wanted) or all(_whole(entry, wanted) for entry in fitting)
    return Found(drugs, tuple(fitting)) if drugs == 1 and enough else Found(drugs)


def fits(entry: Entry, wanted: Sequence[str]) -> bool:
    """Whether every word wanted begins one of the entry's words."""
    return all(any(word.startswith(part) for word in entry.words) for part in wanted)


def _whole(entry: Entry, wanted: Sequence[str]) -> bool:
    return any(word in entry.words for word in wanted)


def drug_of(name: str) -> str:
    """The drug in a name, without strength and form: the words before the first one with a digit."""
    drug = []
    for word in _words(name):
        if any(letter.isdigit() for letter in word):
            break
        drug.append(word)
    return " ".join(drug)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
