"""The walk through one removal names functions that exist."""

import importlib
import re
from pathlib import Path

import pytest

DOC = Path(__file__).parents[2] / "docs" / "one-removal-centre.md"
NAMES = sorted(set(re.findall(r"`(server_stub\.[\w.]+)`", DOC.read_text())))


@pytest.mark.parametrize("name", NAMES)
def test_named_function_exists(name):
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[cut:]:
            found = getattr(found, attribute)
        return
    raise AssertionError(name)
