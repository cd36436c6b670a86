"""Who tampers: what all kinds of it need. A case says what it leaves to judge by, and where the histories part."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.tamper.story import F_ACTOR, F_KIND, Book, Entry, Raw, Story, ledger_lines

STATIONS = ("ICU1-1", "ED1-1")
CENTRE = "centre-1"
F_BOOT, F_UTC_MS, F_ITEM, F_CHANGE, F_TXN = 3, 5, 11, 14, 16
BOOT, SIGN_ON, ALARM = 1, 2, 30
ROLLED_BACK = 13


@dataclass
class Case:
    """What was done and what is left: `folder`, and from elsewhere keys of logs if `with_keys`, the base export or
    cabinets' exports to hold `against` it, checkpoints. The heads that the centre answered are always there. `expect`
    is the first bad entry of each log that has one."""

    kind: str
    what: str
    folder: Raw
    expect: dict[str, int]
    with_keys: bool = False
    against: dict[str, Raw] = field(default_factory=dict)
    checkpoints: dict[str, bytes] = field(default_factory=dict)


def parting(one: Book, other: Book) -> int:
    """The first sequence where two histories of a log part."""
    pairs = zip(one.pages, other.pages, strict=False)
    same = next((at for at, (a, b) in enumerate(pairs) if a[0] != b[0]), min(len(one.pages), len(other.pages)))
    return same + 1


class Tamperer:
    """Makes the case of a number, always the same one."""

    def __init__(self, base: Story, kind: str, number: int, seed: int) -> None:
        self.rng = random.Random(f"{seed}/{kind}/{number}")
        self.base, self.kind, self.number, self.story = base, kind, number, base.copy()
        self.name = self.rng.choice(STATIONS)
        self.did = ""

    def case(self, acts: "tuple[Act, ...]") -> Case:
        """Do one of these, in turn."""
        act = acts[self.number % len(acts)]
        self.did = act.__name__
        return act(self)

    # ---- small things

    @property
    def book(self) -> Book:
        """The log it is about."""
        return self.story.books[self.name]

    def any_seq(self, first: int = 2, before_end: int = 1) -> int:
        """One of its entries."""
        return self.rng.randint(first, len(self.book.pages) - before_end)

    def of_centre(self) -> None:
        """It is about the centre's own log."""
        self.name = CENTRE

    def altered(self, fields: Entry) -> Entry:
        """Another entry of the same kind, as someone could wish it were."""
        changed = list(fields)
        what = self.rng.choice((F_ACTOR, F_UTC_MS, F_ITEM, F_CHANGE))
        if what == F_CHANGE and changed[F_CHANGE] is not None:
            changed[F_CHANGE] -= 1
        elif what == F_UTC_MS:
            changed[F_UTC_MS] += 1 + self.rng.randrange(100_000)
        elif what == F_ITEM and changed[F_ITEM] is not None:
            changed[F_ITEM] = "LORA2"
        else:
            changed[F_ACTOR] = f"someone{self.rng.randrange(100)}"
        return changed

    def forged(self, like: Entry) -> Entry:
        """An entry that never was: a sign-on."""
        return [*like[:F_KIND], SIGN_ON, f"u{self.rng.randrange(9)}", *[None] * 6, 0, None, [1]]

    def mac_key(self) -> bytes | None:
        """For who rewrites a chain: MACs of the right key, of another, or left as they are."""
        return self.rng.choice((self.story.keys.logs[self.name], self.rng.randbytes(32), None))

    def rewritten(self, seq: int, change: Callable[[list[Any]], None], key: bytes | None) -> int:
        """The log's entries from `seq` on changed, numbered on, chained and MACed; where it parts from the base."""
        tail = self.book.tail(seq)
        change(tail)
        self.book.rewrite(seq, tail, key)
        return parting(self.base.books[self.name], self.book)

    def alter(self, seq: int, key: bytes | None) -> int:
        """One entry is another one, and the chain follows."""

        def change(tail: list[Any]) -> None:
            tail[0] = (self.altered(tail[0][0]), tail[0][1])

        return self.rewritten(seq, change, key)

    def make(self, folder: Raw, seq: int, **left: Any) -> Case:
        """A case about one log."""
        what = f"{self.number}: {self.did} {self.name} {seq}"
        return Case(self.kind, what, folder, {self.name: seq}, **left)

    def lines_changed(self, change: Callable[[list[bytes]], None]) -> Raw:
        """The log's file with other lines; the manifest is that of before, or signed anew."""
        file = f"ledger/{self.name}.pages"
        files = self.story.unsigned()
        lines = ledger_lines(self.book)
        change(lines)
        changed = {file: b"".join(lines)}
        if self.rng.random() < 0.5:
            return {**self.story.signed(files), **changed}
        return self.story.signed({**files, **changed})

    def kept(self) -> dict[str, bytes]:
        """The checkpoint that the witness kept."""
        return {"the witness's checkpoint": self.base.note}

    def cabinets_own(self) -> dict[str, Raw]:
        """What the cabinet itself exports."""
        return {f"cabinet {self.name}": export_of_cabinet(self.base, self.name)}

    def whole_base(self) -> dict[str, Raw]:
        """The export that was made before."""
        return {"the export before": {}}


_exports: dict[tuple[int, str], Raw] = {}


def export_of_cabinet(base: Story, name: str) -> Raw:
    """Made once for each base."""
    key = (id(base), name)
    if key not in _exports:
        _exports[key] = base.of_cabinet(name)
    return _exports[key]


Act = Callable[[Tamperer], Case]
