"""`python -m tests.redteam NAME|all`: plays the attackers, prints each attempt; 1 if one succeeded."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "firmware"))

NAMES = ("agent_root", "broker_root", "database_owner")


def play(name, folder):
    """The attack of this name in an empty folder."""
    from importlib import import_module

    return import_module(f"tests.redteam.{name}").run(folder)


def main(arguments):
    chosen = NAMES if arguments == ["all"] else tuple(arguments)
    if not chosen or set(chosen) - set(NAMES):
        print(f"usage: python -m tests.redteam {'|'.join(NAMES)}|all", file=sys.stderr)
        return 2
    good = True
    for name in chosen:
        with tempfile.TemporaryDirectory() as folder:
            attack = play(name, Path(folder))
        print("\n".join(attack.lines()), flush=True)
        good = good and attack.failed
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
