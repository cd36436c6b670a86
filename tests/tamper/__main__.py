"""The tamper corpus: `python -m tests.tamper --cases 1000 --json FILE` (`-`: to standard output).

Prints of each kind how many cases there were, and how many each verifier found, and found with the exact first bad
entry. Exit code 1 unless that is all of them.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.tamper import corpus, site

BASE_SEED = 6


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=BASE_SEED)
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        base, export = site.make(Path(folder) / "site", time.time_ns() // 1_000_000)
        wanted = list(corpus.cases(base, args.cases, args.seed))
        table = corpus.run(base, export, wanted, Path(folder))
    told = {"seed": args.seed, **table.as_json(), "seconds": round(time.monotonic() - began, 1)}
    if args.json and args.json != "-":
        Path(args.json).write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1) if args.json == "-" else "\n".join(table.lines()))
    return 1 if table.misses else 0


if __name__ == "__main__":
    sys.exit(main())
