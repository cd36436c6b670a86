"""Many worlds on all cores, what they came to together, and a failing one made small."""

import gc
import multiprocessing
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from simulator.worlds import faults, world
from simulator.worlds.host import Killed
from simulator.worlds.site import Site
from simulator.worlds.size import FULL, SIZES, Size
from simulator.worlds.truth import Violation
from simulator.worlds.world import MS_A_YEAR, Found

CHUNK = 4
GARBAGE_OBJECTS = 50_000


ROOMS = ("firmware", "agent", "server_stub", "simulator/worlds")


def program() -> str:
    """SHA-256 of the program that runs in a world: of all its sources, by their names."""
    root = Path(__file__).parents[2]
    sources = sorted(path for room in ROOMS for path in (root / room).rglob("*.py"))
    names = (f"{path.relative_to(root)}\0{sha256(path.read_bytes()).hexdigest()}\n" for path in sources)
    return sha256("".join(names).encode()).hexdigest()


@dataclass
class Total:
    """All worlds of a run."""

    first: int
    last: int
    size: str = FULL.name
    control: str = ""
    program: str = field(default_factory=program)
    seeds: int = 0
    entries: int = 0
    cabinet_ms: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)
    least: dict[str, int] = field(default_factory=dict)
    most_steps: tuple[int, int] = (0, 0)
    seconds: float = 0.0

    @classmethod
    def of(cls, written: dict[str, Any]) -> "Total":
        """As far as a run had come that was written down; raises KeyError, TypeError for what is none."""
        return cls(
            first=written["seeds"][0],
            last=written["seeds"][1],
            size=written["size"],
            control=written["control"],
            program=written["program"],
            seeds=written["seeds_run"],
            entries=written["entries"],
            cabinet_ms=written["cabinet_ms"],
            faults=Counter(written["faults"]),
            violations=Counter(written["violations"]),
            failed={int(seed): text for seed, text in written["failed_seeds"].items()},
            least=written["least_of_a_world"],
            most_steps=(written["most_steps"]["steps"], written["most_steps"]["seed"]),
            seconds=written["seconds"],
        )

    def add(self, found: Found) -> None:
        """Take one world in."""
        self.seeds += 1
        self.entries += found.entries
        self.cabinet_ms += found.cabinet_ms
        self.faults += found.faults
        self.most_steps = max(self.most_steps, (found.steps, found.seed))
        self.violations += Counter(violation.kind for violation in found.violations)
        if found.violations:
            first = found.violations[0]
            self.failed[found.seed] = f"{first.kind}, {first.station} at {first.at_ms} ms: {first.text}"
        for name, value in (
            ("stations", found.stations), ("entries", found.entries), ("faults", sum(found.faults.values())),
        ):  # fmt: skip
            self.least[name] = min(self.least.get(name, value), value)

    def as_json(self) -> dict[str, Any]:
        """The result as it is written down."""
        return {
            "seeds": [self.first, self.last],
            "seeds_run": self.seeds,
            "size": self.size,
            "control": self.control,
            "program": self.program,
            "cabinet_ms": self.cabinet_ms,
            "cabinet_years": round(self.cabinet_ms / MS_A_YEAR, 3),
            "entries": self.entries,
            "faults": {kind: self.faults[kind] for kind in faults.ALL},
            "violations": dict(sorted(self.violations.items())),
            "failed_seeds": {str(seed): text for seed, text in sorted(self.failed.items())},
            "least_of_a_world": self.least,
            "most_steps": {"steps": self.most_steps[0], "seed": self.most_steps[1]},
            "seconds": round(self.seconds, 1),
        }


def one(  # noqa: PLR0913, PLR0917 - what a world is made of
    shared: Site, size: Size, control: str, only: Collection[int] | None, seed: int, until: str = ""
) -> Found:
    """One world; what breaks in a production core is a violation too."""
    try:
        return world.run(seed, shared, size, only, control, until)
    except (Exception, Killed) as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__} {error} in {where.name}, line {where.lineno} of {where.filename}"
        return Found(seed, 3, 0, 0, Counter(), [Violation("crash", "", text, 0)])


def many(total: Total, *, workers: int, told: Callable[[Found, Total], None]) -> Total:
    """The worlds of `total` that have not been run; with a control until one has found it out."""
    control, began = total.control, time.monotonic() - total.seconds
    if control and total.violations:
        return total
    shared = Site()
    work = partial(one, shared, SIZES[total.size], control, None)
    try:
        with _seldom_tidied():
            for found in _all(work, range(total.first + total.seeds, total.last + 1), workers):
                total.add(found)
                total.seconds = time.monotonic() - began
                told(found, total)
                if control and found.violations:
                    break
    finally:
        shared.close()
    return total


@contextmanager
def _seldom_tidied() -> Iterator[None]:
    """What stays (the site, the modules) is not looked at again for rings of garbage, the rest less often: a tenth of
    the time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


_work: list[Callable[[int], Found]] = []


def _small(seed: int) -> Found:
    found = _work[0](seed)
    found.trace = []
    return found


def _all(work: Callable[[int], Found], seeds: range, workers: int) -> Iterator[Found]:
    _work[:] = [work]
    if workers == 1:
        yield from map(_small, seeds)
        return
    # forked: the site is made once, cannot be sent, and its folder is removed by the one who made it
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        yield from pool.imap(_small, seeds, CHUNK)


def shrink(seed: int, size: Size, control: str, told: Callable[[str], None]) -> Found:
    """The same world with as few of its faults as still give a violation of the same kind (delta debugging)."""
    shared = Site()
    try:
        whole = one(shared, size, control, None, seed)
        if not whole.violations:
            return whole
        kind = whole.violations[0].kind
        still = partial(_still, partial(one, shared, size, control), seed, kind)
        kept = _fewest(list(range(len(faults.plan(seed, whole.stations, size).faults))), still, told)
        return one(shared, size, control, kept, seed, kind)
    finally:
        shared.close()


def _still(work: Callable[[Collection[int], int, str], Found], seed: int, kind: str, only: Collection[int]) -> bool:
    return any(violation.kind == kind for violation in work(only, seed, kind).violations)


def _fewest(kept: list[int], still: Callable[[list[int]], bool], told: Callable[[str], None]) -> list[int]:
    pieces = 2
    if still([]):
        return []
    while kept:
        size = max(1, -(-len(kept) // pieces))
        parts = [kept[at : at + size] for at in range(0, len(kept), size)]
        less = next((rest for part in parts if still(rest := [one for one in kept if one not in part])), None)
        if less is not None:
            kept, pieces = less, max(2, pieces - 1)
            told(f"{len(kept)} faults are enough")
        elif size == 1:
            break
        else:
            pieces = min(len(kept), 2 * pieces)
    return kept
