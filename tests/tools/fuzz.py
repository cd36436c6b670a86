"""Random inputs, made from good ones, for every parser that faces the outside.

    python -m tests.tools.fuzz [--target NAME ...] [--seconds N] [--seed 1] [--keep] [--json]

A defect is an exception that is not the parser's own, an input that takes longer than a few seconds of the processor,
memory without limit, or something taken for what it is not (`tests/fuzz/targets.py`). Inputs after which a target says
something it has not said before join the pool that others are made of; `--keep` saves the smallest of them in
tests/corpus/NAME/.
Ends with 1 at the first defect of a target, whose input is saved as tests/corpus/NAME/defect-*, to be mended.
"""

import argparse
import dataclasses
import json
import logging
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS, mutated

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
SLOW_S = 5
MEMORY = 2 << 30
POOL = 2000
KEPT = 12
KEPT_BYTES = 1024


class Slow(Exception):
    """An input took too long."""


@dataclasses.dataclass
class Tally:
    """What became of the inputs of one target."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    said: dict[str, bytes] = dataclasses.field(default_factory=dict)
    defect: str = ""
    input: bytes = b""

    def as_json(self) -> dict[str, Any]:
        plain = {"target": self.target, "inputs": self.inputs, "different outcomes": len(self.said)}
        return {**plain, "seconds": round(self.seconds, 1), "defect": self.defect}


def corpus(name: str) -> list[bytes]:
    """The saved inputs of a target."""
    return [path.read_bytes() for path in sorted((CORPUS / name).glob("*")) if path.is_file()]


def run(name: str, seconds: float, seed: int = 1, most: int = 1 << 60) -> Tally:
    """Feed one target: its seeds, its corpus, then what is made of them, for so long or so many.

    `seconds` are of the processor, so that a busy machine tries as much as an idle one.
    """
    target, rng, tally = TARGETS[name], random.Random(f"{name} {seed}"), Tally(name)
    pool = target.seeds() + corpus(name)
    with _watched(), target.opened() as check:
        began = time.process_time()
        for data in _inputs(target, rng, pool):
            if tally.inputs >= most or (tally.inputs >= len(pool) and time.process_time() - began > seconds):
                break
            _feed(tally, check, data, pool)
            if tally.defect:
                break
        tally.seconds = time.process_time() - began
    return tally


def _inputs(target: Target, rng: random.Random, pool: list[bytes]) -> Iterator[bytes]:
    yield from tuple(pool)
    while True:
        yield mutated(rng, target, rng.choice(pool), rng.choice(pool))


def _feed(tally: Tally, check: Any, data: bytes, pool: list[bytes]) -> None:
    tally.inputs += 1
    signal.setitimer(signal.ITIMER_PROF, SLOW_S)
    try:
        said = re.sub(r"[0-9a-f]{8,}|\d+|'[^']*'", "#", check(data))[:80]
    except Exception:
        tally.defect, tally.input = traceback.format_exc(limit=-6), data
        return
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if said not in tally.said and len(pool) < POOL:
        tally.said[said] = data
        pool.append(data)


@contextmanager
def _watched() -> Iterator[None]:
    def late(_number: int, _frame: Any) -> None:
        raise Slow(f"more than {SLOW_S} s")

    before = signal.signal(signal.SIGPROF, late)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        signal.signal(signal.SIGPROF, before)


def save(tally: Tally) -> None:
    """Keep what told something new, or the defect."""
    folder = CORPUS / tally.target
    folder.mkdir(parents=True, exist_ok=True)
    if tally.defect:
        (folder / f"defect-{sha256(tally.input).hexdigest()[:12]}").write_bytes(tally.input)
        return
    small = sorted((data for data in tally.said.values() if len(data) <= KEPT_BYTES), key=len)
    for data in small[:KEPT]:
        (folder / sha256(data).hexdigest()[:12]).write_bytes(data)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--target", action="append", choices=["all", *TARGETS], help="which; all without any")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the processor, for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="save what told something new in tests/corpus/")
    parser.add_argument("--json", action="store_true", help="the counts as JSON")
    args = parser.parse_args(words)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    names = list(TARGETS) if not args.target or "all" in args.target else args.target
    tallies = []
    for name in names:
        tallies.append(tally := run(name, args.seconds, args.seed))
        if args.keep or tally.defect:
            save(tally)
        if not args.json:
            print(" ".join(f"{what}: {value}" for what, value in tally.as_json().items()), flush=True)
    if args.json:
        print(json.dumps([tally.as_json() for tally in tallies], indent=1))
    return 1 if any(tally.defect for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
