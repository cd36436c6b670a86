"""docs/threat-model.md names a test for each threat: those tests exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/.]+\.py)(?:::(\w+))?`")
THREATS = (
    *("stolen cabinet", "end of a cabinet's journal", "owner of the database", "agent's disk", "controller's flash"),
    *(
        "cloned",
        "replayed command",
        "unlock",
        "PAR",
        "restriction",
        "compromised broker",
        "root on the agent's computer",
    ),
    *("clock", "malicious firmware", "old algorithms"),
)


def test_each_threat_has_a_row_and_each_test_exists():
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    rows = [
        line for line in text.split("## Threat by threat")[1].split("\n## ")[0].splitlines() if line.startswith("| ")
    ]
    first = [row.split("|")[1] for row in rows]
    assert [threat for threat in THREATS if not any(threat in one for one in first)] == []
    named = NAMED.findall(text)
    assert len(named) >= 15
    for path, test in named:
        assert not test or f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), (path, test)
