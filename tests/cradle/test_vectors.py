"""The vector files of POL/SELECT are what their maker makes."""

import re

from tests.vectors.make import text
from tests.vectors.polselect import make


def test_making_them_again_gives_the_same_files() -> None:
    held = {path.stem: path.read_text(encoding="utf-8") for path in make.HERE.glob("*.json")}
    assert held == {name: text(case) for name, case in make.cases().items()}


def test_the_document_names_each_file() -> None:
    page = (make.HERE.parents[2] / "docs" / "polselect.md").read_text(encoding="utf-8")
    section = page.split("## 10. Vectors")[1].split("\n## ")[0].split("- Golden:")[1]
    assert sorted(re.findall(r"`(\w+)`", section)) == sorted(make.cases())
