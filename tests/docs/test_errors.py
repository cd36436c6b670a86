"""docs/errors.md has every numbered code with its words, and names tests that exist."""

import re
from pathlib import Path

from agent import words as kiosk
from firmware import codes
from server_stub.console import words as console

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
ROWS = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in TEXT.splitlines() if line[:2] == "| "]
NAMES = {name: number for name, number in vars(codes).items() if name.isupper() and isinstance(number, int)}


def test_every_code_is_listed_with_its_words():
    listed = {(int(row[0]), row[1]) for row in ROWS if row[0].isdigit()}
    assert listed == {(number, name) for name, number in NAMES.items()}
    assert all(words for row in ROWS if row[0].isdigit() and not row[1].startswith("ALARM_") for words in row[3:])


def told(who):
    return {int(row[0]): row[3] for row in ROWS if row[0].isdigit() and row[2] == who}


def test_words_are_those_that_people_see():
    assert told("kiosk") == kiosk.WORDS
    assert told("kiosk, alerts") == kiosk.ALERTS
    assert told("console, evidence") == console.REFUSALS
    alarms = {int(row[0]): row[2:] for row in ROWS if row[0].isdigit() and row[1].startswith("ALARM_")}
    assert alarms == {number: (kiosk.ALARMS[number], console.alarm(number, 0)) for number in kiosk.ALARMS}
    for number, words in told("console, alarms").items():
        assert words == console.alarm(number, 0)


def test_tests_named_exist():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
    assert len(named) > 15
    gone = [
        f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert not gone
