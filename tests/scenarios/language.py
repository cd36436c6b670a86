"""The language of the scenarios: sentences in plain English, each tied to one step.

A file is a list of scenarios. A scenario is a title, the requirements it shows and lines that begin with Given, When,
Then or And. A line is matched against the table of sentences; a line no sentence fits is an error that names the file,
the line and the nearest sentence there is.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

MOODS = ("Given", "When", "Then")
_SPANS_MS = {"millisecond": 1, "second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}


class BadScenario(Exception):
    """The text is not right; the message names file and line."""


class Failed(AssertionError):
    """What the text says is not what the cabinet did; the message names file and line."""


def _span_ms(text: str) -> int:
    count, unit = text.split()
    return int(count) * _SPANS_MS[unit.rstrip("s")]


def _expiry_min(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60


def _clock_min(text: str) -> int:
    hours, minutes = text.split(":")
    return 60 * int(hours) + int(minutes)


# what may stand in a blank of a sentence, what it becomes, how docs/scenarios.md explains it
BLANKS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "number": (r"-?\d+", int, "a whole number"),
    "amount": (r"\d+(?:\.\d+)?", Decimal, "how much of a drug, in its units: `2` or `0.5`"),
    "name": (r"[A-Za-z0-9_]+(?:-[A-Za-z0-9_]+)*", str, "a drug, a patient, an order, a person: letters, digits, `-`"),
    "place": (r"D\d\d-P\d\d\d?", str, "a pocket: `D02-P01` is pocket 1 of drawer 2"),
    "target": (r"D\d\d(?:-P\d\d\d?)?", str, "a pocket, or a whole drawer: `D02`"),
    "who": (r"[Ss]he|[Hh]e|[Ss]omebody|[A-Z][a-z]+", str, "a person; *she*, *he*: who is signed on; *somebody*"),
    "span": (r"\d+ (?:millisecond|second|minute|hour|day)s?", _span_ms, "how long: `3 minutes`"),
    "date": (r"\d{4}-\d\d-\d\d", _expiry_min, "a day: `2027-03-01`"),
    "clock": (r"\d\d:\d\d", _clock_min, "a time of day: `08:00`"),
    "words": (r"[^,:]+?", str, "some words"),
    "list": (r".+", lambda text: [part.strip() for part in text.split(",")], "several, with commas between"),
}
_BLANK = re.compile(r"\{(\w+)(?::(\w+))?\}")


@dataclass(frozen=True)
class Sentence:
    """One sentence: its pattern, the step it stands for, what it means."""

    mood: str
    pattern: str
    step: Callable[..., None]
    refusal: bool

    @property
    def meaning(self) -> str:
        return " ".join((self.step.__doc__ or "").split())

    @property
    def literal(self) -> int:
        """How many letters are its own: of two sentences that fit, the one that says more is meant."""
        return len(re.sub(r"\[.*?\]", "", _BLANK.sub("", self.pattern)))

    @property
    def topic(self) -> str:
        return self.step.__module__.rsplit(".", 1)[-1].removeprefix("steps_")

    def match(self, text: str) -> dict[str, Any] | None:
        """The blanks filled in, or None if the text is not this sentence."""
        found = _compiled(self.pattern).fullmatch(text)
        if found is None:
            return None
        kinds = {name: kind or name for name, kind in _BLANK.findall(self.pattern)}
        return {name: BLANKS[kinds[name]][1](value) for name, value in found.groupdict().items() if value is not None}


SENTENCES: list[Sentence] = []
_EXPRESSIONS: dict[str, re.Pattern[str]] = {}


def sentence(mood: str, *patterns: str, refusal: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Ties sentences to a step. `{blank}` or `{name:blank}` is filled in, `[...]` may be left out, a pattern that ends
    with a colon is followed by lines that begin with `-`. `refusal`: the step looks at what the cabinet has refused."""
    assert mood in MOODS

    def tie(step: Callable[..., None]) -> Callable[..., None]:
        SENTENCES.extend(Sentence(mood, pattern, step, refusal) for pattern in patterns)
        return step

    return tie


def _compiled(pattern: str) -> re.Pattern[str]:
    if pattern not in _EXPRESSIONS:
        literal = re.escape(_BLANK.sub(lambda blank: f"<{blank[1]}={blank[2] or blank[1]}>", pattern))
        optional = literal.replace(r"\[", "(?:").replace(r"\]", ")?")
        _EXPRESSIONS[pattern] = re.compile(re.sub(r"<(\w+)=(\w+)>", _group, optional))
    return _EXPRESSIONS[pattern]


def _group(blank: re.Match[str]) -> str:
    return f"(?P<{blank[1]}>{BLANKS[blank[2]][0]})"


@dataclass
class Line:
    """One line: where it stands, its mood, its words, the lines that hang on it."""

    path: Path
    number: int
    mood: str
    text: str
    rows: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        return f"{self.path.name}:{self.number}"


@dataclass
class Scenario:
    """One scenario."""

    path: Path
    number: int
    title: str
    shows: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def read(path: Path) -> list[Scenario]:
    """The scenarios of a file; the lines under `Background:` come before each. Raises BadScenario."""
    background = Scenario(path, 0, "Background")
    scenarios: list[Scenario] = []
    current = background
    for number, text in _meaningful(path):
        head, _, rest = text.partition(":")
        if head == "Scenario":
            current = Scenario(path, number, rest.strip(), lines=list(background.lines))
            scenarios.append(current)
        elif head == "Shows":
            current.shows = [part.strip() for part in rest.split(",")]
        elif text != "Background:":
            _add(current, Line(path, number, "", text))
    return scenarios


def _meaningful(path: Path) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = raw.strip()
        if text and not text.startswith("#"):
            yield number, text


def _add(scenario: Scenario, line: Line) -> None:
    if line.text.startswith("- "):
        if not scenario.lines or not scenario.lines[-1].text.endswith(":"):
            raise BadScenario(f"{line.where}: this hangs on nothing: the line before has to end with a colon")
        scenario.lines[-1].rows.append(line.text[2:])
        return
    word, _, line.text = line.text.partition(" ")
    before = scenario.lines[-1].mood if scenario.lines else ""
    line.mood = before if word == "And" else word
    if line.mood not in MOODS:
        raise BadScenario(f"{line.where}: a line begins with Given, When, Then or And, not with {word!r}")
    scenario.lines.append(line)


def understand(line: Line) -> tuple[Sentence, dict[str, Any]]:
    """The sentence a line is, and its blanks. Raises BadScenario. What can be done may also be given."""
    found = [(s, filled) for s in SENTENCES if (filled := s.match(line.text)) is not None]
    fitting = [pair for pair in found if pair[0].mood == line.mood or (pair[0].mood, line.mood) == ("When", "Given")]
    if fitting:
        return max(fitting, key=lambda pair: pair[0].literal)
    if found:
        raise BadScenario(f"{line.where}: {line.text!r} goes with {found[0][0].mood}, not with {line.mood}")
    raise BadScenario(f"{line.where}: nothing means {line.text!r}; the nearest is {_nearest(line.text)!r}")


def _nearest(text: str) -> str:
    plain = {_BLANK.sub(lambda m: m[1], s.pattern): s.pattern for s in SENTENCES}
    close = difflib.get_close_matches(text, plain, n=1, cutoff=0.0)
    return plain[close[0]]
