"""Every scenario against the controller's process; then the language they are written in."""

import contextlib
from pathlib import Path

import pytest

from agent import words
from firmware import codes
from firmware.journal import entry, kinds
from tests.scenarios import document, ending, runner
from tests.scenarios.language import BadScenario, Failed, Scenario, read, understand
from tests.scenarios.names import CODES

ALL = runner.scenarios()
REMOVAL = """
Scenario: told
  Given the ward cabinet
  And 10 of saline in D01-P01
  When Mira signs on
  And she asks to remove 2 of saline for {patient}
"""


@pytest.fixture
def told(tmp_path: Path):
    """Runs the text of one scenario."""

    def run(text: str, patient: str = "P1") -> None:
        path = tmp_path / "told.scn"
        path.write_text(REMOVAL.format(patient=patient) + text, encoding="utf-8")
        runner.run(read(path)[0], tmp_path)

    return run


def _marked(scenario: Scenario):
    return pytest.param(
        scenario, id=f"{scenario.path.stem}: {scenario.title}", marks=[pytest.mark.req(id) for id in scenario.shows]
    )


@pytest.mark.parametrize("scenario", [_marked(s) for s in ALL])
def test_scenario(scenario: Scenario, tmp_path: Path) -> None:
    runner.run(scenario, tmp_path)


def test_there_are_enough_and_no_two_of_one_name() -> None:
    names = [(s.path.stem, s.title) for s in ALL]
    assert len(names) >= 60 and len(set(names)) == len(names)


def test_every_sentence_is_used() -> None:
    used = {id(understand(line)[0].step) for scenario in ALL for line in scenario.lines}
    idle = [s.pattern for s in runner.SENTENCES if id(s.step) not in used and s.topic != "cabinet"]
    assert idle == []


def test_what_is_refused_has_words_for_the_person() -> None:
    refused = {
        CODES[understand(line)[1]["code"]]
        for scenario in ALL
        for line in scenario.lines
        if line.text.startswith("the cabinet refuses")
    }
    assert refused and refused <= set(words.WORDS)


def test_the_page_is_up_to_date() -> None:
    assert document.PAGE.read_text(encoding="utf-8") == document.text(), "run `make docs`"


def test_an_unknown_sentence_names_file_line_and_the_nearest_one(told) -> None:
    with pytest.raises(BadScenario, match=r"told\.scn:7: .*the nearest is '\{who\} pulls drawer \{drawer:number\}'"):
        told("  And she pulls the drawer 1\n")


def test_a_sentence_under_the_wrong_word_is_told(told) -> None:
    with pytest.raises(BadScenario, match=r"told\.scn:7: .* goes with When, not with Then"):
        told("  Then she pulls drawer 1\n")


def test_a_refusal_nobody_speaks_of_fails(told) -> None:
    with pytest.raises(Failed, match=r"told\.scn:7: .*refused: unknown patient"):
        told("  Then nothing unlocks\n", "P9")
    with pytest.raises(Failed, match=r"told\.scn:6: .*refused: unknown patient"):
        told("", "P9")


def test_another_refusal_than_the_one_named_fails(told) -> None:
    with pytest.raises(Failed, match=r"told\.scn:7: .*the answer is: unknown patient"):
        told("  Then the cabinet refuses: not enough\n", "P9")


def test_what_unlocks_and_is_not_spoken_of_fails(told) -> None:
    with pytest.raises(Failed, match=r"told\.scn:7: .*'D01'.* unlocked and the text does not say so"):
        told("  Then the book has 10 of saline in D01-P01\n")


def test_another_drawer_than_the_one_named_fails(told) -> None:
    with pytest.raises(Failed, match=r"told\.scn:7: .*unlocked: \['D01'\]"):
        told("  Then drawer 2 unlocks\n")


@pytest.mark.parametrize(
    ("entries", "wrong"),
    [
        ("sign on", "2 entries, not 1"),
        ("sign on, access, opened", "2 entries, not 3"),
        ("sign on by Emil, access", "not by Emil"),
        ("sign on, remove", "it is access"),
        ("sign on, access 3 of saline", "not 3"),
    ],
)
def test_a_journal_that_is_not_as_told_fails(told, entries: str, wrong: str) -> None:
    with pytest.raises(Failed, match=rf"told\.scn:8: .*{wrong}"):
        told(f"  Then drawer 1 unlocks\n  And the journal adds: {entries}\n")


@pytest.mark.parametrize(
    ("outcomes", "going_on", "fails"),
    [
        ([kinds.REMOVE], False, False),
        ([kinds.REMOVE, kinds.REMOVE], False, True),
        ([kinds.REMOVE, kinds.CANCELLED], False, True),
        ([kinds.BIN_EMPTIED, kinds.BIN_EMPTIED], False, False),
        ([], True, False),
        ([], False, True),
    ],
)
def test_an_access_ends_once(outcomes: list[int], going_on: bool, fails: bool) -> None:
    def of_kind(kind: int) -> list[int]:
        return [0] * entry.F_KIND + [kind] + [0] * (entry.FIELDS - entry.F_KIND - 1)

    with pytest.raises(Failed, match="has the outcomes") if fails else contextlib.nullcontext():
        ending.ended_once(of_kind(kinds.ACCESS), [of_kind(kind) for kind in outcomes], going_on)


def test_a_code_that_is_none_is_told(told) -> None:
    with pytest.raises(BadScenario, match="there is no code 'no idea'"):
        told("  Then the cabinet refuses: no idea\n", "P9")


def test_what_hangs_on_nothing_is_told(told) -> None:
    with pytest.raises(BadScenario, match=r"told\.scn:7: this hangs on nothing"):
        told("  - sign on\n")


def test_codes_in_words_name_each_code_once() -> None:
    assert len(set(CODES.values())) == len(CODES) and CODES["not enough"] == codes.NOT_ENOUGH
