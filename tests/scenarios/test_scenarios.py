"""Every scenario, against the controller's process; and the language they are written in."""

from pathlib import Path

import pytest

from tests.scenarios import runner
from tests.scenarios.language import Scenario

ALL = runner.scenarios()


@pytest.mark.parametrize("scenario", ALL, ids=[f"{s.path.stem}: {s.title}" for s in ALL])
def test_scenario(scenario: Scenario, tmp_path: Path) -> None:
    runner.run(scenario, tmp_path)
