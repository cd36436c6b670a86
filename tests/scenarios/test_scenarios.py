"""Every scenario, against the controller's process; and the language they are written in."""

from pathlib import Path

import pytest

from tests.scenarios import runner
from tests.scenarios.bytecode import compile_firmware
from tests.scenarios.language import Scenario

ALL = runner.scenarios()


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_firmware(tmp_path_factory.mktemp("firmware"))


@pytest.mark.parametrize("scenario", ALL, ids=[f"{s.path.stem}: {s.title}" for s in ALL])
def test_scenario(scenario: Scenario, tmp_path: Path, code: Path) -> None:
    runner.run(scenario, tmp_path, code)
