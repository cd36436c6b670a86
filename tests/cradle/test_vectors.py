"""The vector files of POL/SELECT are what their maker makes."""

from tests.vectors.polselect import make


def test_making_them_again_gives_the_same_files() -> None:
    held = {path.stem: path.read_text(encoding="utf-8") for path in make.HERE.glob("*.json")}
    assert held == {name: make.text(case) for name, case in make.cases().items()}
