"""docs/scenarios.md: every sentence there is, made from the table of sentences.

`python -m tests.scenarios.document` writes it.
"""

import re

from tests.scenarios import entries, runner
from tests.scenarios.language import BLANKS, Sentence

PAGE = runner.FOLDER.parents[1] / "docs" / "scenarios.md"
HEAD = """# Scenarios

Written by `make docs` from the table of sentences (`tests/scenarios/steps_*.py`); do not edit.

`tests/scenarios/*.scn` say in plain English what a cabinet does: {count} scenarios, each run against the controller's
own process (MicroPython, the firmware compiled, 416 KB of heap) with the simulator's chips behind its bus. A technician
can read, change and add them. `.venv/bin/pytest tests/scenarios -k "blind count"` runs some.

A file is a list of scenarios; lines under `Background:` come before each. `Shows:` names the requirements. A line
begins with Given (what there is before the story), When (what somebody does), Then (what is seen) or And (as before).
Hospital time begins on 2027-01-15 at 08:00 UTC and goes on only when a line says so, but for the 50 ms a hand takes.

- What the cabinet refuses has to be named by the next line (`Then the cabinet refuses: ...`), else the scenario fails.
- What unlocks has to be spoken of: by `unlocks`, or by being pulled or lifted. Anything else that unlocks fails it.
- At the end each access has exactly one outcome, and each entry of the journal follows the one before (chain and MAC).
- A line no sentence fits is an error with file, line and the nearest sentence.

`cabinets/NAME.txt` holds what `the NAME cabinet` begins with. In the sentences below `{{blank}}` is to be filled in and
`[...]` may be left out.

## Blanks

| Blank | Stands for |
|---|---|
"""
TOPICS = {
    "cabinet": "Before the story",
    "stock": "Stock",
    "requests": "What is asked for",
    "people": "People",
    "hands": "Hands",
    "surroundings": "Around the drawers",
    "pharmacy": "The pharmacy",
    "screen": "The screen and the journal",
    "shipped": "What is shipped",
}
ENTRIES = """
## Entries

`the journal adds:` is followed by entries, one a line after `- `, or in the same line with commas between: the kind in
the words of `journal.md`, then any of these in any order.

"""


def text() -> str:
    """The page."""
    head = HEAD.format(count=len(runner.scenarios()))
    blanks = "".join(f"| `{{{name}}}` | {meaning} |\n" for name, (_, _, meaning) in BLANKS.items())
    topics = "".join(_topic(topic, title) for topic, title in TOPICS.items())
    says = "".join(f"- {meaning}\n" for _, _, meaning in entries.SAYS)
    return head + blanks + topics + ENTRIES + says


def _topic(topic: str, title: str) -> str:
    rows = "".join(_row(s) for s in runner.SENTENCES if s.topic == topic)
    return f"\n## {title}\n\n| | Sentence | Means |\n|---|---|---|\n{rows}"


def _row(s: Sentence) -> str:
    pattern = re.sub(r"\{(\w+):(\w+)\}", lambda blank: f"{{{blank[2]}}}", s.pattern)
    return f"| {s.mood} | `{pattern}` | {s.meaning} |\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()
