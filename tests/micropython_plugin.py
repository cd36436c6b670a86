"""Runs each `tests/firmware/test_*.py` a second time, under MicroPython with the heap of a board.

The files hold plain functions; requirement ids are in a module-level `REQ` tuple, which becomes `req` markers.
`APOTHECA_MICROPYTHON` names another build than the one next to the interpreter.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HEAP = "384K"
RUNNER = Path(__file__).parent / "firmware" / "run_mpy.py"
ROOT = Path(__file__).parent.parent


def micropython() -> str:
    """The MicroPython to run: of `APOTHECA_MICROPYTHON`, else the one of this environment."""
    return os.environ.get("APOTHECA_MICROPYTHON") or str(Path(sys.executable).parent / "micropython")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "MicroPythonFile | None":
    if file_path.parent == RUNNER.parent and file_path.name.startswith("test_") and file_path.suffix == ".py":
        return MicroPythonFile.from_parent(parent, path=file_path)
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == RUNNER.parent:
            for requirement in _requirements(item.path):
                item.add_marker(pytest.mark.req(requirement))


class MicroPythonFile(pytest.File):
    def collect(self) -> Iterator["MicroPythonItem"]:
        yield MicroPythonItem.from_parent(self, name="micropython")


class MicroPythonItem(pytest.Item):
    def runtest(self) -> None:
        command = [micropython(), "-X", f"heapsize={HEAP}", str(RUNNER), str(self.path)]
        env = os.environ | {"MICROPYPATH": f"{ROOT}:.frozen"}
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode:
            raise MicroPythonFailed(done.stdout + done.stderr)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        if isinstance(excinfo.value, MicroPythonFailed):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.path.name} under MicroPython"


class MicroPythonFailed(Exception):
    """Output of a failed run."""


def _requirements(path: Path) -> tuple[str, ...]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and [t.id for t in node.targets if isinstance(t, ast.Name)] == ["REQ"]:
            return tuple(ast.literal_eval(node.value))
    return ()
