"""What all tests share: options and fixtures of all suites. Fixtures of one room live in that room's own conftest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import is_hypothesis_test, settings

from simulator.postgres import server

pytest_plugins = ("tests.micropython_plugin",)

# A file stays with one process: the longest begin first, lest everybody waits for the last one.
LONG = (
    "scenario/test_chain.py",
    "browser/test_console.py",
    "simulator/test_bench.py",
    "browser/test_kiosk.py",
    "centre/test_ingest.py",
    "scenarios/test_scenarios.py",
    "browser/test_removal.py",
    "scenario/test_bad_input.py",
    "unit/test_controller_process.py",
    "worlds/test_worlds.py",
    "console/test_accounts.py",
    "console/test_picking.py",
    "pharmacy/test_chain.py",
    "centre/test_crash.py",
    "centre/test_site.py",
    "agent/test_agent_process.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--data", type=Path, default=None, help="folder with real data; without it real_data tests are left out"
    )
    parser.addoption("--peers", action="store_true", help="also run what asks programs of others (make test-peers)")
    parser.addoption("--deep", action="store_true", help="also run what takes minutes (make test-deep)")


def pytest_configure(config: pytest.Config) -> None:
    """`make test` draws the same examples every time, so that it fails only for a change; `--deep` draws new ones."""
    settings.register_profile("same", derandomize=True, database=None, deadline=None)
    settings.register_profile("new", deadline=None, print_blob=True)
    settings.load_profile("new" if config.getoption("--deep") else "same")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--deep"):
        _draw_anew(items)
    _give_time(items)
    given = {"real_data": config.getoption("--data") is not None}
    given |= {name: config.getoption(f"--{name}") for name in ("peers", "deep")}
    absent = [name for name, there in given.items() if not there]
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in absent)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=_long_files_first)


def _draw_anew(items: list[pytest.Item]) -> None:
    """Property tests are deep too, for the examples that `make test` does not draw."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.deep)


def _long_files_first(item: pytest.Item) -> int:
    name = item.path.relative_to(Path(__file__).parent).as_posix()
    return LONG.index(name) if name in LONG else len(LONG)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests counted (`record_property`) is printed at the end, also of those that passed."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


# nothing deep is held to a time of its own: how long it takes is a matter of how busy the machine is
DEEP_TIMEOUT_S = 1800


def _give_time(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("deep"):
            item.add_marker(pytest.mark.timeout(DEEP_TIMEOUT_S))


@pytest.fixture(scope="session")
def data_dir(pytestconfig: pytest.Config) -> Path:
    """The folder named by --data."""
    folder: Path = pytestconfig.getoption("--data").resolve()
    assert folder.is_dir(), f"no folder {folder}: name the data with --data"
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """One PostgreSQL for all tests: the url of its databases, with {} in place of the name."""
    with server(durable=False) as url:
        yield url
