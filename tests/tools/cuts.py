"""Exhaustive cuts, counted: the journal's flash, and SQLite behind the agent's outbox and the centre's database.

    python -m tests.tools.cuts [single pairs flips ...] [--json]

Ends with an AssertionError at the first cut that is not recovered. `make test-deep` runs the same.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.cuts import flash

PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "single": flash.single,
    "pairs": flash.pairs,
    "flips": flash.flips,
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
