"""Runs a scenario line by line; what goes wrong is said with file and line."""

import importlib
import inspect
from pathlib import Path

from tests.scenarios import ending
from tests.scenarios.language import SENTENCES, BadScenario, Failed, Line, Scenario, Sentence, read, understand
from tests.scenarios.names import in_words
from tests.scenarios.world import World

FOLDER = Path(__file__).parent
STEPS = sorted(path.stem for path in FOLDER.glob("steps_*.py"))
for name in STEPS:
    importlib.import_module(f"tests.scenarios.{name}")


def scenarios() -> list[Scenario]:
    """All scenarios of all files."""
    return [scenario for path in sorted(FOLDER.glob("*.scn")) for scenario in read(path)]


def run(scenario: Scenario, folder: Path) -> None:
    """`folder` is what the cabinet's computer keeps. Every line is understood before the
    first is done. Raises Failed, or BadScenario."""
    plan = [(line, *understand(line)) for line in scenario.lines]
    world = World(folder)
    try:
        for line, known, filled in plan:
            _do(world, line, known, filled)
        _at(scenario.lines[-1], lambda: ending.check(world))
        _all_said(world, scenario.lines[-1])
    finally:
        world.close()


def _do(world: World, line: Line, known: Sentence, filled: dict[str, object]) -> None:
    if not known.refusal:
        _all_said(world, line)
    if line.rows or "rows" in inspect.signature(known.step).parameters:
        filled = {**filled, "rows": line.rows}
    _at(line, lambda: known.step(world, **filled))
    if line.mood == "Given" and world.started:
        _at(line, world.send_tables)
        world.written()


def _all_said(world: World, line: Line) -> None:
    if world.refused:
        code, params = world.answer
        raise Failed(f"{line.where}: before this the cabinet refused: {in_words(code)} {params}")


def _at(line: Line, do) -> None:  # type: ignore[no-untyped-def]
    try:
        do()
    except (BadScenario, Failed) as wrong:
        raise type(wrong)(f"{line.where}: {line.text}: {wrong}") from wrong


__all__ = ["SENTENCES", "run", "scenarios"]
