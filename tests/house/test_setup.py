"""`make setup` on a machine that lacks something says what, and what to do; it leaves an existing .venv alone."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _setup_with(python: str) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    command = ["make", "--always-make", "setup", f"PYTHON={python}"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "Setting up" not in done.stdout
    return done.stderr


def _python(path: Path, refuses: str) -> str:
    path.write_text(f'#!/bin/sh\ncase "$*" in\n--version) echo Python 3.9.2 ;;\n*{refuses}*) exit 1 ;;\nesac\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("refuses", "sentence"),
    [
        ("version_info", "Python 3.9.2 is too old: Apotheca needs 3.11 or newer"),
        ("ensurepip", "install the package python3-venv"),
    ],
)
def test_a_python_that_will_not_do_is_explained(refuses: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in _setup_with(_python(tmp_path / "python", refuses))


def test_no_python_at_all_is_explained() -> None:
    assert "install Python 3.11 or newer" in _setup_with("no-such-python")
