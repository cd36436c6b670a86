"""`docs/one-removal.md` names functions; each must exist. Ports run on MicroPython only: their source is looked at."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = sorted(set(re.findall(r"`(firmware(?:\.\w+)+)`", (ROOT / "docs/one-removal.md").read_text())))


def split(name: str) -> tuple[Path, list[str]]:
    """The module's file and the names inside it."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:n]).with_suffix(".py")
        if path.is_file():
            return path, parts[n:]
    raise AssertionError(f"no module for {name}")


def in_source(path: Path, names: list[str]) -> bool:
    body: list[ast.stmt] = ast.parse(path.read_text()).body
    for name in names:
        found = [n for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name]
        if not found:
            return False
        body = found[0].body
    return True


@pytest.mark.parametrize("name", NAMED)
def test_named_function_exists(name: str) -> None:
    path, names = split(name)
    assert names and in_source(path, names)


def test_the_firmware_half_is_there() -> None:
    assert len(NAMED) > 30
