"""Mutation testing finds what tests do not notice, and its list of equivalents names mutants that there are."""

from collections import Counter
from pathlib import Path

import pytest

from tests.tools import mutants
from tests.tools.mutate import mutants as mutate

SOURCE = """
LIMITS = {1: (2, 3)}


def f(a, b):
    if a < b and not b:
        return a + 1
    return [x for x in a if x]
"""


@pytest.mark.parametrize(
    "change",
    [
        "{1: (2, 3)} → {}",
        "(2, 3) → (3,)",
        "3 → 4",
        "if a < b and (not b) → nothing",
        "if a < b and (not b) → if not (a < b and (not b))",
        "a < b → a >= b",
        "a < b and (not b) → a < b or not b",
        "a < b and (not b) → a < b",
        "not b → b",
        "a + 1 → a - 1",
        "return a + 1 → return None",
        "return a + 1 → nothing",
        "[x for x in a if x] → [x for x in a]",
    ],
)
def test_each_kind_of_change_is_made_once(change: str) -> None:
    assert Counter(mutant.change for mutant in mutate(SOURCE, "f.py"))[change] == 1


def test_a_mutant_is_the_module_but_for_its_change() -> None:
    (mutant,) = [m for m in mutate(SOURCE, "f.py") if m.change == "a < b → a <= b"]
    assert (mutant.line, mutant.text) == (6, "if a < b and not b:")
    made: dict[str, object] = {}
    exec(mutant.code, made)
    assert made["f"](0, 0) == 1 and made["LIMITS"] == {1: (2, 3)}  # type: ignore[operator]


@pytest.mark.parametrize("module", mutants.TESTS)
def test_what_is_shown_equivalent_is_a_mutant_of_today(module: str) -> None:
    shown = Counter({row: n for row, n in mutants.documented().items() if row[0] == module})
    assert not shown - Counter(mutants.row(module, mutant) for mutant in mutants.of(module))


def test_of_two_mutants_the_tests_notice_the_one_that_matters(capsys: pytest.CaptureFixture[str]) -> None:
    found = mutants.of("layers")
    harmless = next(m for m in found if m.change == "missing <= 0 → missing < 0")
    harmful = next(m for m in found if m.change == "min(held, quantity) → max(held, quantity)")
    assert mutants.survivors("layers", [harmful, harmless]) == [harmless]


def test_a_row_that_says_nothing_of_the_module_is_told(tmp_path: Path) -> None:
    doc = tmp_path / "mutants.md"
    doc.write_text("# Mutants\n\n| `gate` | `a \\| b` | `a → b` | why |\n", encoding="utf-8")
    assert mutants.documented(doc) == {("gate", "a | b", "a → b"): 1}
