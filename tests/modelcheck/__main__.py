"""`python -m tests.modelcheck [CABINET ...]`: explores all states of the small cabinets and prints how many there are.

Exit code 1 if an invariant breaks somewhere (with the shortest way there), or if `--most` ended a run before its end.
"""

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.modelcheck import cabinets, planted, trace
from tests.modelcheck.explore import Explorer, Result


def as_json(result: Result) -> dict[str, Any]:
    """What one run came to."""
    return {
        "cabinet": result.plan.name,
        "states": result.states,
        "states_without_power": result.off,
        "transitions": result.transitions,
        "transitions_by_event": dict(result.events),
        "longest_shortest_way": result.deepest,
        "merged_states_compared": result.compared,
        "complete": result.complete,
        "seconds": round(result.seconds, 1),
        "violation": str(result.violation) if result.violation else None,
        "trace": list(trace.told(result)) if result.violation else [],
    }


def line(said: dict[str, Any]) -> str:
    """The same in a line."""
    whole = "all" if said["complete"] else "the first"
    return (
        f"{said['cabinet']}: {whole} {said['states']} states, {said['states_without_power']} of them without power, "
        f"{said['transitions']} transitions, {said['longest_shortest_way']} events at most from the start, "
        f"{said['merged_states_compared']} merged states compared, {said['seconds']} s"
    )


def show(said: dict[str, Any]) -> None:
    """The same in lines, and how an invariant was broken."""
    print(line(said))
    if said["violation"]:
        print(f"  VIOLATED {said['violation']}")
        print(*said["trace"], sep="\n")


def _runs(options: argparse.Namespace) -> list[tuple[cabinets.Plan, Any]]:
    if options.planted:
        return [(cabinets.BY_NAME[fault.cabinet], fault) for fault in planted.PLANTED]
    return [(cabinets.BY_NAME[name], None) for name in options.cabinet or cabinets.BY_NAME]


def main(arguments: list[str]) -> int:
    """Exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.modelcheck", description=__doc__)
    parser.add_argument("cabinet", nargs="*", choices=[*cabinets.BY_NAME, []], help="which ones, instead of all")
    parser.add_argument("--planted", action="store_true", help="with each of the planted faults instead")
    parser.add_argument("--most", type=int, default=10**9, help="states of one cabinet at most")
    parser.add_argument("--json", help="write the results here (- is standard output)")
    options = parser.parse_args(arguments)
    results, held = [], True
    for plan, fault in _runs(options):
        with fault.at_work() if fault else nullcontext():
            said = as_json(Explorer(plan, options.most).explore())
        if fault:
            print(f"planted: {fault.what}", file=sys.stderr)
            said["planted"] = fault.what
            held = held and str(said["violation"]).startswith(fault.invariant)
        else:
            held = held and said["complete"] and not said["violation"]
        results.append(said)
        if options.json != "-":
            show(said)
    if options.json:
        _write(options.json, json.dumps(results, indent=2) + "\n")
    return 0 if held else 1


def _write(to: str, text: str) -> None:
    if to == "-":
        sys.stdout.write(text)
    else:
        Path(to).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
