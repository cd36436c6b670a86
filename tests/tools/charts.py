"""docs/drawers.md and docs/pick-labels.md: charts drawn by `transitions` from the very rows that firmware and centre run.

`python -m tests.tools.charts` writes both.
"""

# ruff: noqa: E501 - rows of a Markdown table do not break
from functools import partial
from pathlib import Path
from typing import Any

from transitions.extensions import GraphMachine

from firmware import chart
from firmware.storage import types
from server_stub.supply import life

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "drawers.md"
LABELS_PAGE = ROOT / "docs" / "pick-labels.md"
NAMES = (
    "UNKNOWN", "LOCKED", "RELEASED", "OPEN", "SETTLING", "FAILED", "DOUBTED", "LID_RELEASED", "LID_OPEN", "DISPENSING",
)  # fmt: skip
TITLES = {
    (types.MATRIX, types.TOWER, types.FRIDGE): "Matrix drawer (1), tower door (4), fridge (5)",
    (types.LIDDED,): "Drawer with lidded pockets (2)",
    (types.SINGLE,): "Single doses (3)",
    (types.SHELF,): "Shelf with take and put buttons (6)",
    (types.COIL,): "Coil dispenser (7)",
    (types.BIN,): "Return bin (8)",
}
HEAD = """# Drawers

Written by `make docs` from `firmware/storage/`; do not edit. A drawer's behaviour is data: rows of (from-state, event,
guard, to-state, time, facts), read by the interpreter `firmware.chart.Drawer`. Of the rows of a state and an event the
first whose guard holds is taken; without one nothing happens. Facts say what is to move (`unlock`, `lid`, `dispense`;
`lock_off` ends all of them), what is journaled and which alarms are raised and cleared. Times: `hold` how long something
stays released, `ajar` until alarm 1, `latch` for the latch to follow, `turn` for one dose to come, `retry` until a lock
that did not answer is told again; `keep` leaves the deadline as it was. `expired` is a tick at or after the deadline.

What holds for every type is checked by one suite that all inherit (`tests/firmware/storage_contract.py`): only a release of the locked
drawer moves anything, only in the pocket asked for, one thing at a time and for a bounded time; unknown is locked.

| Alarm | Raised | Cleared |
|---|---|---|
| 1 left open | open longer than `ajar_ms` | closed |
| 2 forced | opened without a release | closed |
| 3 jammed | the latch does not follow, nothing comes of a release | it does |
| 4 sensors disagree | switch open and latch latched for `latch_ms`; more or fewer doses than asked for; a button or dose of another place | they agree, or the next closing |
| 5 journal full | fewer free pages than the reserve | room again |
| 6 journal damage | a boot finds pages missing or unverified, or a page that is asked for does not read back | a boot finds none, or two snapshots have passed them |
| 7 lid forced | a lid opened that was not released; the drawer shut over an open lid | all lids shut |
| 8 tamper | the case is open | shut |
| 9 on battery, 10 battery low | mains lost; below 20 % | mains back |
| 11 temperature | outside the policy's limits, or the thermometer silent, for `excursion_min` minutes | a value within them |
| 12 clock moved | UTC moved by more than 5 s against monotonic time | 60 s later, with time from network or centre |
| 13 rolled back | the secure element has counted further than the journal's last seal | maintenance ends |
| 14 element | it has counted less, or does not answer | maintenance ends |

A drawer under quarantine (entry 37) gives nothing and takes nothing in until command 4 releases it, counting and taking out
go on; while alarm 11 stands that command is refused.
"""


LABELS_HEAD = """# The life of a pick label

Written by `make docs` from `server_stub/supply/life.py`; do not edit. `docs/picking.md` says what the words mean. A label is
(serial, when it was picked); what happened to its package is walked in the order of its own times, in whatever order it
came to the centre. Anything that has no row here changes nothing and is a finding.
"""


def machine(kind: int, model: Any) -> GraphMachine:
    """A `transitions` machine over the chart of storage type `kind`; `model` has what the guards look at."""
    rows = [
        {
            "trigger": event,
            "source": NAMES[source],
            "dest": NAMES[dest],
            "conditions": [partial(chart.allows, guard, model)] if guard else [],
            "after": [partial(model.took, row)],
        }
        for row in types.chart(kind)
        for source, event, guard, dest, _, _ in (row,)
    ]
    return GraphMachine(
        model=model,
        states=list(NAMES),
        transitions=rows,
        initial=NAMES[chart.UNKNOWN],
        auto_transitions=False,
        ignore_invalid_triggers=True,
        graph_engine="mermaid",
    )


class Sketch:
    """A model that is only drawn."""

    def took(self, row: tuple[Any, ...]) -> None:
        """Nothing moves on paper."""


def _diagram(kind: int) -> str:
    used = {NAMES[state] for row in types.chart(kind) for state in (row[0], row[3])}
    unused = [name for name in NAMES if name not in used]
    return _drawn(machine(kind, Sketch()), unused)


def _drawn(chart: GraphMachine, unused: list[str]) -> str:
    source: str = chart.get_combined_graph().source
    lines = source.split("---\n", 2)[2].splitlines()
    kept = [line.rstrip() for line in lines if not _styles(line) and not _of(line, unused)]
    return "\n".join(_once(line) for line in kept if line)


def label_machine(model: Any) -> GraphMachine:
    """A `transitions` machine over the life of a pick label."""
    rows = [{"trigger": event, "source": source, "dest": target} for source, event, target in life.TRANSITIONS]
    return GraphMachine(
        model=model,
        states=list(life.STATES),
        transitions=rows,
        initial=life.NEW,
        auto_transitions=False,
        ignore_invalid_triggers=True,
        graph_engine="mermaid",
    )


def labels_page() -> str:
    """The text of docs/pick-labels.md."""
    rows = "\n".join(f"| {source} | {event} | {target} |" for source, event, target in life.TRANSITIONS)
    findings = "\n".join(f"| {number} | {words} |" for number, words in life.FINDINGS.items())
    chart = f"```mermaid\n{_drawn(label_machine(Sketch()), [])}\n```"
    table = f"| From | What happens | To |\n|---|---|---|\n{rows}\n"
    return f"{LABELS_HEAD}\n{chart}\n\n{table}\n| Finding | Words |\n|---|---|\n{findings}\n"


def _once(line: str) -> str:
    """Rows that differ in their guards only are one arrow with one word; the table has the guards."""
    arrow, colon, events = line.partition(": ")
    return arrow + colon + " | ".join(dict.fromkeys(events.split(" | ")))


def _styles(line: str) -> bool:
    return line.strip().startswith(("classDef", "Class "))


def _of(line: str, states: list[str]) -> bool:
    return line.strip().startswith("state ") and line.rsplit(maxsplit=1)[-1] in states


def _row(row: tuple[Any, ...]) -> str:
    source, event, guard, dest, time, facts = row
    told = ", ".join(f"{what} {value}" if value else what for what, value in facts)
    return f"| {NAMES[source]} | {event} | {guard} | {NAMES[dest]} | {time or ''} | {told} |"


def page() -> str:
    """The text of docs/drawers.md."""
    parts = [HEAD]
    for kinds, title in TITLES.items():
        rows = "\n".join(_row(row) for row in types.chart(kinds[0]))
        parts.append(
            f"## {title}\n\n```mermaid\n{_diagram(kinds[0])}\n```\n\n"
            f"| From | Event | Guard | To | Time | Facts |\n|---|---|---|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def main() -> None:
    """Write the pages."""
    for path, text in ((PAGE, page()), (LABELS_PAGE, labels_page())):
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
