"""Exhaustive cuts, counted: the journal's flash, and SQLite behind the agent's outbox and the centre's database.

    python -m tests.tools.cuts [single pairs flips ...] [--json]

Ends with an AssertionError at the first cut that is not recovered. `make test-deep` runs the same.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cuts import centre, flash, full, outbox


def _in_folder(do: Callable[[Path], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    def done() -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="apotheca-cuts-") as folder:
            return do(Path(folder))

    return done


def _centre(do: Callable[..., dict[str, Any]], *args: Any, **named: Any) -> Callable[[], dict[str, Any]]:
    return _in_folder(lambda folder: do(centre.make_home(folder / "home"), *args, **named))


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "single": flash.single,
    "pairs": flash.pairs,
    "flips": flash.flips,
    "key-flips": flash.key_flips,
    "outbox": _in_folder(lambda folder: outbox.crashes(folder / "outbox.db", subsets=64)),
    "outbox-full": _in_folder(lambda folder: full.all_of_outbox(folder / "outbox.db")),
    "centre": _centre(centre.crashes, subsets=28),
    "centre-full": _centre(full.all_of_centre, 4),
}


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.cuts", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="which; all without any")
    parser.add_argument("--json", action="store_true", help="the counts as JSON")
    args = parser.parse_args(words)
    found = {}
    for name in args.parts or PARTS:
        began = time.perf_counter()
        found[name] = {**PARTS[name](), "seconds": round(time.perf_counter() - began, 1)}
        if not args.json:
            print(f"{name}: " + ", ".join(f"{what} {value}" for what, value in found[name].items()), flush=True)
    if args.json:
        print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
