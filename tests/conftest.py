"""What all tests share: options and fixtures of all suites. Fixtures of one room live in that room's own conftest."""

from pathlib import Path

import pytest

pytest_plugins = ("tests.micropython_plugin",)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--data", type=Path, default=None, help="folder with real data; without it real_data tests are left out"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--data") is not None:
        return
    left_out = [item for item in items if item.get_closest_marker("real_data")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("real_data")]


@pytest.fixture(scope="session")
def data_dir(pytestconfig: pytest.Config) -> Path:
    """The folder named by --data."""
    folder: Path = pytestconfig.getoption("--data").resolve()
    assert folder.is_dir(), f"no folder {folder}: name the data with --data"
    return folder
